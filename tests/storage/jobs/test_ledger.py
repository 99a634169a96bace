"""What is shown of a server's jobs: those of the kind that is asked for, the newest first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from storage.engine.database import Database
from storage.jobs.workers import Workers
from tests.conftest import GUILD, MEMBER, OTHER_GUILD
from tests.storage.jobs.test_jobs import new_job
from tests.storage.plain import plain_jobs, plain_ledger
from tests.welcome import welcome


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"most": 2}, [5, 4]),
        ({"member_id": MEMBER}, [5, 4, 2, 1]),
        ({"member_id": MEMBER + 1}, [3]),
        ({"member_id": MEMBER + 2}, []),
        ({"provider": "kling"}, [4]),
        ({"provider": "runcomfy", "member_id": MEMBER}, [5, 2, 1]),
        ({"states": frozenset({"failed"})}, [2]),
        ({"states": frozenset({"failed", "queued"})}, [4, 3, 2, 1]),
        ({"unsettled": True}, [5]),
        ({"unsettled": True, "member_id": MEMBER + 1}, []),
    ],
)
async def test_the_jobs_of_a_kind_are_listed(database: Database, asked: dict[str, Any], found: list[int]) -> None:
    jobs = plain_jobs(database)
    for guild in (GUILD, OTHER_GUILD):
        await welcome(database, guild)
    await jobs.enqueue(new_job(1))
    await jobs.move((await jobs.enqueue(new_job(2))).job, "failed", now=2.0, failure="no_key")
    await jobs.enqueue(replace(new_job(3), member_id=MEMBER + 1))
    await jobs.enqueue(replace(new_job(4), provider="kling"))
    sent = await jobs.move((await jobs.enqueue(new_job(5))).job, "submitting", now=2.0, handle="h")
    await jobs.move(sent, "unknown", now=3.0, failure="unknown_outcome")
    await jobs.enqueue(new_job(6, OTHER_GUILD))
    listed = await plain_ledger(database).jobs(GUILD, **asked)
    assert [job.interaction_id for job in listed] == found


async def test_open_jobs_are_counted_whosever_they_are(database: Database) -> None:
    lives = Workers(database), Workers(database)
    one, other = [plain_jobs(database, life.life) for life in lives]
    for life in lives:
        await life.begin(60.0)
    for guild in (GUILD, OTHER_GUILD):
        await welcome(database, guild)
    assert await plain_ledger(database).open_count(GUILD) == (0, 0)
    for number, jobs in enumerate((one, one, other)):
        await jobs.enqueue(new_job(number))
    closed = await one.move((await one.enqueue(new_job(8))).job, "failed", now=2.0, failure="no_key")
    await one.close(closed, reply_id=1, now=3.0)
    await one.enqueue(new_job(9, OTHER_GUILD))
    assert await plain_ledger(database).open_count(GUILD) == (3, 4)
