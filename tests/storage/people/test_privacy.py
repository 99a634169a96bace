"""What is kept about people, and that it goes: no table is forgotten."""

from __future__ import annotations

import pytest

from storage.engine.database import Database
from storage.engine.encryption import MasterKeys
from storage.jobs.job import Fallback, Job, NewJob, Position
from storage.people.privacy import Privacy, Record
from storage.servers.guilds import Guilds
from storage.servers.keys import Keys
from storage.servers.limit_rules import LONGEST_WINDOW, Rule
from storage.servers.limits import LimitStore
from storage.servers.quota import Claim, Standing
from tests.conftest import GUILD, MEMBER, OTHER_GUILD
from tests.storage.engines import tables
from tests.storage.plain import plain_jobs
from tests.welcome import welcome

SOMEBODY_ELSE = 2002
# Every table: whether a server's or a person's traces can be in it.
TABLES = {
    "guilds": "server and person",
    "cases": "server and person",
    "case_cards": "server",
    "keys": "server and person",
    "jobs": "server and person",
    "job_events": "server",
    "job_grants": "server",
    "rules": "server",
    "grants": "server and person",
    "alerts": "server",
    "usage_hours": "server",
    "allowed": "server",
    "blocks": "server and person",
    "attestations": "person",
    "reports": "server and person",
    "reporters": "server and person",
    "removed_files": "server",
    "deletions": "server",
    "log_entries": "server and person",
    "forget_requests": "person",
    "direct_messages": "person",
    "unanswered": "server and person",
    "unfinished": "server and person",
    "facts": "nobody",
    "workers": "nobody",
}


