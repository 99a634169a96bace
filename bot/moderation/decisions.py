"""What moderators decide about jobs of their server. That it is a moderator who asks has been checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.clock import Clock
from bot.domain.job import Job, Stores
from bot.jobs.worker import Worker
from bot.words import limits
from bot.words.refusals.access import MemberBlocked
from bot.words.refusals.files import FileRemoved
from bot.words.refusals.jobs import NoSuchJob, NothingToRefund, NothingToSettle
from bot.words.refusals.limits import LimitReached
from storage.jobs.job_events import Stale
from storage.jobs.ledger import Line
from storage.servers.quota import OverLimit


class Decisions:
    """Approving, giving back and settling. Raises a `Refusal`."""

    def __init__(self, stores: Stores, worker: Worker, clock: Clock) -> None:
        self._jobs = stores.jobs
        self._ledger = stores.ledger
        self._reports = stores.reports
        self._access = stores.access
        self._worker = worker
        self._clock = clock

    async def job(self, guild_id: int, job_id: int) -> Job:
        """This server's job of that id."""
        job = await self._jobs.get(guild_id, job_id)
        if job is None:
            raise NoSuchJob
        return job

    async def jobs(self, guild_id: int, **kind: Any) -> Sequence[Job]:
        """The server's newest jobs of a kind, which is said as to `Ledger.jobs`."""
        return await self._ledger.jobs(guild_id, **kind)

    async def month(self, guild_id: int, since: float, until: float) -> Sequence[Line]:
        """What was asked for in that time, added up."""
        return await self._ledger.month(guild_id, since, until)

    async def under_way(self, guild_id: int, member_id: int) -> list[Job]:
        """A member's jobs that have not ended yet."""
        return await self._ledger.under_way(guild_id, member_id)

    async def approve(self, guild_id: int, job_id: int, *, by: int) -> Job:
        """Let a held job begin."""
        job = await self.job(guild_id, job_id)
        if await self._access.is_blocked(guild_id, job.member_id):
            raise MemberBlocked(member=f"<@{job.member_id}>")
        if await self._reports.removed_among(guild_id, (job.video_digest, job.audio_digest)):
            raise FileRemoved
        try:
            await self._worker.approve(job, by=by)
        except OverLimit as over:
            raise LimitReached(reason=f"<@{job.member_id}>: {limits.refusal(over)}") from None
        return job

    async def deny(self, guild_id: int, job_id: int, *, by: int) -> Job:
        """End a held job."""
        job = await self.job(guild_id, job_id)
        await self._worker.deny(job, by=by)
        return job

    async def refund(self, guild_id: int, job_id: int, *, by: int) -> Job:
        """Give a job back to its member."""
        job = await self.job(guild_id, job_id)
        try:
            return await self._ledger.refund(job, by=by, now=self._clock.now())
        except Stale:
            raise NothingToRefund(job=job.code) from None

    async def settle(self, guild_id: int, job_id: int, *, charged: bool, by: int) -> Job:
        """Say whether an unknown outcome was charged."""
        job = await self.job(guild_id, job_id)
        try:
            return await self._ledger.settle(job, charged=charged, by=by, now=self._clock.now())
        except Stale:
            raise NothingToSettle(job=job.code) from None
