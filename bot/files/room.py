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
from weakref import WeakValueDictionary

from bot.clock import Clock
from bot.domain.job import Corrections, Job, Ledger
from bot.files.job_files import FILES_KEPT, JobFiles
from bot.net.download import LEFT_FREE
from bot.net.faults import Unwritable
from bot.placing import disk_faults
from bot.words.refusals.files import DiskFull, ServerDiskFull
from storage.jobs.job import Holding

log = logging.getLogger(__name__)

KNOWN_SECONDS = 5.0  # for how long a server without room is taken to have none


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
        self._left: dict[int, tuple[float, int]] = {}  # of full servers: until when, and how many bytes fit
        self._making: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def for_files(self, guild_id: int, folder: Path, size: int) -> AsyncIterator[None]:
        """Hold room for files of so many bytes that come into a folder, which is made. The server's oldest kept videos
        go first. `ServerDiskFull` when that is not enough, `DiskFull` when nobody has room.
        """
        self._coming[guild_id] += size
        try:
            self._check_known(guild_id)
            await self.make(guild_id)
            await asyncio.to_thread(_make_folder, folder)
            self._asked[folder] = guild_id
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
        # One after the other: a server's commands take one thread at once from others, and no video goes twice.
        async with self._making.setdefault(guild_id, asyncio.Lock()):
            too_much, kept = await self._measured(guild_id)
            for job_id, size in kept:
                if too_much <= 0:
                    break
                if self._job_files.is_cache:  # it comes back when somebody wants it
                    await asyncio.to_thread(self._job_files.empty, job_id)
                    too_much -= size
                elif job := await self._corrections.forget_kept(guild_id, job_id):
                    log.info("%s: its kept video makes room for others of its server", job.code)
                    await asyncio.to_thread(self._job_files.throw_away_kept, job)
                    await self._tell(job)
                    too_much -= size
            if too_much > 0 and self._coming[guild_id]:
                self._left[guild_id] = self._clock.monotonic() + KNOWN_SECONDS, self._coming[guild_id] - too_much
                raise ServerDiskFull

    def _check_known(self, guild_id: int) -> None:
        """Refuse at once what didn't fit a moment ago: to measure is dear, and a server may send many commands."""
        until, left = self._left.get(guild_id, (0.0, 0))
        if until <= self._clock.monotonic():
            self._left.pop(guild_id, None)
        elif self._coming[guild_id] > left:
            raise ServerDiskFull

    async def _measured(self, guild_id: int, more: int = 0) -> tuple[int, list[tuple[int, int]]]:
        """By how many bytes the server is over its share, with so many more than are on their way already, and what
        could go with its size, the oldest first: the jobs whose videos are kept, or of a cache all that are over.
        `DiskFull` when nobody has room.
        """
        now = self._clock.now()
        holding = await self._ledger.with_files(guild_id, now=now, closed_since=now - FILES_KEPT)
        sizes, asked, free = await asyncio.to_thread(self._sizes, guild_id, holding)
        coming = self._coming[guild_id] + more
        if coming and free < self._coming.total() + more:
            raise DiskFull
        own = sum(sizes.values())
        wanted = own + asked + coming
        too_much = wanted - int(self._share * (own + free))
        if too_much > 0:  # else it fits, whatever lies there of others: that only adds to what the bot may use
            of_all = await asyncio.to_thread(size_of, [self._job_files.folder])
            too_much = wanted - int(self._share * (of_all + free))
        may_go = [one for one in holding if one.kept_until or self._job_files.is_cache]
        oldest_first = sorted((one.closed_at, one.job_id) for one in may_go if one.closed_at)
        return too_much, [(job_id, sizes[job_id]) for _, job_id in oldest_first]

    def _sizes(self, guild_id: int, holding: Iterable[Holding]) -> tuple[dict[int, int], int, int]:
        """Bytes of each job's files, of files that no job of the server has yet, and that are free."""
        sizes = {one.job_id: size_of([self._job_files.folder / str(one.job_id)]) for one in holding}
        for folder in [*self._asked]:
            if not folder.exists():  # its files are a job's by now, or not needed
                self._asked.pop(folder, None)
        asked = size_of([folder for folder, owner in [*self._asked.items()] if owner == guild_id])
        return sizes, asked, shutil.disk_usage(self._job_files.folder).free - LEFT_FREE


def _make_folder(folder: Path) -> None:
    """`DiskFull` when there is no room for one."""
    try:
        with disk_faults():
            folder.mkdir(mode=0o700, exist_ok=True)
    except Unwritable as fault:
        log.warning("what somebody attached can't be kept: %s", fault)
        raise DiskFull from None


def size_of(folders: Iterable[Path]) -> int:
    """Bytes of all files below; those that go meanwhile count nothing."""
    total = 0
    for folder in folders:
        for place, _, names in os.walk(folder):  # which passes over folders that go meanwhile
            for name in names:
                with suppress(OSError):
                    total += Path(place, name).lstat().st_blocks * 512
    return total
