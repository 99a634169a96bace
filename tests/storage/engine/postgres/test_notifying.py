"""Hints: a process hears at once when another leaves it something to do, and of nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from storage.engine.database import Database, Rejected, StorageError, Transaction
from storage.jobs.job import Job
from tests.conftest import GUILD
from tests.storage.engine.postgres.test_database import beside, database, url  # noqa: F401 - fixtures
from tests.storage.jobs.test_jobs import enqueue
from tests.storage.jobs.test_leases import Life
from tests.welcome import welcome


class Listener:
    """Hears hints."""

    def __init__(self) -> None:
        self._hints: asyncio.Queue[None] = asyncio.Queue()

    def wake(self) -> None:
        self._hints.put_nowait(None)

    async def hears(self) -> None:
        """Wait for one."""
        await asyncio.wait_for(self._hints.get(), 60.0)

    async def heard_nothing_before(self, one: Life, job: Job[str]) -> None:
        """The next hint is about this job, and no other one came: they come in order."""
        assert self._hints.empty()
        await one.claims.let_go(job, for_media=True)
        await self.hears()
        assert self._hints.empty()


@asynccontextmanager
async def listening(database: Database) -> AsyncIterator[Listener]:  # noqa: F811
    """Somebody listens meanwhile."""
    listener = Listener()
    task = asyncio.create_task(database.listen(listener.wake))
    await listener.hears()  # that it listens from now on
    yield listener
    task.cancel()


@pytest.fixture
async def lives(database: Database) -> list[Life]:  # noqa: F811
    """Two lives, which have begun."""
    await welcome(database, GUILD)
    found = [Life(database) for _ in range(2)]
    for life in found:
        await life.workers.begin(60.0)
    return found


async def test_what_is_left_to_others_is_heard_of_at_once(lives: list[Life]) -> None:
    one, other = lives
    let_go, moved = await enqueue(one.jobs, 1), await enqueue(one.jobs, 2)
    async with listening(one.database) as listener:
        await one.claims.let_go(let_go, for_media=False)
        await listener.hears()
        await other.jobs.move(moved, "cancelled", now=2.0, failure="cancelled")
        await listener.hears()
        await one.workers.end()
        await listener.hears()


async def test_nobody_is_woken_by_what_concerns_the_owner_alone(lives: list[Life]) -> None:
    one, other = lives
    job = await enqueue(one.jobs, 1)
    async with listening(one.database) as listener:
        last = await enqueue(one.jobs, 2)
        await other.claims.let_go(job, for_media=True)  # which isn't its own
        job = await one.jobs.move(await one.jobs.amend(job, now=2.0, card_id=1), "submitting", now=2.0, handle="h")
        await one.jobs.move(job, "running", now=2.0, remote="r")
        await one.workers.renew(60.0)
        assert await other.claimed() == []
        await listener.heard_nothing_before(one, last)
        assert await other.claimed() == [replace(last, owner=other.id, for_media=True)]


async def test_nobody_is_woken_by_a_transaction_that_is_not_committed(lives: list[Life]) -> None:
    one, _ = lives
    job = await enqueue(one.jobs)

    async def refused(tx: Transaction) -> None:
        await tx.notify()
        raise Rejected

    async with listening(one.database) as listener:
        with pytest.raises(Rejected):
            await one.database.write(refused, guild_id=GUILD)
        await listener.heard_nothing_before(one, job)


async def test_whoever_listens_goes_on_when_the_connection_was_lost_and_looks_for_what_was_missed(
    lives: list[Life],
    url: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("storage.engine.postgres.database.LISTEN_AGAIN_SECONDS", 0.0)
    one, _ = lives
    job = await enqueue(one.jobs)
    async with listening(one.database) as listener:
        async with beside(url) as connection:
            await connection.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()"""
            )
        await listener.hears()
        await listener.heard_nothing_before(one, job)


async def test_whoever_listens_goes_on_where_the_server_is_a_standby_for_a_while(
    lives: list[Life],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("storage.engine.postgres.database.LISTEN_AGAIN_SECONDS", 0.0)
    looks = list[object]()

    async def is_standby_at_first(connection: object) -> None:
        looks.append(connection)
        if len(looks) == 1:
            raise StorageError("the server is a standby")

    monkeypatch.setattr("storage.engine.postgres.database.check_server", is_standby_at_first)
    async with listening(lives[0].database):
        assert len(looks) == 2
