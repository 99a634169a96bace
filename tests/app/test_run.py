"""`python -m bot run` as its own process, against a small Discord over sockets and the sandbox over HTTP."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sqlite3
import stat
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from pydantic import SecretStr

from bot.app.settings import Settings
from bot.sandbox.sample import write_sample_clip
from bot.sandbox.server import Sandbox
from bot.version import VERSION
from storage.engine.database import STOP_IT
from storage.engine.encryption import MasterKeys
from storage.engine.sqlite import open_database
from tests.canned import FilmedStudio, hold_work, real_clip
from tests.discord_server.rest import SPOILER, store_file
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN
from tests.welcome import welcome
from tests.world import KEY

ROOT = Path(__file__).parent.parent.parent
CLIP = real_clip()


@dataclass
class Outside:
    """What outlives the bot: Discord, the provider, and the bot's own folder."""

    discord: DiscordServer
    sandbox: Sandbox
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def bot(self, module: str = "bot", **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """The bot's process, ready to serve; killed at the end if it still runs."""
        self.discord.gateway.ready.clear()
        process = await self.start(module=module, **settings)
        try:
            await asyncio.wait_for(self.discord.people.until_reached(), 60)
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    def take_commands_over_http(self) -> None:
        """From the next start on, Discord brings commands to the bot, which has no connection to the gateway."""
        port = self.discord.people.endpoint.choose()
        self.settings |= {"HTTP_PORT": port, "INTERACTIONS_PUBLIC_KEY": self.discord.state.public_key}

    async def command(self, name: str, **settings: str) -> tuple[int, str]:
        """The exit code of another command, and what stood on standard error."""
        return await ended(await self.start(name, **settings))

    async def start(self, command: str = "run", module: str = "bot", **settings: str) -> asyncio.subprocess.Process:
        """The bot's process, with some settings changed. `module` is what is run in its place."""
        given = {
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": self.discord.api_url,
            "DISCORD_GATEWAY_URL": self.discord.gateway_url,
            "DATABASE_PATH": str(self.folder / "data" / "bot.db"),
            "PROVIDER_URLS": f'{{"runcomfy": "{self.sandbox.url}/runcomfy"}}',
            "TRUSTED_HOSTS": f"{self.sandbox.host},{self.discord.host}",
            **self.settings,
            **settings,
        }
        environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, command),
            cwd=self.folder,
            env={**environment, "PYTHONPATH": str(ROOT), **given},
            stderr=asyncio.subprocess.PIPE,
        )

    async def add_key(self) -> str:
        """What the moderator reads."""
        form = await self.discord.people.slash("lipsync-admin key add", provider="runcomfy")
        await asyncio.wait_for(form.acknowledged.wait(), 60)
        sent = await self.discord.people.submit(form, {"RunComfy API token": KEY})
        return await sent.answer()


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = FilmedStudio()
        settings = Settings(_env_file=None, discord_token=SecretStr(TOKEN), database_path=tmp_path / "data" / "bot.db")
        settings.master()
        async with open_database(settings.database_path) as database:
            await welcome(database, discord.state.guild_id, int(discord.state.member["id"]))
        yield Outside(discord, sandbox, tmp_path)
        assert not discord.violations


async def ended(process: asyncio.subprocess.Process, seconds: float = 25.0) -> tuple[int, str]:
    """The exit code and what stood on standard error."""
    _, errors = await asyncio.wait_for(process.communicate(), seconds)
    assert process.returncode is not None
    return process.returncode, errors.decode()


async def test_a_job_goes_from_a_command_to_an_uploaded_video_over_real_sockets(outside: Outside) -> None:
    async with outside.bot() as process:
        assert "works and is saved" in await outside.add_key()
        asked = await outside.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        assert "is on its way" in await asked.answer()
        await outside.discord.until(outside.discord.outcomes)
        (outcome,) = outside.discord.outcomes()
        (thread,) = outside.discord.state.threads.values()
        assert outcome["channel_id"] == thread["id"]
        assert outcome["allowed_mentions"]["users"] == [int(outside.discord.state.member["id"])]
        (file,) = outcome["attachments"]
        (run,) = outside.sandbox.runs.ledger
        assert run.result
        assert outside.discord.state.files[f"{file['id']}/{file['filename']}"] == run.result.read_bytes()
        process.send_signal(signal.SIGTERM)
        code, log = await ended(process)
    assert code == 0
    assert f"/oauth2/authorize?client_id={outside.discord.state.application_id}&" in log
    assert "stopped; " in log.splitlines()[-1]
    assert "canary" not in log
    assert "signature" not in log
    assert TOKEN not in log
    assert not list((outside.folder / "data" / "files").rglob("*.mp4"))


