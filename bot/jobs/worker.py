"""The background task: takes every open job one step further when it is due, until its outcome is posted."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.chat.card import Replies
from bot.errors import PostFailed, PostRefused, Refusal
from bot.jobs.inputs import Handover
from bot.jobs.lanes import lane_of
from bot.jobs.scheduler import Schedule, Ticket
from bot.jobs.steps.approval import Approvals
from bot.jobs.steps.deliver import Delivery
from bot.jobs.steps.poll import Polls
from bot.jobs.steps.submit import Submits
from bot.jobs.transitions import Moves
from bot.words.refusals.asking import NothingToCancel, ShuttingDown
from bot.words.refusals.moderation import NotWaiting
from storage.jobs.job import OUTCOMES, Job
from storage.jobs.job_events import Stale

log = logging.getLogger(__name__)

RESUME_SPREAD = 10.0  # seconds over which the first steps after a start are spread
DRAIN_SECONDS = 15.0


class Worker:
    """Owns every open job between its start and its end. One per database."""

    def __init__(
        self,
        moves: Moves,
        approvals: Approvals,
        handover: Handover,
        submits: Submits,
        polls: Polls,
        delivery: Delivery,
        replies: Replies,
    ) -> None:
        self._jobs = moves.jobs
        self._approvals = approvals
        self._keys = moves.keys
        self._handover = handover
        self._submits = submits
        self._polls = polls
        self._delivery = delivery
        self._replies = replies
        self._pacing = moves.pacing
        self._tickets: dict[int, Ticket] = {}
        self._per_guild: Counter[int] = Counter()
        self._schedule = Schedule(self._take, lane_of, moves.clock)
        self.draining = False
        self.resumed = False  # whether what the last run left open has been taken on

    @property
    def open_jobs(self) -> int:
        """How many jobs are not closed yet."""
        return len(self._tickets)

    def open_in(self, guild_id: int) -> int:
        """How many of them are this server's."""
        return self._per_guild[guild_id]

    async def run(self) -> None:
        """Resume what the last run left open, then work until `drain`."""
        left_open = await self._jobs.open_jobs()
        for job in left_open:
            urgent = job.state == "submitting" or job.delivering_at is not None
            self.add(job, delay=0.0 if urgent else self._pacing.spread(min(RESUME_SPREAD, len(left_open) / 10)))
        self.resumed = True
        log.info("working; %d open jobs resumed", len(left_open))
        await self._schedule.run()

    def add(self, job: Job, delay: float = 0.0) -> None:
        """Take on an open job."""
        if job.id not in self._tickets:
            self._tickets[job.id] = Ticket(job)
            self._per_guild[job.guild_id] += 1
            self._schedule.put(self._tickets[job.id], delay)

    async def cancel(self, job: Job, *, by: int) -> None:
        """Cancel an open job, or raise the `Refusal` that says why not. Preparing its files is given up at once."""
        if job.state in OUTCOMES:  # its last step may take minutes, and can't be stopped
            raise NothingToCancel(job=job.code)
        self._handover.stop(job)
        async with self._moving(job, NothingToCancel) as ticket:
            await self._polls.cancel(ticket, by=by)

    async def approve(self, job: Job, *, by: int) -> None:
        """Let a held job begin, or raise the `Refusal` that says why not; `OverLimit` leaves it waiting."""
        async with self._moving(job, NotWaiting) as ticket:
            await self._approvals.approve(ticket, by=by)

    async def deny(self, job: Job, *, by: int) -> None:
        """End a held job, or raise the `Refusal` that says why not."""
        async with self._moving(job, NotWaiting) as ticket:
            await self._approvals.deny(ticket, by=by)

    @asynccontextmanager
    async def _moving(self, job: Job, otherwise: type[Refusal]) -> AsyncIterator[Ticket]:
        """The ticket of an open job while nobody else moves it; its next step is taken at once."""
        if not self.resumed:
            raise ShuttingDown
        ticket = self._tickets.get(job.id)
        if ticket is None or ticket.job.guild_id != job.guild_id:
            raise otherwise(job=job.code)
        async with ticket.stepping:
            yield ticket
            self._schedule.put(ticket, 0.0)

    async def drain(self) -> None:
        """Finish the steps under way, within a bound; open jobs stay for the next start."""
        self.draining = True
        await self._schedule.drain(DRAIN_SECONDS)
        await self._replies.close()

    async def _take(self, ticket: Ticket) -> None:
        """One step; whatever happens in it, the job keeps its place in the schedule."""
        async with ticket.stepping:
            before = _shown(ticket)
            try:
                delay = await self._step(ticket)
            except Stale:
                delay = await self._reload(ticket)
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("%s: this step failed inside the bot", ticket.job.code)
                ticket.faults += 1
                delay = self._pacing.after_fault(ticket.faults)
            if delay is None:
                await self._forget(ticket)
                return
            if (ticket.job.state not in OUTCOMES or ticket.large) and _shown(ticket) != before:
                self._replies.show(ticket.job, ticket.position)
            self._schedule.put(ticket, delay)

    async def _forget(self, ticket: Ticket) -> None:
        """The job is closed; with the last job of a replaced key, the key goes too."""
        job = ticket.job
        if self._tickets.pop(job.id, None):
            self._per_guild[job.guild_id] -= 1
        if job.key_id and all(info.id != job.key_id for info in await self._keys.shown(job.guild_id)):
            await self._keys.sweep(job.guild_id)

    async def _step(self, ticket: Ticket) -> float | None:
        if ticket.job.state in OUTCOMES:
            if not ticket.cleared:
                await self._handover.clear(ticket.job)
                ticket.cleared = True
            return await self._delivery.step(ticket)
        if ticket.job.card_id is None:
            return await self._open(ticket)
        if ticket.job.state == "held":
            return await self._approvals.wait(ticket)
        if ticket.job.state == "queued":
            await self._delivery.finishing.gather(ticket.job)
            return await self._submits.submit(ticket)
        if ticket.job.state == "submitting":
            return await self._submits.find(ticket)
        return await self._polls.poll(ticket)

    async def _open(self, ticket: Ticket) -> float | None:
        try:
            ticket.job = await self._delivery.open(ticket.job, looking=True)
        except PostRefused:
            return None
        except PostFailed as fault:
            log.info("%s: showing: %s; again later", ticket.job.code, fault)
            ticket.faults += 1
            return self._pacing.after_fault(ticket.faults)
        return 0.0

    async def _reload(self, ticket: Ticket) -> float | None:
        job = await self._jobs.get(ticket.job.guild_id, ticket.job.id)
        if job is None or job.closed_at is not None:
            return None
        ticket.job = job
        return 0.0


def _shown(ticket: Ticket) -> tuple[object, ...]:
    """What of a ticket its card tells."""
    return ticket.job.state, ticket.job.stage, ticket.job.provider, ticket.position, ticket.large
