"""What is thrown away by itself: old texts and links, kept videos, and servers that are gone for good."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from bot.asking.drafts import Pending
from bot.clock import Clock
from bot.files.job_files import JobFiles
from storage.jobs.jobs import Jobs
from storage.people.direct_messages import DirectMessages
from storage.people.privacy import Privacy, Record

log = logging.getLogger(__name__)

DAY = 86_400.0
FILES_KEPT = DAY  # after a job's end: what was attached can be used again
EVERY = 3600.0  # seconds between two rounds
SWEEP_EVERY = 60.0  # for what may be kept for minutes only
GRACE = 30 * DAY  # after which nothing is left of a server that removed the bot


class Cleanup:
    """Goes round once an hour, and forgets people who ask for it."""

    def __init__(
        self,
        privacy: Privacy,
        jobs: Jobs,
        direct_messages: DirectMessages,
        job_files: JobFiles,
        waiting: Sequence[Pending[Any]],
        clock: Clock,
        *,
        retention_days: int,
        results_days: int,
    ) -> None:
        self._privacy = privacy
        self._waiting = waiting
        self._jobs = jobs
        self._direct_messages = direct_messages
        self._job_files = job_files
        self._clock = clock
        self.retention_days = retention_days
        self._results_days = results_days

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.tidy()
            await self._clock.sleep(EVERY)

    async def sweep(self) -> None:
        """Until cancelled: drop what has waited too long for a person's yes."""
        while True:
            for wishes in self._waiting:
                wishes.sweep()
            await self._clock.sleep(SWEEP_EVERY)

    async def tidy(self) -> None:
        """One round."""
        now = self._clock.now()
        jobs, servers = await self._privacy.sweep(
            now=now, older_than=now - self.retention_days * DAY, left_before=now - GRACE
        )
        await self._tidy_files(now)
        if jobs or servers:
            log.info("thrown away: the persons of %d jobs, and %d servers", len(jobs), servers)

    async def about(self, member_id: int, guild_id: int | None) -> str:
        """What is kept about the person in this server and elsewhere, in words."""
        messages = await self._direct_messages.agreed(member_id)
        records = await self._privacy.about(member_id)
        return _kept(records, guild_id, self.retention_days, self._results_days, messages=messages)

    async def forget(self, member_id: int) -> tuple[int, int]:
        """Forget the person: how many jobs were erased at once, and how many will be when they have ended."""
        now = self._clock.now()
        for wishes in self._waiting:
            wishes.forget(member_id)
        jobs, waiting = await self._privacy.forget(member_id, now=now)
        await asyncio.to_thread(self._job_files.throw_away, *jobs)
        return len(jobs), waiting

    async def _tidy_files(self, now: float) -> None:
        """A day after a job's end its files go, but for a video that is kept; so does what belongs to no job.

        What lies there is listed before it is asked which jobs there are: a job is stored before its files are.
        """
        lying = await asyncio.to_thread(self._job_files.jobs)
        needed = await self._jobs.with_files(now=now, closed_since=now - FILES_KEPT)
        await asyncio.to_thread(self._job_files.throw_away, *(lying - needed.keys()))
        for job in (needed[job_id] for job_id in lying & needed.keys()):
            if job.closed_at is not None and job.closed_at < now - FILES_KEPT:
                await asyncio.to_thread(self._job_files.throw_away_but_video, job)


def _kept(records: Sequence[Record], guild_id: int | None, days: int, results_days: int, *, messages: bool) -> str:
    here = next((record for record in records if record.guild_id == guild_id), None)
    elsewhere = sum(record.jobs for record in records) - (here.jobs if here else 0)
    kept, held = "I have no record of a video of yours.", ""
    if records:
        oldest = int(min(record.oldest_at for record in records))
        kept = f"You are in the records of {here.jobs if here else 0} videos of this server"
        kept += f" and {elsewhere} of others; the oldest is from <t:{oldest}:R>."
        held = (
            "Each holds your user id, your text or the link to your recording, the link to your clip, where it was "
            "asked for, and what became of it. "
        )
    if messages:
        kept += " You want finished videos by direct message when nothing else works."
    return (
        f"{kept}\n{held}After {days} days, or when you press the button, all that leads to you is taken out of a "
        "record; the server's numbers stay. Only your user id stays beside the numbers until a video can't count "
        "against a limit any more, 30 days at most. That you confirmed the rules, and that you want direct messages, "
        "is kept until you press the button; whether you are blocked somewhere is kept by that server. Clips and "
        "recordings are sent to the provider that makes the video, and go about a day after its end. Finished "
        f"videos go once they are posted; one that couldn't be, or only as a smaller copy, is kept for {results_days} "
        "days. What was posted stays in Discord until it is deleted there."
    )
