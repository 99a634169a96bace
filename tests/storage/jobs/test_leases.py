"""Leases: whose job is whose among the lives of several processes, and what becomes of the jobs of one that is over."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from storage.engine.database import Database, Transaction
from storage.jobs.damaged import Damaged
from storage.jobs.job import Job, Position
from storage.jobs.job_events import LifeOver, Stale
from storage.jobs.jobs import Jobs
from storage.jobs.workers import Workers
from tests.conftest import GUILD, OTHER_GUILD
from tests.storage.jobs.test_jobs import enqueue
from tests.storage.plain import open_jobs, plain_claims, plain_jobs
from tests.welcome import welcome


class Life:
    """One life of a process, with the stores that work for it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.workers = Workers(database)
        self.jobs = plain_jobs(database, self.workers.life)
        self.claims = plain_claims(database, self.jobs)

    @property
    def id(self) -> int:
        return self.workers.life

    async def claimed(self, room: int = 100) -> list[Job[str]]:
        jobs, damaged = await self.claims.claim(room)
        assert damaged == []
        return jobs

    async def over(self) -> None:
        """Its lease is over, and it hasn't noticed."""

        async def work(tx: Transaction) -> None:
            await tx.row("UPDATE workers SET alive_until = engine_now() - 0.001 WHERE id = :life", life=self.id)

        await self.database.write(work, guild_id=None)


@pytest.fixture
async def lives(database: Database) -> list[Life]:
    """Three lives, which have begun."""
    await welcome(database, GUILD)
    await welcome(database, OTHER_GUILD)
    found = [Life(database) for _ in range(3)]
    for life in found:
        await life.workers.begin(60.0)
    return found


async def test_no_two_lives_have_one_id(database: Database) -> None:
    assert len({Workers(database).life for _ in range(1000)}) == 1000


async def test_a_job_belongs_to_whoever_accepted_it(lives: list[Life]) -> None:
    one, other, _ = lives
    job = await enqueue(one.jobs)
    assert job.owner == one.id
    assert await other.claimed() == []
    assert await one.claimed() == []


async def test_a_job_without_an_owner_is_free(lives: list[Life]) -> None:
    job = await enqueue(plain_jobs(lives[0].database))
    assert job.owner is None
    assert await lives[0].claimed() == [replace(job, owner=lives[0].id)]


async def test_the_jobs_of_a_life_whose_lease_is_over_are_free_and_no_others(lives: list[Life]) -> None:
    one, other, third = lives
    jobs = [await enqueue(life.jobs, number) for number, life in enumerate(lives)]
    await one.over()
    assert await other.claimed() == [replace(jobs[0], owner=other.id)]
    assert await third.claimed() == []


async def test_a_life_that_is_over_accepts_no_job_as_others_may_have_said_so(lives: list[Life]) -> None:
    frozen, stopped, alive = lives
    await frozen.over()
    await stopped.workers.end()
    for life in (frozen, stopped):
        with pytest.raises(LifeOver):
            await enqueue(life.jobs, 1)
    assert (await enqueue(alive.jobs, 1)).owner == alive.id


async def test_the_jobs_of_a_life_that_is_not_known_are_free(lives: list[Life]) -> None:
    job = await enqueue(lives[1].jobs)
    unknown = Workers(lives[0].database).life
    sql = "UPDATE jobs SET owner = :unknown"
    await lives[0].database.write(lambda tx: tx.row(sql, unknown=unknown), guild_id=GUILD)
    assert await lives[0].claimed() == [replace(job, owner=lives[0].id)]


async def test_of_a_closed_job_only_one_whose_card_is_due_is_taken(lives: list[Life]) -> None:
    one, other, _ = lives
    for number, card_id in enumerate((None, 5)):
        job = await one.jobs.amend(await enqueue(one.jobs, number), now=2.0, card_id=card_id)
        await one.jobs.close(await one.jobs.move(job, "failed", now=2.0, failure="f"), reply_id=1, now=2.0)
    await one.over()
    assert [job.card_id for job in await other.claimed()] == [5]


async def test_many_lives_that_claim_at_once_get_each_job_once(lives: list[Life]) -> None:
    nobody = plain_jobs(lives[0].database)
    jobs = [await enqueue(nobody, number) for number in range(40)]
    claimed: dict[int, list[int]] = {life.id: [] for life in lives}

    async def claim(life: Life) -> None:
        claimed[life.id] += [job.id for job in await life.claimed(7)]

    while sum(map(len, claimed.values())) < len(jobs):
        await asyncio.gather(*(claim(life) for life in lives for _ in range(4)))
    assert Counter(job_id for ids in claimed.values() for job_id in ids) == Counter(job.id for job in jobs)
    owners = {job_id: life for life, ids in claimed.items() for job_id in ids}
    assert {job.id: job.owner for job in await open_jobs(nobody)} == owners