def button(message: dict[str, Any], label: str) -> str:
    """The custom id of the button with this label."""
    return next(
        str(item["custom_id"]) for row in message["components"] for item in row["components"] if item["label"] == label
    )


async def test_a_reported_video_is_marked_as_a_spoiler_in_place_and_its_buttons_outlive_a_restart(
    outside: Outside,
) -> None:
    people = outside.discord.people
    async with outside.bot():
        await outside.add_key()
        await people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        await outside.discord.until(outside.discord.outcomes)
        (outcome,) = outside.discord.outcomes()
        (thread,) = outside.discord.state.threads.values()
        thread["thread_metadata"]["archived"] = True  # as after a day
        pressed = await people.click(outcome, button(outcome, "Report"))
        assert "blurred until a moderator reviews it" in await pressed.answer()
        (file,) = outcome["attachments"]
        assert file["flags"] & SPOILER
        assert not file["filename"].startswith("SPOILER_")
    async with outside.bot():
        pressed = await people.click(outcome, button(outcome, "Delete"))
        assert "the moderators decide about it first" in await pressed.answer()
    assert outside.discord.outcomes() == [outcome]


async def test_a_message_is_made_to_speak_by_a_form_over_real_sockets(outside: Outside) -> None:
    people, state = outside.discord.people, outside.discord.state
    clip = state.post(state.channel_id, {"content": "look"}, [store_file(state, people.origin, *CLIP)])
    async with outside.bot():
        await outside.add_key()
        for filled in ({"What should be said": "Hello there"}, {"Or a recording": ("talk.m4a", CLIP[1])}):
            form = await people.use_on(clip, "Make it speak")
            await asyncio.wait_for(form.acknowledged.wait(), 60)
            sent = await people.submit(form, filled)
            if "Or a recording" in filled:
                assert "the recording is a video, of which I take the sound" in await sent.answer()
                assert sent.original
                sent = await people.click(sent.original, button(sent.original, "Convert"))
            assert "is on its way" in await sent.answer()
        await outside.discord.until(lambda: len(outside.discord.outcomes()) == 2)


async def test_what_was_offered_is_done_after_a_yes_and_also_after_a_restart(outside: Outside) -> None:
    people = outside.discord.people
    async with outside.bot():
        await outside.add_key()
        for yes in (True, False):
            asked = await people.slash("lipsync audio", video=CLIP, audio=("talk.m4a", CLIP[1]))
            assert "the recording is a video, of which I take the sound" in await asked.answer()
            card = asked.original or {}
            if yes:
                assert "is on its way" in await (await people.click(card, button(card, "Convert"))).answer()
                await outside.discord.until(lambda: outside.sandbox.runs.ledger)
    async with outside.bot():
        pressed = await people.click(card, button(card, "Convert"))
        assert "is on its way" in await pressed.answer()
        await outside.discord.until(lambda: len(outside.sandbox.runs.ledger) == 2)


