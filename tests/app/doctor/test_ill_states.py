"""Each way in which an installation on one machine is ill is found, alone, with the advice that mends it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app.doctor.examine import examine
from bot.app.heartbeats import ALIVE_FACT
from bot.media.confinement import landlock, seccomp
from bot.words.admin import doctor as words
from bot.words.admin.finding import Level
from bot.words.admin.mistakes import NOT_SET
from bot.words.admin.operator import NOT_A_TOKEN
from storage.engine.backup import MARK
from storage.engine.earlier_copies import EarlierCopies
from storage.engine.encryption import MasterKeys
from storage.engine.installation import Installation as Facts
from storage.engine.opening import MOVED_AWAY
from storage.engine.schema import migrations
from storage.engine.sqlite import open_database
from storage.servers.access import Access
from storage.servers.guilds import Guilds
from storage.servers.keys import Keys
from storage.servers.lost_keys import give_up_lost
from tests.app.doctor.conftest import ClockOf, Installation

NOBODY = "http://127.0.0.1:9"
ILL, WARNING = Level.ILL, Level.WARNING


async def test_what_is_well_is_said_to_be_well(installation: Installation) -> None:
    assert await installation.look() == []


async def test_before_the_first_start_nothing_is_ill_and_nothing_is_made(installation: Installation) -> None:
    shutil.rmtree(installation.database.parent)
    installation.patch.delenv("MASTER_KEYS")
    assert await installation.look() == []
    assert list(installation.folder.iterdir()) == []


# The settings


@pytest.mark.parametrize("where", ["environment", ".env"])
async def test_a_name_with_a_typo(installation: Installation, where: str) -> None:
    installation.patch.delenv("MASTER_KEYS")
    if where == ".env":
        (installation.folder / ".env").write_text(
            f"MASTER_KEY={installation.master}\nMASTER_KEYS={installation.master}"
        )
        (installation.folder / ".env").write_text(f"LOG_LEVL=canary\nMASTER_KEYS={installation.master}\n")
        (installation.folder / ".env").chmod(0o600)
    else:
        installation.set(LOG_LEVL="canary", MASTER_KEYS=installation.master)
    found = await installation.one()
    assert (found.level, found.what) == (WARNING, "there is no LOG_LEVL, but a LOG_LEVEL")
    assert found.advice.startswith("rename it to LOG_LEVEL")


@pytest.mark.parametrize("name", [".env", "data/master.key"])
async def test_a_file_with_secrets_that_everybody_may_read(installation: Installation, name: str) -> None:
    file = installation.folder / name
    file.touch()
    file.chmod(0o644)
    found = await installation.one()
    assert (found.name, found.level) == ("secrets", WARNING)
    assert found.advice.startswith("chmod 600 ")
    assert found.advice.endswith(name)
    file.chmod(0o640)
    assert await installation.look() == []


async def test_names_of_others_are_no_typos(installation: Installation) -> None:
    installation.set(HTTP_PROXY="http://proxy.example", AWS_ENDPOINT_URL_S3="x", PATHS="x", PYTHONPATH="x")
    installation.patch.delenv("HTTP_PROXY")
    assert await installation.look() == []


async def test_a_setting_that_cant_be_read_and_the_rest_of_the_machine_is_looked_at(installation: Installation) -> None:
    installation.set(LOG_LEVEL="canary")
    installation.patch.delenv("DISCORD_TOKEN")
    installation.database.write_bytes(b"canary" * 1000)
    token, level, database = await installation.look()
    assert (token.level, token.what, token.advice) == (
        ILL,
        f"DISCORD_TOKEN: {NOT_SET['DISCORD_TOKEN']}",
        words.CORRECT_IT,
    )
    assert level.what.startswith("LOG_LEVEL: ")
    assert database.name == "database"


async def test_a_sandbox_that_isnt_installed(installation: Installation) -> None:
    installation.set(SANDBOX="1")
    assert await installation.look() == []
    installation.patch.setitem(sys.modules, "bot.sandbox.server", None)
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("sandbox", ILL, words.GET_SANDBOX)
    assert "needs the extra “sandbox” installed" in found.what


async def test_a_server_of_postgresql_without_master_keys(installation: Installation) -> None:
    installation.set(DATABASE_URL="postgresql://bot:canary@127.0.0.1:9/bot")
    installation.patch.delenv("MASTER_KEYS")
    found = (await installation.look())[0]
    assert (found.name, found.level, found.advice) == ("settings", ILL, words.CORRECT_IT)
    assert found.what.startswith("MASTER_KEYS: is not set; with DATABASE_URL")


# Discord


async def test_a_token_that_discord_refuses(installation: Installation) -> None:
    installation.set(DISCORD_TOKEN="canary-another-token")
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("token", ILL, words.COPY_AGAIN)
    assert NOT_A_TOKEN in found.what
    installation.set(DISCORD_TOKEN="canary.an-other.token_")
    assert NOT_A_TOKEN not in (await installation.one()).what


async def test_an_api_that_cant_be_reached(installation: Installation) -> None:
    installation.set(DISCORD_API_URL=f"{NOBODY}/api/v10", DISCORD_TOKEN="canary.an-other.token_")
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("Discord", ILL, words.CHECK_NETWORK)


@pytest.mark.parametrize("token", ["abc", "Bot a.b.c", "“a.b.c”", "a.b.c d"])
async def test_what_is_no_token_is_seen_also_without_discord(installation: Installation, token: str) -> None:
    installation.set(DISCORD_API_URL=f"{NOBODY}/api/v10", DISCORD_TOKEN=token)
    _, found = await installation.look()
    assert (found.name, found.level, found.what, found.advice) == ("token", WARNING, NOT_A_TOKEN, words.COPY_AGAIN)


async def test_a_gateway_that_cant_be_reached(installation: Installation) -> None:
    installation.set(DISCORD_GATEWAY_URL="ws://127.0.0.1:9")
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("gateway", ILL, words.CHECK_GATEWAY)


async def test_a_token_that_is_nearly_used_up(installation: Installation) -> None:
    installation.discord.faults.add(
        "answer", "GET", "*/gateway/bot", times=2, status=200, headers={"Content-Type": "application/json"},
        body='{"url": "", "shards": 1, "session_start_limit": {"total": 1000, "remaining": 7, "reset_after": 1}}',
    )  # fmt: skip
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("gateway", WARNING, words.FEW_SESSIONS)


@pytest.mark.parametrize(
    ("ahead", "level", "what"), [(20.0, WARNING, "20 s ahead of Discord's"), (-300.0, ILL, "300 s behind Discord's")]
)
async def test_a_clock_that_is_wrong(installation: Installation, ahead: float, level: Level, what: str) -> None:
    found = await installation.one(ClockOf(ahead))
    assert (found.name, found.level, found.advice) == ("clock", level, words.SET_CLOCK)
    assert what.split(" ", 2)[2] in found.what


async def test_commands_that_discord_sends_elsewhere(installation: Installation) -> None:
    installation.discord.state.interactions_address = "https://elsewhere.example/interactions"
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("commands", ILL, words.WAY_IN)


async def test_the_public_key_of_another_application(installation: Installation) -> None:
    installation.set(INTERACTIONS_PUBLIC_KEY="5e" * 32, HTTP_PORT=str(free_port()))
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("commands", ILL, words.WAY_IN)


async def test_a_permission_that_is_lacking_in_threads_of_a_channel(installation: Installation) -> None:
    state = installation.discord.state
    state.permissions &= ~(1 << 38 | 1 << 3)  # Send Messages in Threads, and Administrator, which is all
    async with open_database(installation.database) as database:
        await Access(database).allow(state.guild_id, "channel", [state.channel_id], by=1, now=1.0)
        await Guilds(database).log_to(state.guild_id, state.channel_id, by=1, now=1.0)
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("permissions", ILL, words.ALLOW)
    assert found.what.endswith(f"channel {state.channel_id}: it may not Send Messages in Threads")


async def test_a_log_channel_that_is_gone(installation: Installation) -> None:
    state = installation.discord.state
    async with open_database(installation.database) as database:
        await Guilds(database).log_to(state.guild_id, 4711, by=1, now=1.0)
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("permissions", ILL, words.ALLOW)
    assert "channel 4711: it is gone, or hidden from the bot" in found.what


async def test_a_server_that_the_bot_was_removed_from(installation: Installation) -> None:
    state = installation.discord.state
    async with open_database(installation.database) as database:
        await Guilds(database).log_to(state.guild_id, state.channel_id, by=1, now=1.0)
    state.kicked = True
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("permissions", WARNING, words.INVITE)


# The machine


@pytest.mark.parametrize(("free", "level"), [(100 << 20, ILL), (500 << 20, WARNING)])
async def test_a_disk_that_is_full(installation: Installation, free: int, level: Level) -> None:
    usage = SimpleNamespace(total=1 << 40, used=0, free=free)
    installation.patch.setattr(shutil, "disk_usage", lambda _: usage)
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("disk", level, words.MAKE_ROOM)
    assert "MiB are free" in found.what


async def test_a_folder_that_cant_be_written(installation: Installation) -> None:
    installation.set(DATABASE_PATH="/proc/bot/bot.db")
    _, found = await installation.look()  # nor has it any room
    assert (found.name, found.level, found.advice) == ("data folder", ILL, words.OWN_FOLDER)


async def test_a_disk_without_hard_links(installation: Installation) -> None:
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    installation.patch.setattr(os, "link", refuse)
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("data folder", WARNING, words.OWN_DISK)


def free_port() -> int:
    """A port that is free just now."""
    import socket  # noqa: PLC0415

    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def test_a_port_that_another_program_has(installation: Installation) -> None:
    async with TestServer(web.Application()) as server:
        installation.set(HTTP_PORT=str(server.port))
        found = await installation.one()
    assert (found.name, found.level, found.advice) == ("port", ILL, words.FREE_PORT)


@pytest.mark.parametrize("fault", ["", "the database has not been written for 80 s"])
async def test_a_port_that_a_running_bot_has_tells_how_that_is(installation: Installation, fault: str) -> None:
    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text='mouthpiece_build_info{version="1"} 1\n')

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text=f"{fault or 'ok'}\n", status=503 if fault else 200)

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics), web.get("/healthz", healthz)])
    async with TestServer(app) as server:
        installation.set(HTTP_PORT=str(server.port))
        found = await installation.look()
    assert [(one.name, one.level, one.advice) for one in found] == ([("port", ILL, words.SEE_HEALTH)] if fault else [])
    assert all(fault in one.what for one in found)


async def test_a_kernel_that_offers_no_confinement(installation: Installation) -> None:
    installation.patch.setattr(landlock, "version", lambda: 0)
    installation.patch.setattr(seccomp, "is_offered", lambda: False)
    found = await installation.look()
    assert [(one.name, one.level, one.advice) for one in found] == [("confinement", WARNING, words.CONFINE)] * 2


# The database


async def test_a_database_that_is_damaged(installation: Installation) -> None:
    whole = installation.database.read_bytes()
    installation.database.write_bytes(whole[:-4096] + bytes(4096))
    found = (await installation.look())[0]
    assert (found.name, found.level) == ("integrity", ILL)
    assert found.advice == words.PUT_BACK


async def test_a_file_that_is_no_database(installation: Installation) -> None:
    installation.database.write_bytes(b"canary" * 1000)
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("database", ILL, words.SEE_DATABASE)
    assert "is not a database of this bot" in found.what


@pytest.mark.parametrize(("by", "level", "advice"), [(1, ILL, words.UPDATE_BOT), (-1, WARNING, words.WILL_MIGRATE)])
async def test_a_schema_of_another_version(installation: Installation, by: int, level: Level, advice: str) -> None:
    changed(installation.database, f"PRAGMA user_version = {max(migrations()) + by}")
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("schema", level, advice)


def changed(path: Path, sql: str, *values: str) -> None:
    """Change a database that nobody works on."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql, values)