async def test_with_little_room_servers_take_turns_and_the_oldest_comes_first(lives: list[Life]) -> None:
    nobody = plain_jobs(lives[0].database)
    many = [await enqueue(nobody, number) for number in range(5)]
    few = [await enqueue(nobody, 10 + number, OTHER_GUILD) for number in range(3)]
    claimed = await lives[0].claimed(4)
    assert [job.id for job in claimed] == [job.id for job in (*many[:2], *few[:2])]


async def test_with_room_for_one_servers_take_turns_and_some_may_be_left_out(lives: list[Life]) -> None:
    nobody, claims = plain_jobs(lives[0].database), lives[0].claims
    servers = (GUILD, OTHER_GUILD)
    jobs = {server: [await enqueue(nobody, 10 * at + n, server) for n in range(2)] for at, server in enumerate(servers)}
    first, last = sorted(jobs)
    ((job,), _) = await claims.claim(1, after=first)
    assert job.id == jobs[last][0].id
    ((job,), _) = await claims.claim(1, after=last)
    assert job.id == jobs[first][0].id
    ((job,), _) = await claims.claim(1, besides=[first, 7])
    assert job.id == jobs[last][1].id
    assert await claims.claim(5, besides=[first, last]) == ([], [])
    assert [job.id for job in await lives[0].claimed()] == [jobs[first][1].id]


@pytest.mark.parametrize("room", [0, -3])
async def test_without_room_nothing_is_taken(lives: list[Life], room: int) -> None:
    await enqueue(plain_jobs(lives[0].database))
    assert await lives[0].claimed(room) == []


async def test_where_nothing_is_free_nothing_is_written(lives: list[Life], monkeypatch: pytest.MonkeyPatch) -> None:
    await enqueue(lives[0].jobs)

    async def write(*_: Any) -> None:
        raise AssertionError("something was written")

    monkeypatch.setattr(lives[0].database, "_transact", write)
    assert await lives[1].claimed() == []


async def taken_over(lives: list[Life], job: Job[str]) -> None:
    """Another life takes the job of the first, whose lease is over."""
    await lives[0].over()
    (taken,) = await lives[1].claimed()
    assert (taken.id, taken.owner) == (job.id, lives[1].id)


async def test_whoever_has_lost_a_job_can_neither_move_nor_change_nor_close_it(lives: list[Life]) -> None:
    jobs = lives[0].jobs
    job = await enqueue(jobs)
    await taken_over(lives, job)
    with pytest.raises(Stale):
        await jobs.move(job, "submitting", now=2.0, handle="h")
    with pytest.raises(Stale):
        await jobs.amend(job, now=2.0, card_id=1)
    with pytest.raises(Stale):
        await jobs.close(job, reply_id=1, now=2.0)
    with pytest.raises(Stale):
        await jobs.end_damaged(Damaged(job.id, GUILD, "queued", job.owner), request="{}", failure="internal", now=2.0)
    assert await jobs.get(GUILD, job.id) == replace(job, owner=lives[1].id)


async def test_its_new_owner_moves_it(lives: list[Life]) -> None:
    job = await enqueue(lives[0].jobs)
    await taken_over(lives, job)
    moved = await lives[1].jobs.move(replace(job, owner=lives[1].id), "submitting", now=2.0, handle="h")
    assert moved.owner == lives[1].id
    assert await lives[1].jobs.get(GUILD, job.id) == moved


async def test_a_job_that_somebody_else_moves_is_nobodys_and_its_owner_hears_of_it(lives: list[Life]) -> None:
    one, other, third = lives
    job = await enqueue(one.jobs)
    cancelled = await other.jobs.move(job, "cancelled", now=2.0, failure="cancelled")
    assert cancelled.owner is None
    assert await other.jobs.get(GUILD, job.id) == cancelled
    with pytest.raises(Stale):
        await one.jobs.amend(job, now=3.0, card_id=1)
    assert await third.claimed() == [replace(cancelled, owner=third.id)]


async def test_a_lease_is_renewed_while_it_lasts_and_never_again_once_it_is_over(lives: list[Life]) -> None:
    one, other, _ = lives
    assert await one.workers.renew(60.0)
    await one.over()
    assert not await one.workers.renew(60.0)
    assert not await one.workers.renew(60.0)
    assert await other.workers.renew(60.0)


async def test_a_lease_is_as_long_as_was_asked_for(lives: list[Life]) -> None:
    database, one = lives[0].database, lives[0]
    await one.workers.renew(1000.0)
    (row,) = await database.rows("SELECT alive_until FROM workers WHERE id = :life", life=one.id)
    assert 995.0 < row["alive_until"] - await database.now() <= 1000.0