class JobFiles:
    """The stores, and shorthands."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.jobs = plain_jobs(database)
        self.privacy = Privacy(database)
        self.keys = Keys(database, MasterKeys.parse(MasterKeys.generate("first")))
        self.number = 0

    async def job(self, member: int = MEMBER, guild: int = GUILD, *, closed: bool = True, at: float = 10.0) -> Job[str]:
        self.number += 1
        new = NewJob(
            guild_id=guild, interaction_id=self.number, member_id=member, channel_id=3001, provider="runcomfy",
            request='{"flow": "text", "mode": "text", "text": "my secret words", "video": {"url": "https://cdn/my.mp4"}}',
            fallbacks=(Fallback("kling", "my secret words"),), position=Position("text"), created_at=at,
            deadline_at=99.0, video_digest="my secret digest", role_ids=frozenset({5005}),
        )  # fmt: skip
        job = (await self.jobs.enqueue(new)).job
        job = await self.jobs.amend(job, now=at, card_id=4001, thread_id=4002)
        if closed:
            job = await self.jobs.move(
                job, "failed", now=at, failure="no_key", detail="my secret words", counted_at=None
            )
            job = await self.jobs.close(job, reply_id=4003, now=at)
        return job

    async def everything(self) -> str:
        rows = [await self.database.rows(f"SELECT * FROM {table}") for table in TABLES]  # noqa: S608
        return str([tuple(row) for found in rows for row in found])


@pytest.fixture
async def job_files(database: Database) -> JobFiles:
    for guild in (GUILD, OTHER_GUILD):
        await welcome(database, guild)
    return JobFiles(database)


async def test_every_table_is_known_here(database: Database) -> None:
    assert await database.write(tables, guild_id=None) == set(TABLES)


async def test_a_person_is_told_what_is_kept_server_by_server(job_files: JobFiles) -> None:
    await job_files.job(at=5.0)
    await job_files.job(closed=False)
    await job_files.job(guild=OTHER_GUILD)
    await job_files.job(SOMEBODY_ELSE)
    assert await job_files.privacy.about(MEMBER) == [Record(GUILD, 2, 1, 5.0), Record(OTHER_GUILD, 1, 0, 10.0)]


async def test_a_forgotten_person_is_in_no_table_and_the_servers_numbers_stay(job_files: JobFiles) -> None:
    await job_files.keys.put(GUILD, "runcomfy", {"api_key": "x"}, hint="0001", added_by=MEMBER, now=1.0)
    mine, theirs = await job_files.job(), await job_files.job(SOMEBODY_ELSE)
    assert await job_files.privacy.forget(MEMBER, now=20.0) == ([mine.id], 0, 0)
    left = await job_files.everything()
    assert str(MEMBER) not in left
    assert left.count("my secret words") == 3  # somebody else's text, alternatives and detail
    kept = await job_files.jobs.get(GUILD, mine.id)
    assert kept
    assert (kept.state, kept.provider, kept.created_at, kept.closed_at) == ("failed", "runcomfy", 10.0, 10.0)
    assert (kept.member_id, kept.channel_id, kept.interaction_id) == (0, 0, -mine.id)
    assert (kept.card_id, kept.thread_id, kept.reply_id, kept.detail) == (None, None, None, None)
    assert kept.forgotten_at == 20.0
    assert (await job_files.jobs.get(GUILD, theirs.id)) == theirs


async def test_a_job_under_way_is_forgotten_when_it_is_closed(job_files: JobFiles) -> None:
    job = await job_files.job(closed=False)
    assert await job_files.privacy.forget(MEMBER, now=20.0) == ([], 1, 0)
    await job_files.privacy.sweep(now=30.0, older_than=0.0, left_before=0.0)
    assert (await job_files.jobs.get(GUILD, job.id)) == job
    failed = await job_files.jobs.move(job, "failed", now=40.0, failure="no_key", counted_at=None)
    await job_files.jobs.close(failed, reply_id=None, now=40.0)
    assert await job_files.privacy.sweep(now=50.0, older_than=0.0, left_before=0.0) == ([job.id], 0)
    assert await job_files.privacy.about(MEMBER) == []
    assert not await job_files.database.rows("SELECT * FROM forget_requests")


async def test_what_a_person_does_afterwards_is_kept_like_anybodys(job_files: JobFiles) -> None:
    await job_files.job(at=5.0)
    await job_files.privacy.forget(MEMBER, now=20.0)
    later = await job_files.job(at=30.0)
    await job_files.privacy.sweep(now=50.0, older_than=0.0, left_before=0.0)
    assert (await job_files.privacy.about(MEMBER))[0].jobs == 1
    assert (await job_files.jobs.get(GUILD, later.id)) == later


async def test_old_jobs_lose_their_person_and_younger_ones_do_not(job_files: JobFiles) -> None:
    old, young, still_open = (
        await job_files.job(at=5.0),
        await job_files.job(at=15.0),
        await job_files.job(closed=False, at=5.0),
    )
    assert await job_files.privacy.sweep(now=50.0, older_than=10.0, left_before=0.0) == ([old.id], 0)
    assert (await job_files.jobs.get(GUILD, young.id)) == young
    assert (await job_files.jobs.get(GUILD, still_open.id)) == still_open


async def test_nothing_is_left_of_a_server_after_its_grace(job_files: JobFiles) -> None:
    await job_files.keys.put(GUILD, "runcomfy", {"api_key": "x"}, hint="0001", added_by=MEMBER, now=1.0)
    await job_files.job()
    await job_files.job(closed=False)
    stays = await job_files.job(guild=OTHER_GUILD)
    await Guilds(job_files.database).leave(GUILD, 100.0)
    assert await job_files.privacy.sweep(now=150.0, older_than=0.0, left_before=90.0) == ([], 0)
    assert await job_files.privacy.sweep(now=250.0, older_than=0.0, left_before=110.0) == ([], 1)
    assert str(GUILD) not in await job_files.everything()
    assert (await job_files.jobs.get(OTHER_GUILD, stays.id)) == stays


async def test_a_server_that_came_back_before_its_turn_is_not_erased(job_files: JobFiles) -> None:
    job = await job_files.job()
    await Guilds(job_files.database).leave(GUILD, 100.0)
    await Guilds(job_files.database).join(GUILD, 200.0)
    assert not await job_files.privacy._erase_guild(GUILD, 110.0)
    assert await job_files.jobs.get(GUILD, job.id) == job


async def test_being_forgotten_gives_no_new_allowance_and_ends_with_the_longest_window(job_files: JobFiles) -> None:
    job = (await job_files.jobs.enqueue(
        NewJob(guild_id=GUILD, interaction_id=77, member_id=MEMBER, channel_id=3001, provider="runcomfy",
               request='{"flow": "text", "mode": "text"}', position=Position("text"), created_at=10.0, deadline_at=99.0)
    )).job  # fmt: skip
    job = await job_files.jobs.move(job, "submitting", now=11.0, handle="h")
    job = await job_files.jobs.move(job, "succeeded", now=12.0)
    await job_files.jobs.close(job, reply_id=1, now=13.0)
    await job_files.privacy.forget(MEMBER, now=20.0)
    (used,) = [standing.used for standing in await limits_of(job_files)]
    assert used == 1
    assert await job_files.privacy.about(MEMBER) == []
    await job_files.privacy.sweep(now=10.0 + LONGEST_WINDOW, older_than=0.0, left_before=0.0)
    assert str(MEMBER) not in await job_files.everything()


async def limits_of(job_files: JobFiles) -> list[Standing]:
    limits = LimitStore(job_files.database)
    await limits.put(GUILD, Rule("everyone", 0, "jobs", "month", 3), by=1, now=20.0)
    return await limits.standings(GUILD, Claim(GUILD, MEMBER), 20.0)
