"""The background task: takes every open job one step further when it is due, until its outcome is posted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress

from bot.chat.card import Cards
from bot.clock import Clock
from bot.domain.job import Job
from bot.errors import Refusal
from bot.files.room import Room
from bot.jobs.claiming import Claiming
from bot.jobs.inputs import Inputs
from bot.jobs.lanes import Lanes
from bot.jobs.lease import Lease
from bot.jobs.open_job import OpenJob, OpenJobs, Phase, Queued, phase_of
from bot.jobs.runner import Runner
from bot.jobs.scheduler import Scheduler
from bot.words.refusals.jobs import NothingToCancel, NotWaiting
from storage.jobs.job import OUTCOMES
from storage.jobs.job_events import Stale

log = logging.getLogger(__name__)

MOST_TRIES = 3  # to move a job that somebody else moves at the same time
DRAIN_SECONDS = 15.0
RESUME_PAUSE = 1.0  # seconds that a job that was left open waits for its first step once somebody acts on it
SHOW_PATIENCE = 10.0  # seconds in which a new job is shown before its member is answered all the same


class Worker:
    """Holds the open jobs that this process owns. One per process."""

    def __init__(
        self,
        claiming: Claiming,
        runner: Runner,
        lanes: Lanes,
        inputs: Inputs,
        cards: Cards,
        room: Room,
        clock: Clock,
        lease: Lease,
    ) -> None:
        self._claiming = claiming
        self._runner = runner
        self._lanes = lanes
        self._inputs = inputs
        self._cards = cards
        self._room = room
        self._clock = clock
        self._lease = lease
        self.is_alone = not lease.can_end  # no other process has jobs
        self.held = OpenJobs()
        self._scheduler = Scheduler(self._take, lanes.of, clock)
        self.resumed = asyncio.Event()  # set once what the last run left open has been taken on
        self.draining = False

    @property
    def turned_at(self) -> float:
        """When the worker last looked for what is due, by the monotonic clock."""
        return self._scheduler.turned_at

    @property
    def open_jobs(self) -> int:
        """How many jobs this process has that are not closed yet."""
        return len(self.held)

    def open_in(self, guild_id: int) -> int:
        """How many of them are this server's."""
        return self.held.in_guild(guild_id)

    async def run(self) -> None:
        """Work until `drain`; meanwhile take on what is nobody's, and what becomes so."""
        async with asyncio.TaskGroup() as tree:
            claiming = tree.create_task(self._resume())
            await self._scheduler.run()
            claiming.cancel()

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
        if job.closed_at is not None and job.id not in self.held:
            self._take_on(job, phase_of(job), 0.0)
        if job.state in OUTCOMES:  # its last step may take minutes, and can't be stopped
            raise NothingToCancel(job=job.code)
        self._inputs.stop(job)
        await self._move(job, lambda open_job: self._runner.cancel(open_job, by=by), NothingToCancel)

    async def approve(self, job: Job, *, by: int) -> None:
        """Let a held job begin, or raise the `Refusal` that says why not; `OverLimit` leaves it waiting."""
        await self._move(job, lambda open_job: self._runner.approve(open_job, by=by), NotWaiting)

    async def deny(self, job: Job, *, by: int) -> None:
        """End a held job, or raise the `Refusal` that says why not."""
        await self._move(job, lambda open_job: self._runner.deny(open_job, by=by), NotWaiting)

    async def drain(self) -> None:
        """Finish the steps under way, within a bound; open jobs stay for other processes, or for the next start."""
        self.draining = True
        await self._scheduler.drain(DRAIN_SECONDS)
        await self._cards.close()
        await self._lease.end()

    async def _resume(self) -> None:
        await self._claiming.recall()
        count = await self._claim()
        self.resumed.set()
        log.info("working; %d open jobs resumed", count)
        await self._claiming.go_on(self._claim)

    async def _claim(self) -> int:
        """Take on what is nobody's, as far as there is room; how many jobs that were."""
        count = 0
        async with aclosing(self._claiming.claim(self.held)) as claimed:
            async for jobs in claimed:
                for job, delay in jobs:
                    self._take_on(job, phase_of(job), delay)
                count += len(jobs)
                if self.draining:
                    break
        return count

    def _take_on(self, job: Job, phase: Phase, delay: float) -> OpenJob:
        open_job = self.held.take_on(job, phase)
        self._scheduler.put(open_job, delay)
        return open_job

    async def _move(self, job: Job, move: Callable[[OpenJob], Awaitable[None]], otherwise: type[Refusal]) -> None:
        """Move a job while nobody else here does. One that this process owns takes its next step at once; any other
        is nobody's from then on, and is taken on by whoever sees it first.
        """
        if self.is_alone and not self.resumed.is_set() and job.id not in self.held:  # it would be read as it was
            self._take_on(job, phase_of(job), RESUME_PAUSE)
        for _ in range(MOST_TRIES):
            open_job = self.held.get(job.id) or OpenJob(job, phase_of(job))
            async with open_job.stepping:
                try:
                    if open_job.undone:
                        await self._runner.apply(open_job, open_job.undone)
                    await move(open_job)
                except Stale:
                    if await self._runner.reload(open_job) is None:
                        self._drop(open_job)
                    job = open_job.job
                    continue
                if self._is_current(open_job):
                    self._runner.show(open_job)
                    self._scheduler.put(open_job, 0.0)
                return
        raise otherwise(job=job.code)

    async def _take(self, open_job: OpenJob) -> None:
        """One step, if it is for this process. The job keeps its place in the schedule until it is over, or let go."""
        if not self._is_current(open_job):
            return
        role = self._lanes.role_of(open_job)
        if open_job.undone or self._claiming.takes(open_job, role):
            delay = await self._runner.run(open_job)
            if delay:  # one that waits holds up no edit
                self._claiming.dropped(open_job.job)
        else:
            delay = await self._claiming.let_go(open_job.job, for_media=role == "media")
        if not self._is_current(open_job):
            return
        if delay is not None:
            self._scheduler.put(open_job, delay)
            return
        self._drop(open_job)
        if open_job.job.kept_until:
            await self._make_room(open_job.job)

    def _drop(self, open_job: OpenJob) -> None:
        self.held.drop(open_job)
        self._claiming.dropped(open_job.job)

    def _is_current(self, open_job: OpenJob) -> bool:
        """Whether it was neither dropped nor taken on anew."""
        return self.held.get(open_job.job.id) is open_job

    async def _make_room(self, job: Job) -> None:
        """A kept video counts against its server's share of the disk."""
        try:
            await self._room.make(job.guild_id)
        except Exception:
            log.exception("%s: no room could be made after it", job.code)
