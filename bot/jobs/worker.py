"""The background task: takes every open job one step further when it is due, until its outcome is posted."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.chat.card import Cards
from bot.errors import Refusal
from bot.jobs.inputs import Inputs
from bot.jobs.lanes import lane_of
from bot.jobs.open_job import OpenJob
from bot.jobs.runner import Runner
from bot.jobs.scheduler import Scheduler
from bot.jobs.steps.approval import Approvals
from bot.jobs.steps.poll import Polls
from bot.jobs.transitions import Transitions
from bot.words.refusals.asking import NothingToCancel, ShuttingDown
from bot.words.refusals.moderation import NotWaiting
from storage.jobs.job import OUTCOMES, Job

log = logging.getLogger(__name__)

RESUME_SPREAD = 10.0  # seconds over which the first steps after a start are spread
DRAIN_SECONDS = 15.0


class Worker:
    """Owns every open job between its start and its end. One per database."""

    def __init__(
        self,
        transitions: Transitions,
        runner: Runner,
        approvals: Approvals,
        inputs: Inputs,
        polls: Polls,
        cards: Cards,
    ) -> None:
        self._jobs = transitions.jobs
        self._keys = transitions.keys.store
        self._intervals = transitions.intervals
        self.runner = runner
        self._approvals = approvals
        self._inputs = inputs
        self._polls = polls
        self._cards = cards
        self._open_jobs: dict[int, OpenJob] = {}
        self._per_guild: Counter[int] = Counter()
        self._scheduler = Scheduler(self._take, lane_of, transitions.clock)
        self.draining = False
        self.resumed = False  # whether what the last run left open has been taken on

    @property
    def open_jobs(self) -> int:
        """How many jobs are not closed yet."""
        return len(self._open_jobs)

    def open_in(self, guild_id: int) -> int:
        """How many of them are this server's."""
        return self._per_guild[guild_id]

    async def run(self) -> None:
        """Resume what the last run left open, then work until `drain`."""
        left_open = await self._jobs.open_jobs()
        for job in left_open:
            urgent = job.state == "submitting" or job.delivering_at is not None
            self.add(job, delay=0.0 if urgent else self._intervals.spread(min(RESUME_SPREAD, len(left_open) / 10)))
        self.resumed = True
        log.info("working; %d open jobs resumed", len(left_open))
        await self._scheduler.run()

    def add(self, job: Job, delay: float = 0.0) -> None:
        """Take on an open job."""
        if job.id not in self._open_jobs:
            self._open_jobs[job.id] = OpenJob(job)
            self._per_guild[job.guild_id] += 1
            self._scheduler.put(self._open_jobs[job.id], delay)

    async def cancel(self, job: Job, *, by: int) -> None:
        """Cancel an open job, or raise the `Refusal` that says why not. Preparing its files is given up at once."""
        if job.state in OUTCOMES:  # its last step may take minutes, and can't be stopped
            raise NothingToCancel(job=job.code)
        self._inputs.stop(job)
        async with self._moving(job, NothingToCancel) as open_job:
            await self._polls.cancel(open_job, by=by)

    async def approve(self, job: Job, *, by: int) -> None:
        """Let a held job begin, or raise the `Refusal` that says why not; `OverLimit` leaves it waiting."""
        async with self._moving(job, NotWaiting) as open_job:
            await self._approvals.approve(open_job, by=by)

    async def deny(self, job: Job, *, by: int) -> None:
        """End a held job, or raise the `Refusal` that says why not."""
        async with self._moving(job, NotWaiting) as open_job:
            await self._approvals.deny(open_job, by=by)

    @asynccontextmanager
    async def _moving(self, job: Job, otherwise: type[Refusal]) -> AsyncIterator[OpenJob]:
        """An open job while nobody else moves it; its next step is taken at once."""
        if not self.resumed:
            raise ShuttingDown
        open_job = self._open_jobs.get(job.id)
        if open_job is None or open_job.job.guild_id != job.guild_id:
            raise otherwise(job=job.code)
        async with open_job.stepping:
            yield open_job
            self._scheduler.put(open_job, 0.0)

    async def drain(self) -> None:
        """Finish the steps under way, within a bound; open jobs stay for the next start."""
        self.draining = True
        await self._scheduler.drain(DRAIN_SECONDS)
        await self._cards.close()

    async def _take(self, open_job: OpenJob) -> None:
        """One step; the job keeps its place in the schedule until it is closed."""
        async with open_job.stepping:
            delay = await self.runner.run(open_job)
            if delay is None:
                await self._forget(open_job)
            else:
                self._scheduler.put(open_job, delay)

    async def _forget(self, open_job: OpenJob) -> None:
        """The job is closed; with the last job of a replaced key, the key goes too."""
        job = open_job.job
        if self._open_jobs.pop(job.id, None):
            self._per_guild[job.guild_id] -= 1
        if job.key_id and all(info.id != job.key_id for info in await self._keys.shown(job.guild_id)):
            await self._keys.sweep(job.guild_id)
