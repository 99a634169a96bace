"""Killed at every point, and at every pair of points: paid at most once, told exactly once, always closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import discord
import pytest
import yarl
from pydantic import SecretStr

from bot.app.build import open_bot
from bot.app.client import Mouthpiece
from bot.app.parts import Parts
from bot.app.settings import Settings
from bot.chat.result_post import ResultPosts
from bot.domain.ask import Ask, Asker, Place
from bot.domain.job import Jobs, RequestCodec
from bot.domain.request import Media
from bot.domain.results import MARGIN
from bot.jobs.decision import Advance, Decision
from bot.jobs.open_job import OpenJob
from bot.jobs.steps.find import Find
from bot.jobs.steps.submit import Submit
from bot.providers.base import Accepted, Submission
from bot.sandbox.server import Sandbox
from storage.engine.sqlite import open_database
from storage.people.direct_messages import DirectMessages
from storage.servers.keys import Keys
from tests.canned import CannedStudio, look_into_nothing
from tests.crash.doom import Doom, Killed
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import COMPONENTS_V2, TOKEN, State
from tests.fast_clock import FastClock
from tests.fresh_database import make_database
from tests.storage.plain import open_jobs
from tests.welcome import welcome

MOST_LIVES = 6


class Outside:
    """What outlives every crash: Discord, the provider's ledger, and the file."""

    look_into_files = staticmethod(look_into_nothing)
    parts: Parts  # of the life under way

    def prepare_parts(self, parts: Parts) -> None:
        self.parts = parts
        self.look_into_files(parts)

    def __init__(self, discord_server: DiscordServer, sandbox: Sandbox, folder: Path) -> None:
        self.discord = discord_server
        self.sandbox = sandbox
        self.clock = FastClock(400.0)  # one for all, so that every life finds what the ones before have posted
        self.discord.state.now = self.clock.now
        self.settings = Settings(
            _env_file=None,
            discord_token=SecretStr(TOKEN),
            database_path=folder / "bot.db",
            discord_api_url=f"{sandbox.url}/api/v10",  # where people's files are
            provider_urls=sandbox.provider_urls,
            trusted_hosts=frozenset({sandbox.host}),
        )

    async def prepare(self) -> None:
        """A server with a key, as before the first command."""
        state, master = self.discord.state, self.settings.master()
        async with open_database(make_database(self.settings.database_path)) as database:
            await welcome(database, state.guild_id, 42)
            keys = Keys(database, master)
            await keys.put(state.guild_id, "runcomfy", {"api_key": "rc-key-0001"}, hint="0001", added_by=1, now=0.0)

    @asynccontextmanager
    async def life(self, doom: Doom) -> AsyncIterator[Mouthpiece]:
        """One life of the bot, which may end by doom, at the latest when the block is left."""
        with pytest.MonkeyPatch.context() as patch, suppress(Killed):
            patch.setattr(discord.http.Route, "BASE", self.discord.api_url)
            patch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(self.discord.gateway_url))
            async with open_bot(self.settings, self.clock, prepare=self.prepare_parts) as client:
                client._connection.guild_ready_timeout = 0.0
                doom.take_over(patch)
                connected = asyncio.create_task(client.start(TOKEN))
                try:
                    await client.at_home.wait()
                except asyncio.CancelledError:
                    if not doom.dead:
                        raise
                yield client
                connected.cancel()
                await client.leave()  # a cancellation that comes at the moment of connecting is lost in discord.py
                await asyncio.gather(connected, return_exceptions=True)

    async def ask(self, client: Mouthpiece, member_id: int = 42, place: Place | None = None) -> None:
        """One member's command."""
        state = self.discord.state
        place = place or Place(state.guild_id, state.channel_id, "#studio", file_bytes=state.boosted_bytes - MARGIN)
        clip = Media(url="https://cdn.discordapp.com/clip.mp4", name="clip.mp4", size=1000)
        ask = Ask(place, Asker(member_id), 7001, clip, text="Hello", voice="en:AOT")
        await client.services.asking.start(ask)

    async def violations(self) -> list[str]:
        """What must never be, and is."""
        async with open_database(self.settings.database_path) as database:
            rows = await database.rows("SELECT state, closed_at, reply_id FROM jobs")
            still_open = await open_jobs(Jobs(database, RequestCodec()))
        found = [f"still open in state {job.state}" for job in still_open]
        if len(self.sandbox.runs.ledger) > 1:
            found.append(f"paid {len(self.sandbox.runs.ledger)} times")
        if len(self.discord.outcomes()) != len(rows):
            found.append(f"{len(self.discord.outcomes())} outcomes for {len(rows)} jobs")
        cards = [message for message in self.discord.state.messages.values() if message["flags"] & COMPONENTS_V2]
        if len(cards) != len(rows):
            found.append(f"{len(cards)} cards for {len(rows)} jobs")
        if any(under_way in str(card["components"]) for card in cards for under_way in ("⏸️", "⏳", "⚙️")):
            found.append("a card that says a job is under way")
        return found


async def live_through(
    folder: Path, *deaths: int, trouble: Callable[[State], None] = lambda _: None, direct: bool = False
) -> tuple[list[list[str]], list[str]]:
    """Start a job, die at these points of the first lives, restart until it is over: points passed, violations.

    `trouble` is made in Discord before; `direct`: the member wants direct messages.
    """
    trace = []
    async with DiscordServer() as discord_server, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        outside = Outside(discord_server, sandbox, folder)
        await outside.prepare()
        trouble(discord_server.state)
        if direct:
            async with open_database(outside.settings.database_path) as database:
                await DirectMessages(database).agree(42, now=0.0)
        for number, death in enumerate((*deaths, None)):
            doom = Doom(death)
            async with outside.life(doom) as client:
                with suppress(Killed):
                    if number == 0:
                        await answered_or_dead(outside.ask(client), doom)
                    await over(client, doom)
            trace.append(doom.passed)
        return trace, await outside.violations()


