"""What is thrown away by itself: old texts and links, kept videos, and servers that are gone for good."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from bot.clock import Clock
from storage.job import code_of
from storage.privacy import Privacy, Record

log = logging.getLogger(__name__)

DAY = 86_400.0
EVERY = 3600.0  # seconds between two rounds
GRACE = 30 * DAY  # after which nothing is left of a server that removed the bot


class Housekeeping:
    """Goes round once an hour, and forgets people who ask for it."""

    def __init__(
        self, privacy: Privacy, results: Path, clock: Clock, *, retention_days: int, results_days: int
    ) -> None:
        self._privacy = privacy
        self._results = results
        self._clock = clock
        self.retention_days = retention_days
        self._results_kept = results_days * DAY

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.tidy()
            await self._clock.sleep(EVERY)

    async def tidy(self) -> None:
        """One round."""
        now = self._clock.now()
        jobs, servers = await self._privacy.sweep(
            now=now, older_than=now - self.retention_days * DAY, left_before=now - GRACE
        )
        await asyncio.to_thread(self._throw_away, now - self._results_kept, jobs)
        if jobs or servers:
            log.info("thrown away: the persons of %d jobs, and %d servers", len(jobs), servers)

    async def about(self, member_id: int) -> list[Record]:
        """What is kept about the person, server by server."""
        return await self._privacy.about(member_id)

    async def forget(self, member_id: int) -> tuple[int, int]:
        """Forget the person: how many jobs were erased at once, and how many will be when they have ended."""
        now = self._clock.now()
        jobs, waiting = await self._privacy.forget(member_id, now=now)
        await asyncio.to_thread(self._throw_away, now - self._results_kept, jobs)
        return len(jobs), waiting

    def _throw_away(self, older_than: float, jobs: list[int]) -> None:
        """Kept videos that are old, or of these jobs."""
        codes = {code_of(job) for job in jobs}
        for file in self._results.iterdir():
            if file.stat().st_mtime < older_than or any(code in file.name for code in codes):
                file.unlink(missing_ok=True)
