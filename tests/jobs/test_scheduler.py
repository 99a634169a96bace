"""When the schedule looks for what is due."""

from __future__ import annotations

import asyncio

from bot.jobs.lanes import Lane
from bot.jobs.open_job import OpenJob
from bot.jobs.scheduler import BUNDLE_SECONDS, Scheduler
from tests.app.still_clock import StillClock
from tests.jobs.steps.alone import job_in, opened


def lane(_: OpenJob) -> Lane:
    return Lane("all", 8)


async def test_what_comes_due_shortly_after_another_is_begun_with_it_and_what_is_due_at_once_does_not_wait() -> None:
    clock, begun = StillClock(), list[float]()

    async def step(_: OpenJob) -> None:
        begun.append(clock.monotonic())

    scheduler, start = Scheduler(step, lane, clock), clock.monotonic()
    for delay in (0.2 * BUNDLE_SECONDS, 0.5 * BUNDLE_SECONDS):
        scheduler.put(opened(job_in("running")), delay)
    running = asyncio.create_task(scheduler.run())
    await clock.wake(0.3 * BUNDLE_SECONDS)
    scheduler.put(opened(job_in("running")), 0.0)
    async with asyncio.timeout(60):
        while not begun:
            await asyncio.sleep(0)
    await clock.wake(0.0)
    assert begun == [start + 0.3 * BUNDLE_SECONDS] * 2
    await clock.wake(BUNDLE_SECONDS)
    assert begun[2:] == [start + 1.3 * BUNDLE_SECONDS]
    await scheduler.drain(1.0)
    await running
