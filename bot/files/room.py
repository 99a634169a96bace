"""Each server's share of the disk: what its people attach, and what is kept for them, takes nobody else's room."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from bot.clock import Clock
from bot.domain.job import Corrections, Job, Ledger
from bot.files.job_files import FILES_KEPT, JobFiles
from bot.net.download import LEFT_FREE
from bot.words.refusals.files import DiskFull, ServerDiskFull

log = logging.getLogger(__name__)


class Room:
    """Lets files in while there is room for them. `share` is how much of what the bot may use one server may; `tell` is
    called for each job whose kept video had to go.
    """

    def __init__(
        self,
        ledger: Ledger,
        corrections: Corrections,
        job_files: JobFiles,
        clock: Clock,
        tell: Callable[[Job], Awaitable[None]],
        *,
        share: float,
    ) -> None:
        self._ledger = ledger
        self._corrections = corrections
        self._job_files = job_files
        self._clock = clock
        self._tell = tell
        self._share = share
        self._asked: dict[Path, int] = {}  # folders of files that no job has yet, and whose they are
        self._coming: Counter[int] = Counter()  # bytes on their way, by server

    @asynccontextmanager
    async def for_files(self, guild_id: int, folder: Path, size: int) -> AsyncIterator[None]:
        """Hold room for files of so many bytes that come into a folder. The server's oldest kept videos go first.
        `ServerDiskFull` when that is not enough, `DiskFull` when nobody has room.
        """
        self._asked[folder] = guild_id
        self._coming[guild_id] += size
        try:
            await self.make(guild_id)
            yield
        finally:
            self._coming[guild_id] -= size

    async def check(self, guild_id: int, size: int) -> None:
        """See whether `for_files` would let so many bytes in now; nothing is thrown away for that."""
        too_much, kept = await self._measured(guild_id, size)
        if too_much > sum(size for _, size in kept):
            raise ServerDiskFull

    async def make(self, guild_id: int) -> None:
        """Bring the server back under its share."""
        too_much, kept = await self._measured(guild_id)
        for job, size in kept:
            if too_much <= 0:
                break
            log.info("%s: its kept video makes room for others of its server", job.code)
            await self._corrections.forget_kept(job)
            await asyncio.to_thread(self._job_files.throw_away_kept, job)
            await self._tell(job)
            too_much -= size
        if too_much > 0 and self._coming[guild_id]:
            raise ServerDiskFull

    async def _measured(self, guild_id: int, more: int = 0) -> tuple[int, list[tuple[Job, int]]]:
        """By how many bytes the server is over its share, with so many more than are on their way already, and what
        could go: its kept videos with their sizes, the oldest first. `DiskFull` when nobody has room.
        """
        now = self._clock.now()
        jobs = await self._ledger.with_files(guild_id, now=now, closed_since=now - FILES_KEPT)
        sizes = await asyncio.to_thread(self._sizes, jobs)
        self._asked = {folder: owner for folder, owner in self._asked.items() if folder.exists()}
        asked = await asyncio.to_thread(size_of, [one for one, owner in self._asked.items() if owner == guild_id])
        disk = await asyncio.to_thread(shutil.disk_usage, self._job_files.folder)
        coming = self._coming[guild_id] + more
        if coming and disk.free < LEFT_FREE + self._coming.total() + more:
            raise DiskFull
        own, free = sum(sizes.values()), disk.free - LEFT_FREE
        wanted = own + asked + coming
        too_much = wanted - int(self._share * (own + free))
        if too_much > 0:  # else it fits, whatever lies there of others: that only adds to what the bot may use
            of_all = await asyncio.to_thread(size_of, [self._job_files.folder])
            too_much = wanted - int(self._share * (of_all + free))
        kept = [job for job in jobs if job.kept_until and job.closed_at]
        return too_much, [(job, sizes[job.id]) for job in sorted(kept, key=lambda job: job.closed_at or 0)]

    def _sizes(self, jobs: Iterable[Job]) -> dict[int, int]:
        return {job.id: size_of([self._job_files.folder / str(job.id)]) for job in jobs}


def size_of(folders: Iterable[Path]) -> int:
    """Bytes of all files below; those that go meanwhile count nothing."""
    total = 0
    for folder in folders:
        for place, _, names in os.walk(folder):  # which passes over folders that go meanwhile
            for name in names:
                with suppress(OSError):
                    total += Path(place, name).lstat().st_blocks * 512
    return total
