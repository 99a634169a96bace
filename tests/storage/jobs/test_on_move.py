"""What is told of moves: each once, after it was committed, and nothing that was not."""

from __future__ import annotations

import asyncio

import pytest

from storage.engine.database import Database
from storage.jobs.damaged import Damaged
from storage.jobs.job import Job
from storage.jobs.job_events import Stale
from storage.jobs.jobs import Jobs
from tests.conftest import GUILD, OTHER_GUILD
from tests.storage.jobs.test_jobs import enqueue
from tests.storage.plain import PlainText, open_jobs
from tests.welcome import welcome


class Heard(list[tuple[str, float, str]]):
    """The moves that were told: the state before, the moment, and the state after."""

    def __call__(self, before: Job[str] | None, at: float, job: Job[str]) -> None:
        state = "closed" if job.closed_at is not None else job.state
        self.append((before.state if before else "none", at, state))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def jobs(database: Database, heard: Heard) -> Jobs[str]:
    await welcome(database, GUILD)
    await welcome(database, OTHER_GUILD)
    return Jobs(database, PlainText(), on_move=heard)


async def test_each_move_is_told_once_and_so_is_the_end(jobs: Jobs[str], heard: Heard) -> None:
    job = await enqueue(jobs)
    job = await jobs.amend(job, now=2.0, card_id=5)
    job = await jobs.move(job, "submitting", now=3.0, handle="h")
    job = await jobs.move(job, "failed", now=4.0, failure="gone")
    job = await jobs.close(job, reply_id=6, now=5.0)
    await jobs.card_shown(job)
    assert heard == [
        ("none", 1.0, "queued"),
        ("queued", 3.0, "submitting"),
        ("submitting", 4.0, "failed"),
        ("failed", 5.0, "closed"),
    ]


async def test_a_job_knows_when_this_process_has_moved_it_and_no_row_says_so(jobs: Jobs[str]) -> None:
    job = await enqueue(jobs)
    assert job.moved_at == 1.0
    job = await jobs.amend(await jobs.move(job, "submitting", now=3.0, handle="h"), now=4.0, handle="i")
    assert job.moved_at == 3.0
    (read,) = await open_jobs(jobs)
    assert (read, read.moved_at) == (job, None)


async def test_a_move_that_was_refused_is_not_told(jobs: Jobs[str], heard: Heard) -> None:
    job = await enqueue(jobs)
    await jobs.move(job, "cancelled", now=2.0, failure="cancelled")
    with pytest.raises(Stale):
        await jobs.move(job, "submitting", now=2.0, handle="h")
    assert [to for _, _, to in heard] == ["queued", "cancelled"]


async def test_a_move_whose_caller_is_gone_is_told_all_the_same(
    jobs: Jobs[str], database: Database, heard: Heard
) -> None:
    job = await enqueue(jobs)
    moving = asyncio.create_task(jobs.move(job, "submitting", now=3.0, handle="h"))
    await asyncio.sleep(0)  # it has begun
    moving.cancel()
    await database.drain()
    await asyncio.gather(moving, return_exceptions=True)
    assert moving.cancelled()
    assert heard[1:] == [("queued", 3.0, "submitting")]


async def test_a_listener_that_fails_takes_nothing_back(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    def failing(before: Job[str] | None, at: float, job: Job[str]) -> None:
        raise RuntimeError(before, at, job.id)

    await welcome(database, GUILD)
    assert (await enqueue(Jobs(database, PlainText(), on_move=failing))).state == "queued"
    assert "RuntimeError" in caplog.text


async def test_a_damaged_job_is_told_to_have_ended_unless_it_had_before(jobs: Jobs[str], heard: Heard) -> None:
    job = await enqueue(jobs)
    ended = await jobs.end_damaged(Damaged(job.id, GUILD, "queued", None), request="{}", failure="internal", now=9.0)
    await jobs.end_damaged(Damaged(job.id, GUILD, ended.state, None), request="{}", failure="internal", now=10.0)
    assert heard == [("none", 1.0, "queued"), ("queued", 9.0, "failed")]
