"""A world that was there before: a database as an earlier version of the bot left it, with the messages it had posted.

The database is `tests/storage/databases/schema_6.sql`, written by the code of that time with its own stores and
models. It was left at noon of one day with jobs in every state, as if the plug had been pulled. Each job is known by
the name of its clip. Neither it nor what stands here of custom ids, folders and keys may be adapted to newer code:
they are what people have.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import asyncpg
import discord
import simcord
import simcord.backend.cdn
from pydantic import SecretStr
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle
from simcord.env import Env
from simcord.results import InteractionResult

from bot.app.build import open_bot
from bot.app.client import Mouthpiece
from bot.app.settings import Settings
from bot.errors import MouthpieceError
from bot.sandbox.server import Sandbox
from bot.sandbox.studio import Order
from storage.engine.opening import existing_file
from storage.engine.sqlite import migrate
from storage.jobs.job_code import code_of
from storage.moving.move import move
from tests.canned import FilmedStudio, real_clip
from tests.fast_clock import FastClock

T = TypeVar("T")

DUMP = Path(__file__).parent.parent / "storage" / "databases" / "schema_6.sql"
MASTER_KEYS = (  # both are in use in it: the second was the first one once
    "spring:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,winter:ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1-f4CBgoM="
)
LEFT_AT = 1_772_452_800.0  # 2 March 2026, noon
CLUB, THEATRE = 1102000000000000001, 1102000000000000002
STUDIO, LOG, STAGE = 1102000000000000011, 1102000000000000012, 1102000000000000013
ALEX, BEA, CARO, DENIS, EDDA, MIRA = range(1102000000000000031, 1102000000000000037)  # Mira is a moderator
CAST = 1102000000000000041  # a role
MADE_AT = "https://made.invalid"  # where providers have put what they made
ON_DISK = {  # files beside the database, by the job's clip
    "posted": "clip",
    "queued-to-be-uploaded": "clip",
    "sending-a-file": "clip",
    "made-for-the-middle": "clip",
    "made-and-on-the-shelf": "video.mp4",
    "kept": "video.mp4",
    "smaller-copy": "video.mp4",
}
# All jobs, with the names of their clips and where their history ends.
NAMED = """SELECT *, replace(coalesce(json_extract(request, '$.video.name'), 'forgotten'), '.mp4', '') AS name,
                  (SELECT to_state FROM job_events WHERE job_id = jobs.id ORDER BY rowid DESC LIMIT 1) AS moved_to
           FROM jobs ORDER BY id"""
RESULT_BUTTONS = ("full", "again", "voice", "report", "delete")
LOG_BUTTONS = {
    "held-to-approve": ("approve", "deny"),
    "held-to-deny": ("approve", "deny"),
    "reported": ("restore", "remove", "block"),
    "reported-too": ("restore", "remove", "block"),
    "posted": ("refund",),
    "unknown": ("charged", "free"),
    "unknown-untold": ("charged", "free"),
}


@dataclass
class OldWorld:
    """The bot, opened on the old database, the people and the providers."""

    env: Env
    client: Mouthpiece
    clock: FastClock
    sandbox: Sandbox
    file: Path
    people: dict[tuple[int, int], MemberActor]  # by server and person
    paid_before: int  # runs that the providers knew before
    url: str  # where the database was moved to; empty where it wasn't

    def rows(self, sql: str) -> list[sqlite3.Row]:
        """What is in the database."""
        if self.url:
            mirror(self.url, self.file)
        return rows(self.file, sql)

    def named(self) -> list[sqlite3.Row]:
        """All jobs, with the names of their clips."""
        return self.rows(NAMED)

    def job(self, name: str) -> sqlite3.Row:
        """The job with the clip of that name: the first one, as it may have been made again."""
        return next(row for row in self.named() if row["name"] == name)

    def code(self, name: str) -> str:
        """What people call it."""
        return code_of(self.job(name)["id"])

    def history(self, channel_id: int) -> list[discord.Message]:
        """All messages of a channel or thread, oldest first."""
        return ChannelHandle(self.env, None, self.env.backend.channels[channel_id]).history()

    def outcomes(self, name: str) -> list[discord.Message]:
        """The messages that end the job, wherever they are."""
        code = self.code(name)
        found = [message for channel_id in self.env.backend.channels for message in self.history(channel_id)]
        return [message for message in found if message.content.endswith(code)]

    def orders(self) -> list[Order]:
        """What was ordered, and so paid for, since the bot was opened."""
        return [run.order for run in self.sandbox.runs.ledger[self.paid_before :]]

    def channel(self, channel_id: int) -> ChannelHandle:
        """The channel, to use a command in."""
        guild_id = self.env.backend.channels[channel_id].guild_id or 0
        return ChannelHandle(self.env, self.people[guild_id, MIRA].guild, self.env.backend.channels[channel_id])

    async def press(self, button: str, name: str, by: int = ALEX) -> InteractionResult:
        """Press the button of that kind on the old message about the job, known by its custom id."""
        job = self.job(name)
        custom_id = f"v1:{button}:{job['id']}"
        for channel_id, messages in self.env.backend.messages.items():
            if found := [message.id for message in messages.values() if f"'{custom_id}'" in str(message.components)]:
                (pressed,) = (message for message in self.history(channel_id) if message.id == found[0])
                return await self.people[job["guild_id"], by].click(pressed, custom_id=custom_id)
        raise AssertionError(f"no message has the button {custom_id}")

    async def told(self, command: str, by: int = ALEX, at: int = STUDIO, **options: Any) -> InteractionResult:
        """Use a command; what it answers."""
        channel = self.channel(at)
        assert channel.guild
        return await self.people[channel.guild.id, by].slash(channel, command, **options)

    async def closed(self, *but: str) -> None:
        """Wait until every job is closed but these."""
        for _ in range(1200):
            left = {row["name"] for row in self.named() if row["closed_at"] is None} - set(but)
            if not left:
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"still open: {sorted(left)}")


def rows(file: Path, sql: str) -> list[sqlite3.Row]:
    """What is committed in a database."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(sql).fetchall()


