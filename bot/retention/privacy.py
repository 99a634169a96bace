"""What is kept about one person: telling it, and forgetting it."""

from __future__ import annotations

import asyncio
from typing import Protocol

from bot.clock import Clock
from bot.domain.job import Stores
from bot.files.job_files import JobFiles
from bot.words.privacy import Host, what_is_kept
from storage.engine.earlier_copies import EarlierCopies


class Forgettable(Protocol):
    """What is in memory for people, each for some minutes."""

    def sweep(self) -> None:
        """Drop what is too old."""

    def forget(self, owner_id: int) -> None:
        """Drop what is kept for that person."""


class PersonalData:
    """Answers people who ask what is kept about them, and forgets those who want that."""

    def __init__(
        self,
        stores: Stores,
        job_files: JobFiles,
        drafts: Forgettable,
        copies: EarlierCopies,
        host: Host,
        clock: Clock,
        *,
        retention_days: int,
        results_days: int,
    ) -> None:
        self._privacy = stores.privacy
        self._direct_messages = stores.direct_messages
        self._job_files = job_files
        self._drafts = drafts
        self._clock = clock
        self._copies = copies
        self._host = host
        self._retention_days = retention_days
        self._results_days = results_days

    async def about(self, member_id: int, guild_id: int | None) -> str:
        """What is kept about the person in this server and elsewhere, in words."""
        messages = await self._direct_messages.agreed(member_id)
        records = await self._privacy.about(member_id)
        return what_is_kept(records, guild_id, self._retention_days, self._results_days, self._host, messages=messages)

    async def forget(self, member_id: int) -> tuple[int, int, int]:
        """Forget the person: how many jobs were erased at once, how many will be when they have ended, and how many
        when moderators have decided on their report.
        """
        now = self._clock.now()
        self._drafts.forget(member_id)
        async with self._copies.turn:
            await asyncio.to_thread(self._copies.delete)  # first: the person would be in them if the bot died here
            jobs, waiting, reported = await self._privacy.forget(member_id, now=now)
        await self._job_files.throw_away(*jobs)
        return len(jobs), waiting, reported