async def test_a_database_that_was_moved_away(installation: Installation) -> None:
    changed(installation.database, "INSERT INTO facts (name, value) VALUES (?, 'x')", MOVED_AWAY)
    found = await installation.one()
    assert (found.level, found.advice) == (ILL, words.SEE_DATABASE)
    assert "has been moved to PostgreSQL" in found.what


async def test_a_database_that_is_a_backup(installation: Installation) -> None:
    changed(installation.database, "INSERT INTO facts (name, value) VALUES (?, '1')", MARK)
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("history", WARNING, words.OLDER)


async def test_a_master_key_that_is_another(installation: Installation) -> None:
    installation.set(MASTER_KEYS=MasterKeys.generate("another"))
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("master key", ILL, words.RIGHT_KEY)
    assert "master key “canary” is not among MASTER_KEYS" in found.what


async def test_a_master_key_that_is_gone_and_none_is_made(installation: Installation) -> None:
    installation.patch.delenv("MASTER_KEYS")
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("master key", ILL, words.RIGHT_KEY)
    assert not (installation.database.parent / "master.key").exists()


async def test_a_master_key_that_is_gone_and_no_key_needs_it(installation: Installation) -> None:
    changed(installation.database, "DELETE FROM keys")
    installation.patch.delenv("MASTER_KEYS")
    assert await installation.look() == []
    assert not (installation.database.parent / "master.key").exists()


