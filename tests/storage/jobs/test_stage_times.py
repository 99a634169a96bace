"""How long stages took, as the events of closed jobs tell it."""

from __future__ import annotations

from typing import Any

from storage.engine.database import Database
from storage.jobs.job import Job, Position
from storage.jobs.jobs import Jobs
from storage.jobs.stage_times import NOT_WATCHED, StageTimes
from tests.conftest import GUILD, OTHER_GUILD
from tests.storage.jobs.test_jobs import enqueue, jobs

__all__ = ["jobs"]


async def running(jobs: Jobs[str], job: Job[str], at: float, **changes: Any) -> Job[str]:
    sent = await jobs.move(job, "submitting", now=at - 0.5, handle="h", **changes)
    return await jobs.move(sent, "running", now=at, remote="r", submitted_at=at)


async def closed(jobs: Jobs[str], job: Job[str], at: float, note: str = "") -> None:
    ended = await jobs.move(job, "succeeded", now=at, note=note)
    await jobs.close(ended, reply_id=7, now=at + 1)


async def test_every_stage_of_a_closed_job_counts_that_ended_well_and_says_whether_it_was_watched(
    jobs: Jobs[str], database: Database
) -> None:
    first = await running(jobs, await enqueue(jobs), 100.0, position=Position("face", 2))
    second = await jobs.move(first, "queued", now=130.0, position=Position("lipsync", 2))
    await closed(jobs, await running(jobs, second, 140.0), 600.0)
    other = await running(jobs, await enqueue(jobs, 2, OTHER_GUILD), 100.0)
    await closed(jobs, other, 5000.0, NOT_WATCHED)
    failed = await running(jobs, await enqueue(jobs, 3), 100.0)
    ended = await jobs.move(failed, "failed", now=200.0, failure="gone")
    await jobs.close(ended, reply_id=8, now=201.0)
    await running(jobs, await enqueue(jobs, 4), 100.0)
    found = await StageTimes(database).last(10)
    assert found == [
        ("runcomfy", "face", None, 30.0, True),
        ("runcomfy", "lipsync", None, 460.0, True),
        ("runcomfy", "text", None, 4900.0, False),
    ]


async def test_a_stage_that_was_sent_twice_took_as_long_as_the_second_time(jobs: Jobs[str], database: Database) -> None:
    found = await running(jobs, await enqueue(jobs), 100.0)
    again = await jobs.move(found, "queued", now=150.0, position=Position("text"))
    await closed(jobs, await running(jobs, again, 200.0), 290.0)
    assert [one.seconds for one in await StageTimes(database).last(10)] == [50.0, 90.0]


async def test_only_the_last_jobs_are_read_the_newest_end_last(jobs: Jobs[str], database: Database) -> None:
    for number in range(1, 6):
        job = await running(jobs, await enqueue(jobs, number, GUILD), 100.0)
        await closed(jobs, job, 100.0 + number)
    assert [one.seconds for one in await StageTimes(database).last(3)] == [3.0, 4.0, 5.0]
