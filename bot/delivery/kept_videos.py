"""Finished videos that are kept: who may fetch which, and a member's own list of jobs. No Discord here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.clock import Clock
from bot.delivery.size_limit import SizeLimit
from bot.domain.job import Job, Stores
from bot.domain.results import Messages
from bot.files.job_files import JobFiles
from bot.media.editor import TooMuchWork, Unreadable
from bot.net.faults import DepotAway, Unwritable
from bot.placing import disk_faults
from bot.words.english import day
from bot.words.refusals.files import DiskFull, FilesAway
from bot.words.refusals.jobs import NoSuchJob
from bot.words.refusals.results import NotYoursToFetch, PiecesTooLarge, UndecidedReport, VideoThrownAway

log = logging.getLogger(__name__)

NOT_POSTED = {"kept", "result_lost"}
MOST_LISTED = 10
MOST_KEPT = 20  # buttons that fit under one message, beside another one


@dataclass(frozen=True, slots=True)
class Own:
    """What a member sees of their own: their newest jobs, which of them have a video to fetch, and whether they get
    direct messages.
    """

    jobs: list[Job]
    kept: list[Job]
    direct_messages: bool


class KeptVideos:
    """Hands out what is kept. Raises a `Refusal` that says why not."""

    def __init__(self, stores: Stores, size_limit: SizeLimit, job_files: JobFiles, clock: Clock) -> None:
        self._jobs = stores.jobs
        self._ledger = stores.ledger
        self._reports = stores.reports
        self._direct_messages = stores.direct_messages
        self._size_limit = size_limit
        self._job_files = job_files
        self._clock = clock

    async def own(self, guild_id: int, member_id: int) -> Own:
        """The member's own, in this server: what is kept comes first, however many came after it."""
        keeping = await self._ledger.keeping(guild_id, member_id, now=self._clock.now(), most=MOST_KEPT)
        kept = [job for job in keeping if await self.keeps(job)]
        newest = await self._ledger.jobs(guild_id, member_id=member_id, most=MOST_LISTED)
        others = [job for job in newest if job.forgotten_at is None and job not in kept]
        return Own([*kept, *others], kept, await self._direct_messages.agreed(member_id))

    async def fetchable(self, guild_id: int, job_id: int, *, by: int) -> Job:
        """The server's job of that id, whose video this person may fetch now: everybody one of which a smaller copy was
        posted, only its own member one that is nowhere to be seen.
        """
        job = await self._jobs.get(guild_id, job_id)
        if job is None:
            raise NoSuchJob
        if job.failure in NOT_POSTED and by != job.member_id:
            raise NotYoursToFetch(job=job.code)
        if await self._reports.awaits_decision(guild_id, job_id):
            raise UndecidedReport
        if not await self.keeps(job) or not await self._is_here(job):
            raise VideoThrownAway(job=job.code)
        return job

    async def _is_here(self, job: Job) -> bool:
        """Whether its whole video is on disk, brought back from elsewhere if need be."""
        try:
            await self._job_files.bring_back(job)
        except DepotAway as fault:
            log.warning("%s: its kept video can't be brought back: %s", job.code, fault)
            raise FilesAway from None
        except Unwritable:
            raise DiskFull from None
        return bool(await asyncio.to_thread(self._job_files.whole, job))

    async def keeps(self, job: Job) -> bool:
        """Whether its whole video can be fetched."""
        until = job.kept_until if job.forgotten_at is None else None
        if until is None or until <= self._clock.now():
            return False
        try:
            return await self._job_files.has_whole(job)
        except DepotAway as fault:
            log.warning("%s: it can't be seen whether its video is kept: %s", job.code, fault)
            return True  # as its row says

    def size(self, job: Job) -> int:
        """Of its whole video, in bytes."""
        return sum(file.stat().st_size for file in self._job_files.whole(job))

    @asynccontextmanager
    async def messages(self, job: Job, most_bytes: int) -> AsyncIterator[Messages]:
        """The whole video in files of at most so many bytes."""
        async with AsyncExitStack() as stack:
            try:
                with disk_faults():
                    messages = await stack.enter_async_context(self._size_limit.messages(job, most_bytes))
            except (Unreadable, TooMuchWork, Unwritable) as why:
                log.warning("%s: no pieces of %d bytes: %s", job.code, most_bytes, why)
                raise PiecesTooLarge(job=job.code, until=day(job.kept_until)) from None
            yield messages

    async def send_directly(self, member_id: int, *, wanted: bool) -> None:
        """Whether the person wants finished videos by direct message when nothing else works."""
        if wanted:
            await self._direct_messages.agree(member_id, now=self._clock.now())
        else:
            await self._direct_messages.withdraw(member_id)