def load(file: Path, made_at: str = MADE_AT) -> None:
    """Write the old database into a file."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(DUMP.read_text(encoding="utf-8").replace(MADE_AT, made_at))


def mirror(url: str, file: Path) -> None:
    """Write what is in a database on PostgreSQL into a file of SQLite's, to be looked at in the same words."""
    mirrored = file.with_suffix(".position")
    known = mirrored.read_text() if mirrored.exists() else ""
    with ThreadPoolExecutor(1) as another_loop:
        position, tables = another_loop.submit(asyncio.run, _everything(url, known)).result()
    if not file.exists():
        migrate(file)
    with closing(sqlite3.connect(file)) as connection, connection:
        for table, found in tables.items():
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the tables' names
            for row in found:
                places = ", ".join("?" * len(row))
                connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", tuple(row.values()))  # noqa: S608
    mirrored.write_text(position)


async def _everything(url: str, known: str) -> tuple[str, dict[str, list[dict[str, Any]]]]:
    """How far the server has written, and all rows by their tables; no table when that is known already."""
    connection = await asyncpg.connect(url)
    try:
        position = str(await connection.fetchval("SELECT pg_current_wal_insert_lsn()"))
        names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in names if position != known and not name.startswith("engine_")]
        order = {"job_events": "at, ctid"}
        found = {
            table: await connection.fetch(f"SELECT * FROM {table} ORDER BY {order.get(table, 'ctid')}")  # noqa: S608
            for table in tables
        }
        return position, {table: [dict(row) for row in rows] for table, rows in found.items()}
    finally:
        await connection.close()


def said(result: InteractionResult) -> str:
    """The private words that somebody got back."""
    assert result.ephemeral
    assert result.response
    return str(result.response.content)