async def test_a_key_that_was_given_up_is_to_be_saved_again(installation: Installation) -> None:
    async with open_database(installation.database) as database:
        await give_up_lost(database, MasterKeys.parse(MasterKeys.generate("another")))
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("provider keys", WARNING, words.SAVE_AGAIN)
    assert "its master key" not in found.what
    assert "the bot's master key was lost" in found.what


async def test_a_second_checkpointer_on_an_sqlite_that_doesnt_bear_one(installation: Installation) -> None:
    installation.patch.setattr("bot.app.doctor.database.bears_a_second_checkpointer", lambda: False)
    assert await installation.look() == []
    installation.database.with_name(f".{installation.database.name}-litestream").mkdir()
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("SQLite", ILL, words.STOP_LITESTREAM)


async def test_whether_a_bot_is_at_work_is_what_its_lock_says_and_not_when_it_wrote(
    installation: Installation,
) -> None:
    async def at_work() -> str:
        found, _ = await examine(os.environ, ClockOf())
        (what,) = [finding.what for finding in found if finding.name == "at work"]
        return what

    async with open_database(installation.database) as database:
        assert await at_work() == words.JUST_BEGUN
        await Facts(database).put(ALIVE_FACT, str(time.time()))
        assert (await at_work()).startswith("a bot is at work on the file: it wrote ")
    assert await at_work() == "no bot is running on the file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_a_lock_that_is_another_users(installation: Installation) -> None:
    installation.database.with_name(f"{installation.database.name}.lock").chmod(0)
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("at work", ILL, words.SEE_DATABASE)


