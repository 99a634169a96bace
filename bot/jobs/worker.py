"""The background task: takes every open job one step further when it is due, until its outcome is posted."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bot.chat.card import Cards
from bot.clock import Clock
from bot.domain.job import NO_REQUEST, Job, Jobs
from bot.errors import Refusal
from bot.files.room import Room
from bot.jobs.inputs import Inputs
from bot.jobs.intervals import Intervals
from bot.jobs.lanes import Lanes
from bot.jobs.open_job import OpenJob, Phase, Queued, phase_of
from bot.jobs.runner import Runner
from bot.jobs.scheduler import Scheduler
from bot.words.refusals.jobs import NothingToCancel, NotWaiting
from bot.words.refusals.limits import ShuttingDown
from storage.jobs.damaged import Damaged
from storage.jobs.job import OUTCOMES
from storage.jobs.job_events import Stale

log = logging.getLogger(__name__)

RESUME_SPREAD = 10.0  # seconds over which the first steps after a start are spread
DRAIN_SECONDS = 15.0
RESUME_PATIENCE = 10.0  # seconds in which somebody who acts on a job right after a start waits for the worker
SHOW_PATIENCE = 10.0  # seconds in which a new job is shown before its member is answered all the same


class Worker:
    """Owns every open job between its start and its end. One per database."""

    def __init__(
        self,
        jobs: Jobs,
        runner: Runner,
        lanes: Lanes,
        inputs: Inputs,
        cards: Cards,
        room: Room,
        clock: Clock,
        intervals: Intervals,
    ) -> None:
        self._jobs = jobs
        self._runner = runner
        self._inputs = inputs
        self._cards = cards
        self._room = room
        self._clock = clock
        self._intervals = intervals
        self._open_jobs: dict[int, OpenJob] = {}
        self._per_guild: Counter[int] = Counter()
        self._scheduler = Scheduler(self._take, lanes.of, clock)
        self._resumed = asyncio.Event()
        self.draining = False

    @property
    def resumed(self) -> bool:
        """Whether what the last run left open has been taken on."""
        return self._resumed.is_set()

    @property
    def turned_at(self) -> float:
        """When the worker last looked for what is due, by the monotonic clock."""
        return self._scheduler.turned_at

    @property
    def open_jobs(self) -> int:
        """How many jobs are not closed yet."""
        return len(self._open_jobs)

    def open_in(self, guild_id: int) -> int:
        """How many of them are this server's."""
        return self._per_guild[guild_id]

    async def run(self) -> None:
        """Resume what the last run left open, then work until `drain`."""
        left_open, damaged = await self._jobs.open_jobs()
        for row in damaged:
            if ended := await self._end(row):
                left_open.append(ended)
        left_open += await self._jobs.with_cards_due()
        for job in left_open:
            urgent = job.closed_at is None and (job.state == "submitting" or job.delivering_at is not None)
            delay = 0.0 if urgent else self._intervals.spread(min(RESUME_SPREAD, len(left_open) / 10))
            self._take_on(job, phase_of(job), delay)
        self._resumed.set()
        log.info("working; %d open jobs resumed", len(left_open))
        await self._scheduler.run()

    async def begin(self, job: Job) -> Job:
        """Take on a job that was just accepted; the job once it is shown, or once that was tried."""
        open_job = self._take_on(job, Queued(accepted_now=True), 0.0)
        if not self.draining:
            with suppress(TimeoutError):
                async with asyncio.timeout(SHOW_PATIENCE):
                    await open_job.shown.wait()
        return open_job.job

    async def cancel(self, job: Job, *, by: int) -> None:
        """Cancel an open job, or raise the `Refusal` that says why not. Preparing its files is given up at once. The
        card of one that is closed is brought up to date: it may still have offered this.
        """
        if job.closed_at is not None:
            self._take_on(job, phase_of(job), 0.0)
        if job.state in OUTCOMES:  # its last step may take minutes, and can't be stopped
            raise NothingToCancel(job=job.code)
        self._inputs.stop(job)
        async with self._moving(job, NothingToCancel) as open_job:
            await self._runner.cancel(open_job, by=by)

    async def approve(self, job: Job, *, by: int) -> None:
        """Let a held job begin, or raise the `Refusal` that says why not; `OverLimit` leaves it waiting."""
        async with self._moving(job, NotWaiting) as open_job:
            await self._runner.approve(open_job, by=by)

    async def deny(self, job: Job, *, by: int) -> None:
        """End a held job, or raise the `Refusal` that says why not."""
        async with self._moving(job, NotWaiting) as open_job:
            await self._runner.deny(open_job, by=by)

    async def drain(self) -> None:
        """Finish the steps under way, within a bound; open jobs stay for the next start."""
        self.draining = True
        await self._scheduler.drain(DRAIN_SECONDS)
        await self._cards.close()

    async def _end(self, damaged: Damaged) -> Job | None:
        """End a job whose row can't be read; None when even that fails: it must not keep the others waiting."""
        try:
            return await self._jobs.end_damaged(damaged, request=NO_REQUEST, failure="internal", now=self._clock.now())
        except Exception:
            log.exception("job %s can't be read, nor ended; it is left as it is", damaged.id)
            return None

    def _take_on(self, job: Job, phase: Phase, delay: float) -> OpenJob:
        """The open job; one that is known already stays as it is."""
        open_job = self._open_jobs.get(job.id)
        if open_job is None:
            open_job = self._open_jobs[job.id] = OpenJob(job, phase)
            self._per_guild[job.guild_id] += 1
            self._scheduler.put(open_job, delay)
        return open_job

    @asynccontextmanager
    async def _moving(self, job: Job, otherwise: type[Refusal]) -> AsyncIterator[OpenJob]:
        """An open job while nobody else moves it; its next step is taken at once."""
        try:
            async with asyncio.timeout(RESUME_PATIENCE):
                await self._resumed.wait()
        except TimeoutError:
            raise ShuttingDown from None
        open_job = self._open_jobs.get(job.id)
        if open_job is None or open_job.job.guild_id != job.guild_id:
            raise otherwise(job=job.code)
        async with open_job.stepping:
            try:
                if open_job.undone:
                    await self._runner.apply(open_job, open_job.undone)
                yield open_job
            except Stale:
                await self._runner.reload(open_job)
                raise otherwise(job=job.code) from None
            self._runner.show(open_job)
            self._scheduler.put(open_job, 0.0)

    async def _take(self, open_job: OpenJob) -> None:
        """One step; whatever happens in it, the job keeps its place in the schedule until it is over."""
        delay = await self._runner.run(open_job)
        if delay is not None:
            self._scheduler.put(open_job, delay)
        elif self._open_jobs.pop(open_job.job.id, None):
            self._per_guild[open_job.job.guild_id] -= 1
            if open_job.job.kept_until:
                await self._make_room(open_job.job)

    async def _make_room(self, job: Job) -> None:
        """A kept video counts against its server's share of the disk."""
        try:
            await self._room.make(job.guild_id)
        except Exception:
            log.exception("%s: no room could be made after it", job.code)