@asynccontextmanager
async def open_old_world(folder: Path, *, later: float = 0.0, url: str = "") -> AsyncIterator[OldWorld]:
    """The bot on the old database, so many seconds after it was left; on what became of that if the folder has it.
    With an address of PostgreSQL, the database is moved there first.
    """
    file, clock = folder / "bot.db", FastClock()
    async with Sandbox(lambda path: _file_at(env, sandbox, path)) as sandbox:
        simcord.backend.cdn.CDN_BASE = sandbox.attachments_url
        sandbox.runs.studio = FilmedStudio()
        if not file.exists():
            load(file, f"{sandbox.attachments_url}/made")
            _lay_out_files(folder, file)
            if url:
                async with existing_file(file) as source:
                    await move(file, source, url)
        if url:
            file = folder / "mirror.db"
            mirror(url, file)
        await _order_what_is_known(sandbox, file)
        settings = Settings(
            _env_file=None,
            discord_token=SecretStr("token"),
            master_keys=SecretStr(MASTER_KEYS),
            database_path=folder / "bot.db",
            database_url=SecretStr(url),
            discord_api_url=f"{sandbox.url}/api/v10",  # where people's files are
            provider_urls=sandbox.provider_urls,
            trusted_hosts=frozenset({sandbox.host}),
        )
        clock.skipped = LEFT_AT + later - clock.now()
        async with open_bot(settings, clock) as client:
            env = Env(client, check_errors=False, shard_count=1)
            env.backend.advance_clock(LEFT_AT + later - env.now().timestamp())
            people = _people_and_messages(env, file)
            await env.start()
            try:
                with env.time_context():
                    yield OldWorld(env, client, clock, sandbox, file, people, len(sandbox.runs.ledger), url)
                unexpected = [error for error in env.errors if not isinstance(_cause(error), MouthpieceError)]
                assert not unexpected
            finally:
                await env.shutdown()


def _cause(error: BaseException) -> BaseException:
    return getattr(error, "original", error)


def _file_at(env: Env, sandbox: Sandbox, path: str) -> bytes | None:
    """What Discord keeps, and what the providers of that time made."""
    if path.startswith("made/"):
        return None if "gone" in path else real_clip(5.0)[1]
    return env.backend.cdn.get(f"{sandbox.attachments_url}/{path}")


def _lay_out_files(folder: Path, file: Path) -> None:
    for row in rows(file, NAMED):
        if what := ON_DISK.get(row["name"]):
            place = folder / "files" / code_of(row["id"])
            place.mkdir(parents=True)
            seconds = 9.0 if row["name"] == "made-for-the-middle" else 5.0
            (place / what).write_bytes(real_clip(seconds)[1])


async def _order_what_is_known(sandbox: Sandbox, file: Path) -> None:
    """Let the providers know some of the jobs; of the others they know nothing."""
    runs, handles = sandbox.runs, {row["name"]: row["handle"] for row in rows(file, NAMED)}
    clip, face = Order("https://cdn.example/clip.mp4"), Order("https://cdn.example/clip.mp4", makes="face")
    runs.queue_seconds = 3600.0
    runs.accept("rc-club-fictional-0001", clip, run_id="rc-run-8652000000000000012")
    await asyncio.sleep(0)  # it is in line from now on
    runs.queue_seconds = 0.0
    runs.accept("rc-club-fictional-0001", clip, run_id="rc-run-8652000000000000011")
    runs.accept("gw-old-fictional-0009", clip, run_id="8652000000000000021")
    runs.accept("kl-stage-fictional-0010", clip, run_id="8652000000000000022")
    runs.accept("ak-club-fictional-0004-long-enough", clip, handle=handles["sending-arrived"] or "")
    runs.accept("ak-club-fictional-0004-long-enough", face, run_id="8652000000000000003")