@pytest.mark.parametrize(("age", "is_well"), [(30.0, True), (49.0, False), (None, False)])
async def test_backups_that_are_not_made_any_more(installation: Installation, age: float | None, is_well: bool) -> None:
    installation.set(BACKUP_EVERY="24")
    if age is not None:
        made = EarlierCopies(installation.database).backup(time.time() - age * 3600)
        made.touch()
        os.utime(made, (time.time() - age * 3600,) * 2)
    found = await installation.look()
    ill = [("backups", WARNING, words.SEE_BACKUPS)]
    assert [(one.name, one.level, one.advice) for one in found] == ([] if is_well else ill)


# The providers


@pytest.mark.parametrize(("name", "is_used"), [("runcomfy", True), ("runware", False)])
async def test_a_provider_that_cant_be_reached_matters_where_a_server_has_a_key_for_it(
    installation: Installation, name: str, is_used: bool
) -> None:
    urls = os.environ["PROVIDER_URLS"].replace(f"{installation.sandbox.url}/{name}", NOBODY)
    installation.set(PROVIDER_URLS=urls, TRUSTED_HOSTS=f"{os.environ['TRUSTED_HOSTS']} 127.0.0.1:9")
    found = await installation.look()
    ill = [("provider", ILL, words.CHECK_PROVIDER)]
    assert [(one.name, one.level, one.advice) for one in found] == (ill if is_used else [])


async def test_a_key_that_its_provider_refused(installation: Installation) -> None:
    guild_id = installation.discord.state.guild_id
    async with open_database(installation.database) as database:
        keys = Keys(database, MasterKeys.parse(installation.master))
        (key,) = await keys.shown(guild_id)
        await keys.switch_off(guild_id, key.id, reason="bad_key", now=1.0)
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("provider keys", WARNING, words.TEST_KEY)
    assert f"the RunComfy key ending ...nary of server {guild_id} is switched off: " in found.what


async def test_no_call_to_a_provider_is_one_that_counts(installation: Installation) -> None:
    await installation.look()
    assert not installation.sandbox.runs.ledger


# What can't be looked at


async def test_a_look_that_fails_ends_no_other_and_shows_no_secret(installation: Installation) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("canary")

    installation.patch.setattr("bot.app.doctor.examine.check_port", breaks)
    installation.discord.state.interactions_address = "https://elsewhere.example/interactions"
    port, commands = await installation.look()
    assert (port.name, port.level, port.advice) == ("port", ILL, words.RUN_AGAIN)
    assert "canary" not in port.what
    assert commands.name == "commands"


async def test_a_look_that_takes_too_long_is_given_up(installation: Installation) -> None:
    async def hangs(*_: object) -> None:
        await asyncio.Event().wait()

    installation.patch.setattr("bot.app.doctor.examine.check_bucket", hangs)
    installation.patch.setattr("bot.app.doctor.examine.LONGEST", 1.0)
    found = (await installation.look())[-1]
    assert (found.name, found.advice) == ("bucket", words.RUN_AGAIN)
