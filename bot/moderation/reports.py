"""Posted results that somebody wants gone: reporting, deciding about a report, deleting."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from bot.chat.cases.escalation import Escalation
from bot.chat.errors import PostFailed
from bot.chat.posted_results import PostedResults
from bot.clock import Clock
from bot.domain.job import Job, Stores
from bot.domain.results import Posted
from bot.words.admin.cases import BLURRED, NOT_BLURRED, TOLD, reported
from bot.words.answers import decisions
from bot.words.refusals.access import Blocked
from bot.words.refusals.jobs import NoSuchJob
from bot.words.refusals.results import (
    AlreadyDecided,
    AlreadyReported,
    AlreadyReviewed,
    CannotRemove,
    DiscordAway,
    NotYoursToDelete,
    ReportsUsedUp,
    UndecidedReport,
)
from storage.people.deletions import Deletion
from storage.people.reporters import COUNTED_SECONDS
from storage.people.reports import Decision, Report

log = logging.getLogger(__name__)

# Of one member in one server within an hour. Who means well meets a few bad videos and not a channel full of them: what
# is reported beyond that stays visible until moderators have looked, and they are not asked without end.
MOST_HIDDEN = 5
MOST_REPORTS = 20
LOOK_SECONDS = 30.0  # between two looks for deletions that a life of the bot didn't finish
UNDER_WAY_SECONDS = 60.0  # for which whoever began one is still at it


class ReportedResults:
    """Hides, restores and removes posted results. Raises a `Refusal`."""

    def __init__(
        self,
        stores: Stores,
        results: PostedResults,
        escalation: Escalation,
        clock: Clock,
    ) -> None:
        self._jobs = stores.jobs
        self._reports = stores.reports
        self._reporters = stores.reporters
        self._access = stores.access
        self._privacy = stores.privacy
        self._deletions = stores.deletions
        self._results = results
        self._escalation = escalation
        self._clock = clock
        self._reporting: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()
        self._decisions: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def look_up(self, guild_id: int, job_id: int) -> tuple[Job, Report | None]:
        """This server's job of that id, and what was reported of its result, None when nothing was."""
        return await self._job(guild_id, job_id), await self._reports.of(guild_id, job_id)

    async def report(self, guild_id: int, job_id: int, posted: Posted, *, by: int) -> str:
        """Anyone may report a result: it is hidden and a moderator is asked; what became of that."""
        if await self._access.is_blocked(guild_id, by):
            raise Blocked
        one_at_a_time = self._reporting.setdefault((guild_id, by), asyncio.Lock())  # so that each counts the others
        async with one_at_a_time, self._deciding(guild_id, job_id) as job:
            now = self._clock.now()
            hides_again_at = await self._hides_again_at(guild_id, by, now)
            if earlier := await self._reports.of(guild_id, job_id):
                await self._refuse_again(earlier, by, hides=hides_again_at is None)
            hidden = hides_again_at is None and await self._results.hide(posted)
            await self._reports.file(
                job,
                channel_id=posted.channel_id,
                message_id=posted.message_id,
                hidden=hidden,
                by=by,
                now=now,
            )
        told = await self._escalation.told(guild_id, "reported", job_id)
        return reported(told, hidden=hidden, hides_again_at=hides_again_at)

    async def _hides_again_at(self, guild_id: int, member_id: int, now: float) -> float | None:
        """When a report of this member hides something again, None for now; `ReportsUsedUp` when they can't report."""
        made = await self._reporters.counted(guild_id, member_id, now=now)
        if len(made) >= MOST_REPORTS:
            at = made[-MOST_REPORTS].reported_at + COUNTED_SECONDS
            raise ReportsUsedUp(most=MOST_REPORTS, at=int(at) + 1)
        hiding = [report.reported_at for report in made if report.hidden]
        return hiding[-MOST_HIDDEN] + COUNTED_SECONDS if len(hiding) >= MOST_HIDDEN else None

    async def _refuse_again(self, earlier: Report, by: int, *, hides: bool) -> None:
        """Refuse a report after this one if it changes nothing, as `Reports.file` says."""
        is_theirs = await self._reporters.has_reported(earlier.guild_id, earlier.job_id, by)
        if earlier.decision == "removed" or (earlier.decision and is_theirs):
            raise AlreadyReviewed
        if earlier.decision is None and (earlier.hidden or is_theirs or not hides):
            told = await self._escalation.told(earlier.guild_id, "reported", earlier.job_id)
            raise AlreadyReported(what_now=f"{BLURRED if earlier.hidden else NOT_BLURRED} {TOLD[told]}")

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
            said = decisions.DELETED
            if decision == "restored":
                said = decisions.restored(shown=await self._results.show(posted))
            elif not await self._results.remove(job, posted):
                raise CannotRemove
            now = self._clock.now()
            if block and job.member_id:
                await self._access.block(guild_id, job.member_id, decisions.block_reason(job), by=by, now=now)
                said = decisions.blocked_too(said, job)
            await self._reports.decide(job, decision, by=by, now=now)
            return said

    async def delete(self, guild_id: int, job_id: int, posted: Posted, *, by: int, is_moderator: bool) -> str:
        """Delete one's own result, or any for a moderator; what became of the message."""
        async with self._deciding(guild_id, job_id) as job:
            if not is_moderator and by != job.member_id:
                raise NotYoursToDelete(job=job.code)
            if await self._reports.awaits_decision(guild_id, job_id):
                raise UndecidedReport
            await self._deletions.begin(
                job, channel_id=posted.channel_id, message_id=posted.message_id, now=self._clock.now()
            )
            try:
                await self._carry_out(job, posted)
            except (PostFailed, CannotRemove):
                await self._deletions.abandon(guild_id, job_id)
                raise
            return decisions.DELETED

    async def finish_deletions(self) -> None:
        """Until cancelled: carry out what the last life of the bot had begun when it ended."""
        while True:
            for begun in await self._deletions.begun_before(self._clock.now() - UNDER_WAY_SECONDS):
                await self._finish(begun)
            await self._clock.sleep(LOOK_SECONDS)

    async def _finish(self, begun: Deletion) -> None:
        posted = Posted(begun.guild_id, begun.channel_id, begun.message_id)
        try:
            async with self._deciding(begun.guild_id, begun.job_id) as job:
                await self._carry_out(job, posted)
        except DiscordAway as fault:
            log.info("job %s: its deletion waits: %s", begun.job_id, fault)
        except CannotRemove:  # whoever pressed the button sees that it is still there
            await self._deletions.abandon(begun.guild_id, begun.job_id)

    async def _carry_out(self, job: Job, posted: Posted) -> None:
        """Delete a result and what is stored of it; again after a crash in between, which changes nothing."""
        if not await self._results.remove(job, posted):
            raise CannotRemove
        await self._privacy.erase(job, now=self._clock.now())

    @asynccontextmanager
    async def _deciding(self, guild_id: int, job_id: int) -> AsyncIterator[Job]:
        """The job, while nobody else decides about its result; `DiscordAway` when nothing can be done now."""
        lock = self._decisions.setdefault(job_id, asyncio.Lock())
        async with lock:
            try:
                yield await self._job(guild_id, job_id)
            except PostFailed:
                raise DiscordAway from None

    async def _job(self, guild_id: int, job_id: int) -> Job:
        job = await self._jobs.get(guild_id, job_id)
        if job is None:
            raise NoSuchJob
        return job