def waiting_on_disk(outside: Outside) -> int:
    """How many commands are kept until they have their answer."""
    with closing(sqlite3.connect(f"file:{outside.folder}/data/bot.db?mode=ro", uri=True)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM unanswered").fetchone()
        return int(count)


async def test_a_command_that_was_not_answered_before_the_bot_was_killed_is_answered_by_the_next_start(
    outside: Outside,
) -> None:
    people, go_on = outside.discord.people, hold_work(outside.sandbox.runs)
    async with outside.bot() as process:
        await outside.add_key()
        outside.discord.faults.add("hang", "POST", "*/channels/*/messages")
        asked = await people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        await outside.discord.until(lambda: not outside.discord.faults.armed)
        outside.sandbox.faults.add("hang", "GET", "/runcomfy/*")
        testing = await people.slash("lipsync-admin key test", provider="runcomfy")
        await outside.discord.until(lambda: not outside.sandbox.faults.armed and waiting_on_disk(outside) == 2)
        process.kill()
    assert (asked.original, testing.original) == (None, None)
    async with outside.bot():
        assert "is on its way: https://discord.com/channels/" in await asked.answer()
        assert "I was restarted" in await testing.answer()
        go_on.set()
        await outside.discord.until(outside.discord.outcomes)


async def test_sigterm_in_the_middle_of_a_job_loses_nothing(outside: Outside) -> None:
    go_on = hold_work(outside.sandbox.runs)
    async with outside.bot() as process:
        await outside.add_key()
        await outside.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        await outside.discord.until(lambda: outside.sandbox.runs.ledger)
        process.send_signal(signal.SIGTERM)
        assert (await ended(process))[0] == 0
    assert waiting_on_disk(outside) == 0  # the next start asks Discord of nobody
    assert not outside.discord.outcomes()
    go_on.set()
    async with outside.bot():
        await outside.discord.until(outside.discord.outcomes)
    assert len(outside.sandbox.runs.ledger) == 1


async def test_sigkill_in_the_middle_of_a_job_loses_nothing_and_pays_once(outside: Outside) -> None:
    go_on = hold_work(outside.sandbox.runs)
    async with outside.bot() as process:
        await outside.add_key()
        await outside.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        await outside.discord.until(lambda: outside.sandbox.runs.ledger)
        await outside.discord.until(lambda: outside.sandbox.runs.ledger[0].status == "in_progress")
        process.kill()
    go_on.set()
    async with outside.bot():
        await outside.discord.until(outside.discord.outcomes)
    (outcome,) = outside.discord.outcomes()
    assert outcome["attachments"] or "tell whether it took the job" in outcome["content"]
    assert len(outside.sandbox.runs.ledger) == 1


async def test_an_interaction_delivered_twice_is_one_job_and_keeps_its_answer(outside: Outside) -> None:
    async with outside.bot():
        await outside.add_key()
        asked = await outside.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        said = await asked.answer()
        await outside.discord.people.repeat_last()
        await outside.discord.until(outside.discord.outcomes)
        assert asked.original
        assert asked.original["content"] == said
    assert len(outside.sandbox.runs.ledger) == 1


@pytest.mark.parametrize(("settings", "reachable"), [({}, False), ({"HTTP_HOST": "0.0.0.0"}, True)])  # noqa: S104 - asked for
async def test_health_is_told_to_this_machine_only_unless_the_operator_says_otherwise(
    outside: Outside, settings: dict[str, str], reachable: bool
) -> None:
    elsewhere = "127.0.0.2"  # what is not bound to all addresses doesn't answer on this one
    with socket.create_server((elsewhere, 0)) as free:
        port = free.getsockname()[1]
    async with outside.bot(HTTP_PORT=str(port), **settings), httpx.AsyncClient() as client:
        assert (await client.get(f"http://127.0.0.1:{port}/metrics")).status_code == 200
        if reachable:
            assert (await client.get(f"http://{elsewhere}:{port}/metrics")).status_code == 200
        else:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://{elsewhere}:{port}/metrics")


async def test_health_is_told_while_the_bot_serves(outside: Outside) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outside.settings["HTTP_PORT"] = str(port)
    async with outside.bot(), httpx.AsyncClient() as client:

        async def healthy() -> bool:
            return (await client.get(f"http://127.0.0.1:{port}/healthz")).status_code == 200

        async with asyncio.timeout(60):
            while not await healthy():
                await asyncio.sleep(0.05)
        metrics = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    assert "mouthpiece_open_jobs 0" in metrics
    assert "mouthpiece_servers 1" in metrics
    assert re.search(rf'^mouthpiece_build_info{{python="[^"]+",version="{VERSION}"}} 1', metrics, re.MULTILINE)


async def test_with_sandbox_1_a_member_gets_a_real_video_without_any_key(outside: Outside) -> None:
    clip = outside.folder / "clip.mp4"
    write_sample_clip(clip, 2.0)
    outside.settings["SANDBOX"] = "1"
    async with outside.bot() as process:
        video = ("clip.mp4", clip.read_bytes())
        asked = await outside.discord.people.slash("lipsync text", video=video, text="Hello", voice="Sunny")
        assert "is on its way" in await asked.answer()
        await outside.discord.until(outside.discord.outcomes)
        process.send_signal(signal.SIGTERM)
        _, log = await ended(process)
    assert "SANDBOX is on: " in log
    (outcome,) = outside.discord.outcomes()
    (file,) = outcome["attachments"]
    made = outside.folder / "made.mp4"
    made.write_bytes(outside.discord.state.files[f"{file['id']}/{file['filename']}"])
    with av.open(made) as container:
        assert container.streams.video[0].width == 1280
        assert container.streams.audio[0].codec_context.name == "aac"


async def test_commands_are_synced_at_the_first_start_only(outside: Outside) -> None:
    for _ in range(2):
        async with outside.bot() as process:
            process.send_signal(signal.SIGTERM)
            await ended(process)
    assert sum(request.startswith("PUT /applications/") for request in outside.discord.requests) == 1


async def test_a_dropped_gateway_is_resumed_and_what_was_missed_is_served(outside: Outside) -> None:
    async with outside.bot():
        await outside.add_key()
        await outside.discord.gateway.drop()
        await outside.discord.until(lambda: outside.discord.gateway.resumed)
        asked = await outside.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        assert "is on its way" in await asked.answer()


async def test_an_upload_whose_answer_is_lost_is_posted_once(outside: Outside) -> None:
    async with outside.bot():
        await outside.add_key()
        asked = await outside.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        await asked.answer()
        outside.discord.faults.add("cut after", "POST", "*/messages")
        await outside.discord.until(outside.discord.outcomes)
        posted = len(outside.discord.requests)
        await outside.discord.until(
            lambda: any(request.startswith("PATCH /channels/") for request in outside.discord.requests[posted:])
        )
    (outcome,) = outside.discord.outcomes()
    assert outcome["attachments"]


async def test_a_video_that_no_copy_is_small_enough_of_ends_in_a_sentence_and_is_kept(outside: Outside) -> None:
    outside.discord.state.file_limit = 100
    async with outside.bot():
        await outside.add_key()
        await outside.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        await outside.discord.until(outside.discord.outcomes)
    (outcome,) = outside.discord.outcomes()
    assert "It is kept for you until" in outcome["content"]
    (kept,) = (outside.folder / "data" / "files").rglob("*.mp4")
    assert kept.parent.name in outcome["content"]


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"DISCORD_TOKEN": ""}, "DISCORD_TOKEN: is not set"),
        ({"DISCORD_TOKEN": "wrong"}, "DISCORD_TOKEN: Discord refused this token"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL: "),
        ({"DATABASE_PATH": "."}, "DATABASE_PATH: "),
    ],
)
async def test_a_setting_that_is_missing_or_wrong_is_one_line_and_exit_code_2(
    outside: Outside, settings: dict[str, str], line: str
) -> None:
    code, log = await ended(await outside.start(**{"LOG_LEVEL": "ERROR", **settings}))
    assert code == 2
    assert log.startswith(line)
    assert len(log.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("close_code", "line"),
    [
        (4004, "DISCORD_TOKEN: Discord refused this token"),
        (4010, "SHARDS: Discord doesn't know these shards"),
        (4011, "SHARDS: the bot is in more servers than Discord lets so few shards serve"),
        (4012, "Discord has closed the connection (close code 4012); update the bot"),
        (4013, "Discord doesn't know the events that the bot asks for"),
        (4014, "Discord doesn't allow the events that the bot asks for"),
    ],
)
async def test_an_end_of_the_connection_that_only_the_operator_can_mend_is_one_line(
    outside: Outside, close_code: int, line: str
) -> None:
    outside.discord.gateway.refuses_with = close_code
    code, log = await ended(await outside.start(LOG_LEVEL="ERROR"))
    assert code == 2
    assert log.startswith(line)
    assert len(log.strip().splitlines()) == 1


