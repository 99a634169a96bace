"""One tree of tasks: what is needed ends it, what is useful begins again, and nothing dies in silence."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import cast

import discord
import pytest

from bot.app.background import TaskEnded, needed, running
from bot.app.build import open_bot
from bot.app.database.opening import watch_history
from bot.jobs.worker import Worker
from bot.sandbox.server import Sandbox
from storage.engine.database import Database
from tests.app.still_clock import StillClock
from tests.canned import CannedStudio
from tests.crash.doom import Doom
from tests.crash.test_crash import Outside
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN
from tests.fast_clock import FastClock
from tests.jobs.test_damaged import leave_open
from tests.scripted import until


class Idle:
    """A worker that does what a test says, until it is drained."""

    def __init__(self, work: Callable[[], Awaitable[None]] | None = None) -> None:
        self._work = work
        self._over = asyncio.Event()
        self.draining = False

    async def run(self) -> None:
        if self._work:
            await self._work()
        else:
            await self._over.wait()

    async def drain(self) -> None:
        self.draining = True
        self._over.set()


def begun() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def broken() -> None:
    raise ZeroDivisionError("a bug")


async def over_at_once() -> None: ...


async def test_a_worker_that_fails_ends_everything_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    worker = cast("Worker", Idle(broken))
    with pytest.raises(TaskEnded, match="the worker has ended"):
        async with running(worker, begun(), [], StillClock()):
            await asyncio.Event().wait()
    (record,) = (record for record in caplog.records if record.levelno == logging.CRITICAL)
    assert record.message == "the worker has failed, so the bot ends"
    assert record.exc_info


async def test_a_worker_that_ends_by_itself_ends_everything(caplog: pytest.LogCaptureFixture) -> None:
    worker = cast("Worker", Idle(over_at_once))
    with pytest.raises(TaskEnded, match="the worker has ended"):
        async with running(worker, begun(), [], StillClock()):
            await asyncio.Event().wait()
    assert [record.message for record in caplog.records] == ["the worker has ended, so the bot ends"]


async def test_another_history_of_the_database_ends_everything_and_is_said_in_one_line(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def life() -> None:
        idle = Idle()
        async with running(cast("Worker", idle), begun(), [], StillClock(), [partial(watch_history, database)]):
            await asyncio.sleep(0)
            assert not idle.draining
            database.other_history.set()
            await asyncio.Event().wait()

    with pytest.raises(TaskEnded):
        await life()
    (record,) = (record for record in caplog.records if record.levelno == logging.CRITICAL)
    assert "another line of history" in record.message
    assert not record.exc_info


async def test_a_worker_that_is_drained_may_end() -> None:
    idle = Idle()
    async with running(cast("Worker", idle), begun(), [], StillClock()):
        await asyncio.sleep(0)
    assert idle.draining


@pytest.mark.parametrize("run", [broken, over_at_once])
async def test_what_goes_on_beside_the_worker_begins_again_and_ends_nothing(run: Callable[[], Awaitable[None]]) -> None:
    clock, times = StillClock(), []

    async def again() -> None:
        times.append(1)
        await run()

    async with running(cast("Worker", Idle()), begun(), [again], clock):
        for _ in range(3):
            await clock.wake(60.0)
    assert len(times) == 4


async def test_a_fault_of_the_block_itself_is_raised_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        async with running(cast("Worker", Idle()), begun(), [], StillClock()):
            await broken()


async def test_a_connection_that_fails_or_ends_ends_the_bot() -> None:
    for connect in (broken, over_at_once):
        with pytest.raises(TaskEnded, match="the connection has ended"):
            await needed("the connection", connect)


async def test_jobs_go_on_although_discord_never_tells_which_servers_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with DiscordServer() as small, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        outside = Outside(small, sandbox, tmp_path)
        await outside.prepare()
        await leave_open(outside)
        monkeypatch.setattr(discord.http.Route, "BASE", small.api_url)
        async with open_bot(outside.settings, FastClock(400.0), prepare=outside.prepare_parts) as client:
            await client.login(TOKEN)
            await until(lambda: len(small.outcomes()) == 2)
            assert not client.at_home.is_set()


async def test_a_session_that_was_lost_is_known_although_discord_py_still_says_ready(tmp_path: Path) -> None:
    async with DiscordServer() as small, Sandbox() as sandbox:
        outside = Outside(small, sandbox, tmp_path)
        await outside.prepare()
        async with outside.life(Doom()) as client:
            await until(lambda: client.sessions and 0.0 < client.latency < 60.0)
            small.faults.add("answer", "GET", "/gateway/", status=503, times=1)
            await small.gateway.drop()
            await until(lambda: not client.sessions)
            assert client.is_ready()
            await until(lambda: bool(client.sessions))
