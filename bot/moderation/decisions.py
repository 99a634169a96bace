"""What moderators decide about jobs and results of their server. That it is a moderator who asks has been checked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from bot.chat.errors import PostFailed
from bot.chat.log_channel import LogChannel
from bot.chat.posted_results import PostedResults
from bot.clock import Clock
from bot.domain.results import Posted
from bot.jobs.worker import Worker
from bot.providers.base import Provider
from bot.words import limits
from bot.words.refusals.asking import Blocked, LimitReached
from bot.words.refusals.files import FileRemoved
from bot.words.refusals.moderation import (
    AlreadyDecided,
    AlreadyReported,
    CannotRemove,
    DiscordAway,
    MemberBlocked,
    NoSuchJob,
    NothingToRefund,
    NothingToSettle,
    NotYoursToDelete,
    UndecidedReport,
)
from storage.jobs.job import Job
from storage.jobs.job_events import Stale
from storage.jobs.jobs import Jobs
from storage.jobs.ledger import Ledger, Line
from storage.people.privacy import Privacy
from storage.people.reports import Decision, Report, Reports
from storage.servers.access import Access
from storage.servers.quota import OverLimit


class Decisions:
    """Approving, giving back, settling, and looking after reported results. Raises a `Refusal`."""

    def __init__(
        self,
        jobs: Jobs,
        ledger: Ledger,
        reports: Reports,
        access: Access,
        privacy: Privacy,
        results: PostedResults,
        log_channel: LogChannel,
        worker: Worker,
        providers: Mapping[str, Provider],
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._ledger = ledger
        self._reports = reports
        self._access = access
        self._privacy = privacy
        self._results = results
        self._log_channel = log_channel
        self.providers = providers
        self._worker = worker
        self._clock = clock
        self._decisions: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def job(self, guild_id: int, job_id: int) -> Job:
        """This server's job of that id."""
        job = await self._jobs.get(guild_id, job_id)
        if job is None:
            raise NoSuchJob
        return job

    async def jobs(self, guild_id: int, **kind: Any) -> Sequence[Job]:
        """The server's newest jobs of a kind, which is said as to `Ledger.jobs`."""
        return await self._ledger.jobs(guild_id, **kind)

    async def report_on(self, job: Job) -> Report | None:
        """What was reported of a job's result."""
        return await self._reports.of(job.guild_id, job.id)

    async def undecided(self, guild_id: int) -> list[Job]:
        """The jobs whose results were reported and wait for a decision."""
        found = [await self._jobs.get(guild_id, report.job_id) for report in await self._reports.undecided(guild_id)]
        return [job for job in found if job]

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

    async def report(self, guild_id: int, job_id: int, posted: Posted, *, by: int) -> tuple[bool, bool]:
        """Anyone may report a result: it is hidden and the moderators are asked; whether each could be done."""
        if await self._access.is_blocked(guild_id, by):
            raise Blocked
        async with self._deciding(guild_id, job_id) as job:
            if await self._reports.of(guild_id, job_id):
                raise AlreadyReported
            hidden = await self._results.hide(posted)
            await self._reports.file(
                job,
                channel_id=posted.channel_id,
                message_id=posted.message_id,
                hidden=hidden,
                by=by,
                now=self._clock.now(),
            )
            return hidden, await self._log_channel.reaches(guild_id)

    async def decide(self, guild_id: int, job_id: int, decision: Decision, *, block: bool, by: int) -> str:
        """Restore a reported result, or remove it and what is stored of it; what became of the message.

        The decision is stored after Discord has carried it out: pressed again after a crash in between, it is carried
        out again, which changes nothing.
        """
        async with self._deciding(guild_id, job_id) as job:
            report = await self._reports.of(guild_id, job_id)
            if report is None or report.decision:
                raise AlreadyDecided
            posted = Posted(guild_id, report.channel_id, report.message_id)
            said = _GONE
            if decision == "restored":
                shown = await self._results.show(posted)
                said = "It is shown again." if shown else "I couldn't change the message; it may be gone."
            elif not await self._results.remove(job, posted):
                raise CannotRemove
            now = self._clock.now()
            if block and job.member_id:
                await self._access.block(guild_id, job.member_id, f"for {job.code}, which was reported", by=by, now=now)
                said += f" <@{job.member_id}> is blocked."
            await self._reports.decide(job, decision, by=by, now=now)
            return said

    async def delete(self, guild_id: int, job_id: int, posted: Posted, *, by: int, is_moderator: bool) -> str:
        """Delete one's own result, or any for a moderator; what became of the message."""
        async with self._deciding(guild_id, job_id) as job:
            if not is_moderator and by != job.member_id:
                raise NotYoursToDelete(job=job.code)
            if await self._reports.awaits_decision(guild_id, job_id):
                raise UndecidedReport
            if not await self._results.remove(job, posted):
                raise CannotRemove
            await self._privacy.erase(job, now=self._clock.now())
            return _GONE

    @asynccontextmanager
    async def _deciding(self, guild_id: int, job_id: int) -> AsyncIterator[Job]:
        """The job, while nobody else decides about its result; `DiscordAway` when nothing can be done now."""
        lock = self._decisions.setdefault(job_id, asyncio.Lock())
        async with lock:
            try:
                yield await self.job(guild_id, job_id)
            except PostFailed:
                raise DiscordAway from None


_GONE = "It is deleted here and from my storage. Copies that others saved are out of my reach."