async def test_a_life_that_ends_leaves_its_jobs_to_whoever_takes_them_and_nobody_elses(lives: list[Life]) -> None:
    one, other, third = lives
    job, others = await enqueue(one.jobs, 1), await enqueue(other.jobs, 2)
    await one.workers.end()
    assert (await one.jobs.get(GUILD, job.id), await other.jobs.get(GUILD, others.id)) == (
        replace(job, owner=None),
        others,
    )
    assert await third.claimed() == [replace(job, owner=third.id)]
    ids = {row["id"] for row in await one.database.rows("SELECT id FROM workers")}
    assert ids == {other.id, third.id}


async def test_lives_that_are_long_over_are_forgotten(lives: list[Life]) -> None:
    one, other, _ = lives
    await one.over()

    async def long_ago(tx: Transaction) -> None:
        await tx.row("UPDATE workers SET alive_until = engine_now() - 100000.0 WHERE id = :life", life=other.id)

    await one.database.write(long_ago, guild_id=None)
    await Life(one.database).workers.begin(60.0)
    ids = {row["id"] for row in await one.database.rows("SELECT id FROM workers")}
    assert (one.id in ids, other.id in ids, len(ids)) == (True, False, 3)


async def test_a_row_that_cannot_be_read_is_taken_once_and_told_apart(lives: list[Life]) -> None:
    nobody: Jobs[str] = plain_jobs(lives[0].database)
    job = await enqueue(nobody)

    async def spoil(tx: Transaction) -> None:
        await tx.row("UPDATE jobs SET yields = 'no JSON' WHERE id = :id", id=job.id)

    await lives[0].database.write(spoil, guild_id=GUILD)
    damaged = Damaged(job.id, GUILD, "queued", lives[0].id)
    assert await lives[0].claims.claim(10) == ([], [damaged])
    assert await lives[1].claims.claim(10) == ([], [])
    ended = await lives[0].jobs.end_damaged(damaged, request="{}", failure="internal", now=2.0)
    assert (ended.owner, ended.position) == (lives[0].id, Position("damaged"))


async def test_one_life_is_on_duty_until_it_is_over(lives: list[Life]) -> None:
    one, other, third = (life.workers for life in lives)
    assert [await one.take_duty(), await other.take_duty(), await one.take_duty()] == [True, False, True]
    await lives[0].over()
    found = [*await asyncio.gather(other.take_duty(), third.take_duty())]
    assert sorted(found) == [False, True]
    assert [await other.take_duty(), await third.take_duty()] == found
    assert not await one.take_duty()


async def test_a_job_that_is_let_go_is_taken_by_whoever_does_what_comes_next(lives: list[Life]) -> None:
    one, other, third = lives
    for_media, for_others = await enqueue(one.jobs, 1), await enqueue(one.jobs, 2)
    await one.claims.let_go(for_media, for_media=True)
    await one.claims.let_go(for_others, for_media=False)
    edits, rest = replace(for_media, owner=None, for_media=True), replace(for_others, owner=None)
    assert [await one.jobs.get(GUILD, job.id) for job in (for_media, for_others)] == [edits, rest]
    assert await other.claims.claim(10, for_media=True) == ([replace(edits, owner=other.id)], [])
    assert await other.claims.claim(10, for_media=True) == ([], [])
    assert await third.claims.claim(10, for_media=False) == ([replace(rest, owner=third.id)], [])
    await other.claims.let_go(replace(edits, owner=other.id), for_media=True)
    assert await one.claimed() == [replace(edits, owner=one.id)]


async def test_what_was_said_of_a_step_is_not_said_of_the_next_one(lives: list[Life]) -> None:
    one, other, third = lives
    edited, waiting = await enqueue(one.jobs, 1), await enqueue(one.jobs, 2)
    for job in (edited, waiting):
        await one.claims.let_go(job, for_media=True)
    (mine, _), _ = await other.claims.claim(10, for_media=True)
    assert mine.id == edited.id
    mine = await other.jobs.move(mine, "submitting", now=1.0, handle="h")
    assert not mine.for_media
    assert await other.jobs.get(GUILD, mine.id) == mine
    await other.workers.end()
    stopped = await one.jobs.get(GUILD, waiting.id)
    assert stopped
    await one.jobs.move(stopped, "cancelled", now=2.0, by=1, failure="cancelled")
    taken, _ = await third.claims.claim(10, for_media=False)
    assert {job.id for job in taken} == {edited.id, waiting.id}


async def test_nobody_lets_a_job_of_somebody_else_go(lives: list[Life]) -> None:
    one, other, _ = lives
    job = await enqueue(one.jobs)
    await other.claims.let_go(job, for_media=True)
    assert await one.jobs.get(GUILD, job.id) == job
