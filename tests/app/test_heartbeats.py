"""`/healthz` is as well as the parts are: each that stands still is told in plain words."""

from __future__ import annotations

import asyncio
import math
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from bot.app.client import Mouthpiece
from bot.app.heartbeats import Heartbeats
from bot.app.http_server.health import health_routes
from bot.app.http_server.server import serving
from bot.app.monitoring.gauges import Gauges
from bot.errors import SettingsError
from storage.engine.database import Database
from storage.engine.installation import Installation
from storage.engine.sqlite_database import SqliteDatabase
from tests.app.still_clock import StillClock


@dataclass
class Worker:
    """Looks at its jobs when a test says so."""

    turned_at: float = 1000.0
    draining: bool = False


@dataclass
class Services:
    """The only one of them that is listened to."""

    worker: Worker = field(default_factory=Worker)


@dataclass
class Client:
    """In a session with Discord, which acknowledges when a test says so."""

    sessions: dict[int, float] = field(default_factory=lambda: {0: 1000.0})
    latencies: list[tuple[int, float]] = field(default_factory=lambda: [(0, 0.05)])
    services: Services = field(default_factory=Services)

    @property
    def served_shards(self) -> list[int]:
        return [shard_id for shard_id, _ in self.latencies]


@dataclass
class Bot:
    """A bot of which everything is well at first."""

    client: Client
    heartbeats: Heartbeats
    clock: StillClock
    path: Path
    writes: list[str]
    trouble: str = ""  # why nothing can be written, if so

    async def live(self, seconds: float, *, discord: bool = True, worker: bool = True) -> None:
        """Let time pass in which these parts do their work."""
        for _ in range(int(seconds / 10)):
            if worker:
                self.client.services.worker.turned_at = self.clock.monotonic() + 10
            for shard_id, latency in self.client.latencies if discord else ():
                self.client.latencies[shard_id] = (shard_id, latency + 0.001)
            await self.clock.wake(10.0)


@pytest.fixture
async def bot(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bot]:
    client, clock, path = Client(), StillClock(), tmp_path / "bot.db"
    heartbeats = Heartbeats(cast("Mouthpiece", client), path, Installation(database), clock)
    found = Bot(client, heartbeats, clock, path, [])
    transact = SqliteDatabase._transact

    async def write(database: SqliteDatabase, work: Any, guild_id: int | None) -> Any:
        found.writes.append(work.__qualname__)
        if found.trouble:
            raise sqlite3.OperationalError(found.trouble)
        return await transact(database, work, guild_id)

    monkeypatch.setattr(SqliteDatabase, "_transact", write)
    running = asyncio.create_task(heartbeats.run())
    await clock.until_asleep()
    yield found
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_bot_that_works_is_well(bot: Bot) -> None:
    assert bot.heartbeats.faults() == []
    await bot.live(600.0)
    assert bot.heartbeats.faults() == []


async def test_an_idle_bot_writes_at_most_once_in_half_a_minute(bot: Bot) -> None:
    begun = len(bot.writes)
    await bot.live(600.0)
    assert 10 <= len(bot.writes) - begun <= 20


async def test_a_lost_connection_that_does_not_come_back_is_told(bot: Bot) -> None:
    await bot.live(60.0)
    bot.client.sessions, bot.client.latencies = {}, [(0, math.inf)]
    await bot.live(90.0, discord=False)
    assert bot.heartbeats.faults() == []
    await bot.live(20.0, discord=False)
    assert bot.heartbeats.faults() == ["Discord has not been heard from for 110 s"]
    bot.client.sessions, bot.client.latencies = {0: bot.clock.monotonic()}, [(0, 0.07)]
    assert bot.heartbeats.faults() == []


async def test_a_connection_on_which_nothing_is_acknowledged_any_more_is_told(bot: Bot) -> None:
    await bot.live(60.0)
    await bot.live(110.0, discord=False)
    assert bot.heartbeats.faults() == ["Discord has not been heard from for 110 s"]


async def test_of_several_shards_the_silent_one_is_named(bot: Bot) -> None:
    bot.client.sessions, bot.client.latencies = {0: 1000.0, 1: 1000.0}, [(0, 0.05), (1, 0.06)]
    await bot.live(60.0)
    assert bot.heartbeats.faults() == []
    del bot.client.sessions[1]
    await bot.live(110.0)
    assert bot.heartbeats.faults() == ["Discord has not been heard from on shard 1 for 110 s"]


