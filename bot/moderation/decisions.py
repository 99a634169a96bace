"""What moderators decide about jobs of their server. That it is a moderator who asks has been checked."""

from __future__ import annotations

from bot.clock import Clock
from bot.domain.job import Job, Stores
from bot.jobs.worker import Worker
from bot.words import limits
from bot.words.refusals.access import MemberBlocked
from bot.words.refusals.files import FileRemoved
from bot.words.refusals.jobs import NoSuchJob, NothingToRefund, NothingToSettle
from bot.words.refusals.limits import LimitReached
from storage.jobs.job_events import Stale
from storage.servers.quota import OverLimit


class Decisions:
    """Approving, giving back and settling. Raises a `Refusal`."""

    def __init__(self, stores: Stores, worker: Worker, clock: Clock) -> None:
        self._jobs = stores.jobs
        self._corrections = stores.corrections
        self._reports = stores.reports
        self._access = stores.access
        self._worker = worker
        self._clock = clock

    async def approve(self, guild_id: int, job_id: int, *, by: int) -> Job:
        """Let a held job begin."""
        job = await self._job(guild_id, job_id)
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
        job = await self._job(guild_id, job_id)
        await self._worker.deny(job, by=by)
        return job

    async def refund(self, guild_id: int, job_id: int, *, by: int) -> Job:
        """Give a job back to its member."""
        job = await self._job(guild_id, job_id)
        try:
            return await self._corrections.refund(job, by=by, now=self._clock.now())
        except Stale:
            raise NothingToRefund(job=job.code) from None

    async def settle(self, guild_id: int, job_id: int, *, charged: bool, by: int) -> Job:
        """Say whether an unknown outcome was charged."""
        job = await self._job(guild_id, job_id)
        try:
            return await self._corrections.settle(job, charged=charged, by=by, now=self._clock.now())
        except Stale:
            raise NothingToSettle(job=job.code) from None

    async def _job(self, guild_id: int, job_id: int) -> Job:
        job = await self._jobs.get(guild_id, job_id)
        if job is None:
            raise NoSuchJob
        return job