async def test_a_port_in_use_is_one_line_that_names_the_setting(outside: Outside) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, log = await ended(await outside.start(HTTP_PORT=str(port), LOG_LEVEL="ERROR"))
    assert code == 2
    assert log.startswith(f"HTTP_HOST, HTTP_PORT: 127.0.0.1:{port} can't be used, so choose others")
    assert len(log.strip().splitlines()) == 1


async def test_without_discord_at_the_start_one_line_says_so(outside: Outside) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nobody = f"http://127.0.0.1:{port}/api/v10"
    code, log = await ended(await outside.start(DISCORD_API_URL=nobody, LOG_LEVEL="ERROR"), 40)
    assert code == 1
    assert log.startswith("Discord can't be reached, so check this machine's network")
    assert len(log.strip().splitlines()) == 1


async def test_without_a_gateway_at_the_start_one_line_says_so(outside: Outside) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code, log = await ended(await outside.start(DISCORD_GATEWAY_URL=f"ws://127.0.0.1:{port}", LOG_LEVEL="ERROR"))
    assert code == 1
    assert log.startswith("Discord can't be reached, so check this machine's network")
    assert "its gateway doesn't answer" in log
    assert len(log.strip().splitlines()) == 1


async def test_the_wrong_master_key_is_one_line_and_changes_nothing(outside: Outside) -> None:
    async with outside.bot() as process:
        assert "works and is saved" in await outside.add_key()
        process.send_signal(signal.SIGTERM)
        await ended(process)
    stored = (outside.folder / "data" / "bot.db").read_bytes()
    for keys in (MasterKeys.generate("local"), MasterKeys.generate("another")):
        code, log = await ended(await outside.start(MASTER_KEYS=keys, LOG_LEVEL="ERROR"))
        assert code == 2
        assert log.startswith("MASTER_KEYS: ")
        assert len(log.strip().splitlines()) == 1
        assert (outside.folder / "data" / "bot.db").read_bytes() == stored
    (outside.folder / "data" / "master.key").rename(outside.folder / "elsewhere.key")
    code, log = await ended(await outside.start(LOG_LEVEL="ERROR"))
    assert code == 2
    assert "master.key is missing" in log
    assert log.count("\n") == 1
    assert not (outside.folder / "data" / "master.key").exists()