async def test_without_the_gateway_its_silence_is_no_fault(bot: Bot) -> None:
    bot.client.sessions, bot.client.latencies = {}, []
    await bot.live(600.0)
    assert bot.heartbeats.faults() == []


async def test_acknowledged_heartbeats_without_a_session_count_for_nothing(bot: Bot) -> None:
    bot.client.sessions = {}
    await bot.live(110.0)
    assert bot.heartbeats.faults() == ["Discord has not been heard from for 110 s"]


async def test_a_worker_that_stands_still_is_told(bot: Bot) -> None:
    await bot.live(60.0)
    await bot.live(70.0, worker=False)
    assert bot.heartbeats.faults() == ["the worker has not looked at its jobs for 70 s"]


async def test_a_database_that_cannot_be_written_is_told_until_it_can(bot: Bot) -> None:
    await bot.live(60.0)
    bot.trouble = "database is locked"
    await bot.live(30.0)
    assert bot.heartbeats.faults() == ["the database can't be written: database is locked"]
    bot.trouble = ""
    await bot.live(30.0)
    assert bot.heartbeats.faults() == []


async def test_a_write_that_never_ends_is_told(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    over = asyncio.Event()

    async def hang(*_: object) -> None:
        await over.wait()

    await bot.live(60.0)
    monkeypatch.setattr(SqliteDatabase, "_transact", hang)
    bot.clock.go_on(80.0)
    assert "the database has not been written for 80 s" in bot.heartbeats.faults()
    over.set()


def delete(path: Path) -> None:
    path.unlink()


def put_another_in_its_place(path: Path) -> None:
    shutil.copy(path, path.with_name("another.db"))
    path.with_name("another.db").replace(path)


@pytest.mark.parametrize("spoil", [delete, put_another_in_its_place])
async def test_a_database_whose_file_is_gone_is_told_although_writing_goes_on(
    bot: Bot, spoil: Callable[[Path], None]
) -> None:
    spoil(bot.path)
    await bot.live(30.0)
    assert bot.heartbeats.faults() == ["the database's file was deleted or replaced"]


async def test_a_bot_that_is_being_stopped_takes_nothing_more(bot: Bot) -> None:
    bot.client.services.worker.draining = True
    assert bot.heartbeats.faults() == ["the bot is being stopped"]


async def test_a_bot_that_has_not_begun_is_not_well_yet(tmp_path: Path, database: Database) -> None:
    client = Client(sessions={}, services=Services(Worker(turned_at=-math.inf)))
    path = tmp_path / "bot.db"
    heartbeats = Heartbeats(cast("Mouthpiece", client), path, Installation(database), StillClock())
    assert heartbeats.faults() == [
        "Discord has not been heard from yet",
        "the worker has not looked at its jobs yet",
        "the database has not been written yet",
    ]


async def test_what_is_wrong_is_in_the_answer_line_by_line(bot: Bot, unused_tcp_port: int) -> None:
    routes = health_routes(bot.heartbeats, cast("Gauges", None))
    async with serving(routes, "127.0.0.1", unused_tcp_port), httpx.AsyncClient() as http:
        url = f"http://127.0.0.1:{unused_tcp_port}/healthz"
        well = await http.get(url)
        await bot.live(110.0, discord=False, worker=False)
        ill = await http.get(url)
    assert (well.status_code, well.text) == (200, "ok\n")
    assert ill.status_code == 503
    assert ill.text == ("Discord has not been heard from for 110 s\nthe worker has not looked at its jobs for 110 s\n")


async def test_a_port_that_is_taken_is_one_readable_line(bot: Bot, unused_tcp_port: int) -> None:
    routes = health_routes(bot.heartbeats, cast("Gauges", None))
    async with serving(routes, "127.0.0.1", unused_tcp_port):
        with pytest.raises(
            SettingsError, match=f"HTTP_PORT: 127.0.0.1:{unused_tcp_port} can't be used, so choose others"
        ):
            async with serving(routes, "127.0.0.1", unused_tcp_port):
                pass