def _people_and_messages(env: Env, file: Path) -> dict[tuple[int, int], MemberActor]:
    """Discord as it was, with the ids that the database knows."""
    club, theatre = env.create_guild("Club", id=CLUB), env.create_guild("Theatre", id=THEATRE)
    for guild, channel_id, name in ((club, STUDIO, "studio"), (club, LOG, "log"), (theatre, STAGE, "stage")):
        _known(env, channel_id, partial(guild.create_text_channel, name))
    names = {ALEX: "alex", BEA: "bea", CARO: "caro", DENIS: "denis", EDDA: "edda", MIRA: "mira"}
    users = {user_id: _known(env, user_id, partial(env.create_user, name)) for user_id, name in names.items()}
    cast = _known(env, CAST, partial(theatre.create_role, "Cast"))
    people = {}
    for guild in (club, theatre):
        mods = guild.create_role("Mods", permissions=discord.Permissions(manage_guild=True))
        for user_id, user in users.items():
            roles = [*([mods] if user_id == MIRA else []), *([cast] if guild is theatre and user_id != EDDA else [])]
            people[guild.id, user_id] = guild.add_member(user, roles=roles)
    for job in rows(file, NAMED):
        _messages(env, job)
    return people


def _known(env: Env, known_id: int, make: Callable[[], T]) -> T:
    """Whatever it makes gets the id that is known."""
    with patch.object(env.backend, "snowflake", return_value=known_id):
        return make()


def _messages(env: Env, job: sqlite3.Row) -> None:
    """What the earlier version had posted about a job."""
    backend, code = env.backend, code_of(job["id"])
    if job["channel_id"] not in backend.channels:
        return
    if job["card_id"]:
        title, cancel = f"### 🎬 Lip-sync {code}", f"v1:cancel:{job['id']}"
        _post(env, job["card_id"], job["channel_id"], card=title, buttons=[cancel])
    if job["thread_id"]:
        me, card = backend.bot_user.id, job["thread_id"]
        backend.create_thread(job["channel_id"], code, me, message_id=card, broadcast=False)
    home = job["thread_id"] or job["channel_id"]
    if job["reply_id"] and job["reply_channel_id"] == home:
        buttons = [f"v1:{kind}:{job['id']}" for kind in RESULT_BUTTONS] if job["state"] == "succeeded" else []
        _post(env, job["reply_id"], home, f"<@{job['member_id']}> this is how it ended.\n-# {code}", buttons=buttons)
    if job["name"].startswith("made-and-posted"):  # and the plug was pulled before that was written down
        backend.create_message(home, backend.bot_user.id, f"<@{job['member_id']}> your video is ready.\n-# {code}")
    if job["name"] == "made-for-the-middle":
        prepared = json.loads(job["yields"])["video_message"]
        _post(env, int(prepared), home, "-# A prepared file, so that the provider can fetch it.")
    if kinds := LOG_BUTTONS.get(job["name"]):
        buttons = [f"v1:{kind}:{job['id']}" for kind in kinds]
        _post(env, backend.snowflake(), LOG, card=f"**{code}**", buttons=buttons)


def _post(
    env: Env, message_id: int, channel_id: int, content: str = "", *, card: str = "", buttons: Sequence[str] = ()
) -> None:
    """Post it as the bot; as a card, or with a video where there are buttons."""
    backend = env.backend
    row: list[dict[str, Any]] = [
        {"type": 1, "components": [{"type": 2, "style": 2, "label": each, "custom_id": each} for each in buttons]}
    ] * bool(buttons)
    components = [{"type": 17, "components": [{"type": 10, "content": card}, *row]}] if card else row
    video = backend.store_attachments(channel_id, [("ai-generated.mp4", b"a video")] if buttons and not card else [])
    _known(
        env,
        message_id,
        lambda: backend.create_message(
            channel_id,
            backend.bot_user.id,
            content,
            components=components,
            attachments=video,
            flags=1 << 15 if card else 0,
        ),
    )