async def answered_or_dead(asking: Coroutine[Any, Any, object], doom: Doom) -> None:
    """Wait for the command, but not once the bot is dead: it would wait for its card as long as it may."""
    command = asyncio.create_task(asking)
    try:
        while not command.done() and not doom.dead:
            await asyncio.sleep(0.002)
    finally:  # a dying bot cancels whoever waits
        command.cancel()
        await asyncio.gather(command, return_exceptions=doom.dead)


async def over(client: Mouthpiece, doom: Doom) -> None:
    """Wait until this life is over: by death, or because nothing is left to do."""
    async with asyncio.timeout(60):
        while not doom.dead and not (client.services.worker.resumed.is_set() and client.services.worker.open_jobs == 0):
            await asyncio.sleep(0.002)


async def all_violations(folder: Path, *, every_nth_pair: int = 0, **more: Any) -> dict[str, list[str]]:
    """Every point as the place of death, and every nth pair of points (none for 0); what went wrong at which."""
    numbers = count()

    async def lives(*deaths: int) -> tuple[list[list[str]], list[str]]:
        return await live_through(folder / str(next(numbers)), *deaths, **more)

    (whole,), wrong = await lives()
    found = {"no crash": wrong} if wrong else {}
    for first in range(1, len(whole) + 1):
        (_, second_life), wrong = await lives(first)
        if wrong:
            found[whole[first - 1]] = wrong
        # Beginning elsewhere after each first death, so that every second one has its turn.
        for second in range(1 + first % every_nth_pair, len(second_life) + 1, every_nth_pair) if every_nth_pair else ():
            _, wrong = await lives(first, second)
            if wrong:
                found[f"{whole[first - 1]}, then {second_life[second - 1]}"] = wrong
    return found


BESIDE = {"GET status", "commit of Privacy.sweep", "commit of Privacy._erase_due"}


async def test_the_points_enclose_every_effect_of_a_jobs_life(tmp_path: Path) -> None:
    (points,), _ = await live_through(tmp_path)
    effects = [name.removeprefix("before ") for name in points if name.startswith("before ")]
    assert [effect for effect in effects if effect not in BESIDE] == [
        "GET text-to-video",
        "commit of Jobs.enqueue",
        "Discord POST messages",
        "Discord POST threads",
        "commit of Jobs.amend",
        "commit of Jobs.move",
        "POST text-to-video",
        "commit of Jobs.move",
        "GET result",
        "commit of Jobs.move",
        "download",
        "commit of Jobs.amend",
        "Discord POST messages",
        "commit of Jobs.close",
        "commit of Jobs.card_shown",
    ]


@pytest.mark.timeout(300)
async def test_a_crash_at_any_point_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    assert await all_violations(tmp_path) == {}


TROUBLES: dict[str, tuple[Callable[[State], None], bool]] = {
    "the channel": (lambda state: setattr(state, "threads_locked", True), False),
    "nowhere, with a sentence in the thread": (lambda state: setattr(state, "files_denied", True), False),
    "a direct message": (lambda state: setattr(state, "files_denied", True), True),
}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("place", TROUBLES)
async def test_a_crash_at_any_point_tells_once_wherever_the_video_goes(tmp_path: Path, place: str) -> None:
    trouble, direct = TROUBLES[place]
    assert await all_violations(tmp_path, trouble=trouble, direct=direct) == {}


@pytest.mark.timeout(300)
async def test_a_second_crash_after_the_first_changes_nothing(tmp_path: Path) -> None:
    assert await all_violations(tmp_path, every_nth_pair=6) == {}


@pytest.mark.thorough
@pytest.mark.timeout(900)
async def test_a_second_crash_at_any_point_after_the_first_changes_nothing(tmp_path: Path) -> None:
    assert await all_violations(tmp_path, every_nth_pair=1) == {}


async def test_sending_before_the_intent_is_committed_would_pay_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act_then_record(submit: Submit, open_job: OpenJob) -> Decision:
        job, provider = open_job.job, submit._providers["runcomfy"]
        credentials = await submit._keys.credentials(replace(job, key_id=1)) or {}
        answer = await provider.submit(Submission(job.position.stage, job.request, "handle", {}, credentials))
        assert isinstance(answer, Accepted)
        changes = {"handle": "handle", "key_id": 1, "remote": answer.remote}
        return Advance("submitting", changes, at_once=True)

    async def accepted(*_: object) -> Decision:
        return Advance("running", {"submitted_at": 1.0})

    monkeypatch.setattr(Submit, "__call__", act_then_record)
    monkeypatch.setattr(Find, "__call__", accepted)
    wrong = await all_violations(tmp_path)
    assert any("paid 2 times" in what for what in wrong.values())


async def test_posting_without_a_lasting_nonce_or_a_look_would_tell_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()
    monkeypatch.setattr("bot.chat.result_post.nonce", lambda *_: f"random-{next(numbers)}")

    async def without_looking(*_: Any) -> None:
        return None

    monkeypatch.setattr(ResultPosts, "found", without_looking)
    wrong = await all_violations(tmp_path)
    assert any("2 outcomes for 1 jobs" in what for what in wrong.values())
