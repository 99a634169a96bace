"""What is thrown away by itself: old texts and links, kept videos, and servers that are gone for good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from functools import partial

from bot.clock import DAY, Clock
from bot.domain.job import Stores
from bot.files.job_files import FILES_KEPT, JobFiles
from bot.retention.privacy import Forgettable
from storage.engine.earlier_copies import EarlierCopies
from storage.jobs.job import Holding
from storage.people.privacy import ERASED_FACT

log = logging.getLogger(__name__)

EVERY = 3600.0  # seconds between two rounds
SWEEP_EVERY = 60.0  # for what may be kept for minutes only
LOOKED_UP_AT_ONCE = 1000  # jobs, as whatever else goes on has to wait for that
GRACE = 30 * DAY  # after which nothing is left of a server that removed the bot


class Cleanup:
    """Goes round once an hour."""

    def __init__(
        self,
        stores: Stores,
        job_files: JobFiles,
        drafts: Forgettable,
        copies: EarlierCopies,
        clock: Clock,
        *,
        retention_days: int,
        copies_days: int,
    ) -> None:
        self._privacy = stores.privacy
        self._installation = stores.installation
        self._unanswered = stores.unanswered
        self._unfinished = stores.unfinished
        self._drafts = drafts
        self._jobs = stores.jobs
        self._job_files = job_files
        self._clock = clock
        self._retention_days = retention_days
        self._copies = copies
        self._copies_days = copies_days

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.tidy()
            await self._clock.sleep(EVERY)

    async def sweep(self) -> None:
        """Until cancelled: drop what has waited too long for a person's yes, and who can't be answered any more."""
        while True:
            self._drafts.sweep()
            await self._unfinished.sweep(now=self._clock.now())
            await self._unanswered.sweep(now=self._clock.now())
            await self._clock.sleep(SWEEP_EVERY)

    async def tidy(self) -> None:
        """One round."""
        async with self._copies.turn:
            now = self._clock.now()
            jobs, servers = await self._privacy.sweep(
                now=now, older_than=now - self._retention_days * DAY, left_before=now - GRACE
            )
            erased_at = float(await self._installation.get(ERASED_FACT) or 0.0)  # backups may be from before that
            oldest = max(now - self._copies_days * DAY, erased_at)
            copies = await asyncio.to_thread(self._copies.delete, made_before=oldest)
        await self._tidy_files(now)
        if jobs or servers:
            log.info("thrown away: the persons of %d jobs, and %d servers", len(jobs), servers)
        if copies:
            log.info("thrown away: %d old copies of the database", copies)

    async def _tidy_files(self, now: float) -> None:
        """What was made goes when a job is over, also where the bot died before it could; the other files a day later,
        but for a video that is kept; and so does what belongs to no job.
        """
        since = now - FILES_KEPT
        await self._job_files.sweep(partial(self._needing, now=now, closed_since=since), attached_until=since)

    async def _needing(self, job_ids: Iterable[int], *, now: float, closed_since: float) -> Mapping[int, Holding]:
        """Those of these jobs whose files may still be needed."""
        found: dict[int, Holding] = {}
        ordered = sorted(job_ids)
        for start in range(0, len(ordered), LOOKED_UP_AT_ONCE):
            some = ordered[start : start + LOOKED_UP_AT_ONCE]
            found |= await self._jobs.with_files(some[0], some[-1], now=now, closed_since=closed_since)
        return found
