"""From an ask that fits to a job: stored and counted in one transaction, shown in its channel, given to the worker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.asking.approval import APPROVAL_SECONDS, must_wait
from bot.asking.drafts import Draft
from bot.asking.server import Server
from bot.clock import Clock
from bot.domain.ask import Ask
from bot.domain.costs import micros, milliseconds
from bot.domain.job import Enqueued, Fallback, Job, NewJob, Stores
from bot.domain.reuse import reusable
from bot.files.job_files import JobFiles
from bot.jobs.intervals import deadline
from bot.jobs.worker import Worker
from bot.net.faults import Unwritable
from bot.preflight.fit import Candidate
from bot.words import limits
from bot.words.refusals.access import CannotPost
from bot.words.refusals.limits import LimitReached, ShuttingDown
from storage.jobs.job import claim_of
from storage.jobs.job_events import LifeOver
from storage.servers.quota import OverLimit

log = logging.getLogger(__name__)
T = TypeVar("T")


class Enqueuer:
    """Accepts jobs. Raises a `Refusal` when a limit is reached, or the job can't be shown."""

    def __init__(self, stores: Stores, job_files: JobFiles, worker: Worker, clock: Clock) -> None:
        self._guilds = stores.guilds
        self._jobs = stores.jobs
        self._limits = stores.limits
        self._job_files = job_files
        self._worker = worker
        self._clock = clock

    async def store(self, draft: Draft, server: Server, candidates: list[Candidate]) -> Enqueued:
        """Store the job and its files, and count it. What is too dear for a limit on money is left out. `Conflict`
        when there is a job of that command already.
        """
        ask = draft.ask
        if not server.is_member:
            await self._guilds.join(ask.guild_id, self._clock.now())

        async def enqueue(left: list[Candidate]) -> Enqueued:
            held = must_wait(ask, server, left)
            try:
                return await self._jobs.enqueue(self._job(ask, server, left, held=held), held=held)
            except LifeOver:  # whoever asked may have been told by another process that nothing was started
                raise ShuttingDown from None

        enqueued = await _within_limits(candidates, enqueue)
        job = enqueued.job
        try:
            await asyncio.to_thread(draft.keep_in, self._job_files, job)
            await self._job_files.keep_attached(job)
        except Unwritable as fault:
            log.warning("%s: its files are fetched again when they are needed: %s", job.code, fault)
            draft.throw_away()
        return enqueued

    async def check(self, ask: Ask, server: Server, candidates: list[Candidate]) -> Candidate:
        """Find out who would be tried first if the job were stored now; `LimitReached` when it couldn't be."""

        async def count(left: list[Candidate]) -> Candidate:
            job = self._job(ask, server, left, held=False)
            await self._limits.check(ask.guild_id, claim_of(job, active=1), job.created_at)
            return left[0]

        return await _within_limits(candidates, count)

    async def show(self, ask: Ask, job: Job) -> Job:
        """Hand the job to the worker, which shows it in its channel. One that can't be shown has ended."""
        job = await self._worker.begin(job)
        if job.failure == "cannot_post":
            raise CannotPost(channel=ask.place.channel_name)
        return job

    def _job(self, ask: Ask, server: Server, candidates: list[Candidate], *, held: bool) -> NewJob:
        now = self._clock.now()
        first, *others = candidates
        key = server.key(first.provider.name)
        stages = first.provider.stages(first.request)
        begun = reusable(ask.earlier, first.provider.name, stages, first.request, key.id if key else None, now)
        return NewJob(
            guild_id=ask.guild_id,
            interaction_id=ask.interaction_id,
            member_id=ask.member_id,
            role_ids=ask.asker.role_ids,
            channel_id=ask.place.channel_id,
            parent_id=ask.place.parent_id,
            opens_thread=ask.place.opens_thread,
            file_bytes=ask.place.file_bytes,
            provider=first.provider.name,
            request=first.request,
            fallbacks=tuple(Fallback(other.provider.name, other.request) for other in others),
            key_id=key.id if key and begun else None,
            yields=begun,
            position=stages[0].position,
            milliseconds=milliseconds(first.request),
            micros=max(micros(candidate.request.price_usd) for candidate in candidates),
            video_digest=first.request.video.digest,
            audio_digest=first.request.audio.digest if first.request.audio else None,
            created_at=now,
            deadline_at=now + APPROVAL_SECONDS if held else deadline(first.request, now),
        )


async def _within_limits(candidates: list[Candidate], attempt: Callable[[list[Candidate]], Awaitable[T]]) -> T:
    """What comes of an attempt, without those that are too dear for a limit on money; `LimitReached` when none are
    left.
    """
    while True:
        try:
            return await attempt(candidates)
        except OverLimit as over:
            if over.standing.rule.unit != "cents" or len(candidates) == 1:
                raise LimitReached(reason=limits.refusal(over)) from None
        dearest = max(candidates, key=lambda candidate: micros(candidate.request.price_usd))
        candidates = [candidate for candidate in candidates if candidate is not dearest]
