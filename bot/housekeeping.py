"""What is thrown away by itself: old texts and links, kept videos, and servers that are gone for good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
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

    async def about(self, member_id: int, guild_id: int | None) -> str:
        """What is kept about the person in this server and elsewhere, in words."""
        return _kept(await self._privacy.about(member_id), guild_id, self.retention_days)

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


def _kept(records: Sequence[Record], guild_id: int | None, days: int) -> str:
    here = next((record for record in records if record.guild_id == guild_id), None)
    elsewhere = sum(record.jobs for record in records) - (here.jobs if here else 0)
    kept = "Nothing is kept about you."
    if records:
        oldest = int(min(record.oldest_at for record in records))
        kept = f"You are in the records of {here.jobs if here else 0} videos of this server"
        kept += f" and {elsewhere} of others; the oldest is from <t:{oldest}:R>."
    return (
        f"{kept}\nEach holds your user id, your text or the link to your recording, the link to your clip, where it "
        f"was asked for, and what became of it. After {days} days, or when you press the button, all that leads to you "
        "is taken out; the server's numbers stay. Only your user id stays beside the numbers until a video can't count "
        "against a limit any more, 30 days at most. That you confirmed the rules, and since when, is kept until you "
        "press "
        "the button; whether you are blocked somewhere is kept by that server. Clips and recordings are sent to the "
        "provider that makes the video. Finished videos are not kept once they are posted; what was posted stays in "
        "Discord until it is deleted there."
    )
