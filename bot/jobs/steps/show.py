"""Showing a job for the first time, where it was asked for."""

from __future__ import annotations

import logging

from bot.chat.card import Cards
from bot.chat.errors import PostFailed, PostRefused
from bot.clock import Clock
from bot.domain.costs import counting
from bot.jobs.intervals import Intervals
from bot.jobs.open_job import OpenJob
from storage.jobs.job import Job
from storage.jobs.jobs import Jobs

log = logging.getLogger(__name__)


class Shows:
    """Posts cards. The step returns the delay in seconds until the next one."""

    def __init__(self, jobs: Jobs, cards: Cards, clock: Clock, intervals: Intervals) -> None:
        self._jobs = jobs
        self._cards = cards
        self._clock = clock
        self._intervals = intervals

    async def open(self, job: Job, *, looking: bool) -> Job:
        """Show the job where it was asked for. `PostRefused` ends it before anything was spent."""
        try:
            card_id, thread_id = await self._cards.open(job, looking=looking)
        except PostRefused:
            ended = {"failure": "cannot_post", **counting(job, "failed")}
            failed = await self._jobs.move(job, "failed", now=self._clock.now(), **ended)
            await self._jobs.close(failed, reply_id=None, now=self._clock.now())
            raise
        return await self._jobs.place(job, card_id=card_id, thread_id=thread_id)

    async def step(self, open_job: OpenJob) -> float | None:
        """Show a job that isn't shown yet; None when it has ended because it can't be."""
        try:
            open_job.job = await self.open(open_job.job, looking=True)
        except PostRefused:
            return None
        except PostFailed as fault:
            log.info("%s: showing: %s; again later", open_job.job.code, fault)
            open_job.faults += 1
            return self._intervals.after_fault(open_job.faults)
        return 0.0
