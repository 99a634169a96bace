"""What a server is to one member, in one reading."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.engine.database import Database
from storage.servers.access import Access, ServerView
from storage.servers.guilds import Guilds, Policy
from tests.conftest import GUILD, MEMBER, OTHER_GUILD
from tests.storage.jobs.test_jobs import new_job
from tests.storage.plain import plain_jobs
from tests.welcome import welcome

OPEN = ServerView(
    is_member=True, policy=Policy(), channels=frozenset(), roles=frozenset(), is_blocked=False, has_attested=True,
    has_succeeded=False,
)  # fmt: skip


@pytest.fixture
async def access(database: Database) -> Access:
    """Of two servers; the member has confirmed the rules."""
    await welcome(database, GUILD, MEMBER)
    await welcome(database, OTHER_GUILD)
    return Access(database)


async def test_a_server_that_has_set_nothing_is_open(access: Access) -> None:
    assert await access.seen_by(GUILD, MEMBER, 1) == OPEN
    assert await access.seen_by(GUILD, MEMBER, 2) == replace(OPEN, has_attested=False)
    assert await access.seen_by(GUILD, 77, 1) == replace(OPEN, has_attested=False)


async def test_what_a_server_has_set_is_seen_there_and_nowhere_else(access: Access, database: Database) -> None:
    guilds = Guilds(database)
    await access.allow(GUILD, "channel", [5, 6], by=1, now=1.0)
    await access.allow(GUILD, "role", [7], by=1, now=1.0)
    await access.block(GUILD, MEMBER, "spam", by=1, now=1.0)
    await guilds.log_to(GUILD, 55, by=1, now=1.0)
    await guilds.approve(GUILD, "above", 20, by=1, now=1.0)
    await guilds.require_ages(GUILD, account_days=3, member_days=4, by=1, now=1.0)
    await guilds.choose(GUILD, "cheapest", by=1, now=1.0)
    assert await access.seen_by(GUILD, MEMBER, 1) == replace(
        OPEN,
        policy=Policy("cheapest", 55, "above", 20, 3, 4),
        channels=frozenset({5, 6}),
        roles=frozenset({7}),
        is_blocked=True,
    )
    assert await access.seen_by(OTHER_GUILD, MEMBER, 1) == OPEN


async def test_a_member_who_has_a_finished_video_here_is_known(access: Access, database: Database) -> None:
    jobs = plain_jobs(database)
    job = (await jobs.enqueue(new_job())).job
    job = await jobs.move(job, "submitting", now=2.0, handle="h")
    assert not (await access.seen_by(GUILD, MEMBER, 1)).has_succeeded
    await jobs.move(job, "succeeded", now=3.0)
    assert (await access.seen_by(GUILD, MEMBER, 1)).has_succeeded
    assert not (await access.seen_by(OTHER_GUILD, MEMBER, 1)).has_succeeded


async def test_a_server_that_the_bot_has_left_or_never_saw_is_not_its_own(access: Access, database: Database) -> None:
    await Guilds(database).leave(GUILD, 5.0)
    assert await access.seen_by(GUILD, MEMBER, 1) == replace(OPEN, is_member=False)
    assert await access.seen_by(999, MEMBER, 1) == replace(OPEN, is_member=False)