async def test_a_new_master_key_takes_over_by_a_command(outside: Outside) -> None:
    async with outside.bot() as process:
        assert "works and is saved" in await outside.add_key()
        refused = await outside.command("rotate-keys")
        assert refused == (
            2,
            f"DATABASE_PATH: a bot is already running on {outside.folder / 'data' / 'bot.db'}, so {STOP_IT}\n",
        )
        process.send_signal(signal.SIGTERM)
        await ended(process)
    old = (outside.folder / "data" / "master.key").read_text(encoding="utf-8").strip()
    new = MasterKeys.generate("new")
    assert (await outside.command("rotate-keys", MASTER_KEYS=f"{new},{old}"))[0] == 0
    async with outside.bot(MASTER_KEYS=new):
        await outside.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        await outside.discord.until(outside.discord.outcomes)
    (outcome,) = outside.discord.outcomes()
    assert outcome["attachments"]


async def test_everything_that_is_written_is_for_the_bots_own_user(outside: Outside) -> None:
    outside.discord.state.file_limit = 100
    async with outside.bot():
        await outside.add_key()
        await outside.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        await outside.discord.until(outside.discord.outcomes)
    for path in (outside.folder / "data").rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), (path, oct(mode))


async def test_sigterm_ends_the_bot_within_20_seconds_whatever_hangs(outside: Outside) -> None:
    async with outside.bot() as process:
        await outside.add_key()
        outside.sandbox.faults.add("hang", "POST", "*/models/*")
        outside.discord.faults.add("hang", "PATCH", "*/messages/*", times=9)
        await outside.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        await outside.discord.until(lambda: not outside.sandbox.faults.armed)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert (await ended(process))[0] == 0
        assert time.monotonic() - began < 20
    outside.discord.faults.clear()
    async with outside.bot():
        await outside.discord.until(outside.discord.outcomes)
    assert len(outside.sandbox.runs.ledger) <= 1


async def test_no_process_of_the_same_user_can_read_the_memory_of_the_bot(tmp_path: Path) -> None:
    """Nor its environment: the kernel calls it dumpable."""
    script = "from bot.__main__ import main; import ctypes; main(); print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, "rotate-keys"),
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said, _ = await process.communicate()
    assert said.split()[-1] == b"0"


async def test_the_key_is_on_no_command_line_and_in_no_environment_of_the_process(outside: Outside) -> None:
    async with outside.bot() as process:
        await outside.add_key()
        for name in ("cmdline", "environ"):
            with suppress(PermissionError):  # nobody but root may read it at all
                shown = (Path("/proc") / str(process.pid) / name).read_bytes()
                assert KEY.encode() not in shown
