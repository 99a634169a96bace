"""Finished videos in a size that Discord takes: a smaller copy, or pieces that play by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from bot.domain.job import Job
from bot.domain.media_facts import MOST_WORK
from bot.domain.results import MARGIN, Finished, Messages, Parcel, Smaller
from bot.files.job_files import JobFiles
from bot.files.names import PIECES
from bot.media.edit_queue import EditQueue
from bot.media.editor import TooMuchWork, Unreadable
from bot.media.inspect.c2pa import content_credentials
from bot.net.faults import NotAccepted, Unwritable

STEPS = tuple(megabytes * 2**20 - MARGIN for megabytes in (25, 10, 8))  # where Discord takes less than it says
MOST_FILES = 10  # in one message
MOST_BYTES = 25 * 2**20  # of all files in one message, unless a single one is larger


class SizeLimit:
    """Makes files fit. Raises what the `Editor` raises where that can't be done, `NotAccepted` to try again."""

    def __init__(self, edits: EditQueue, job_files: JobFiles) -> None:
        self._edits = edits
        self._job_files = job_files

    async def fitting(self, job: Job, finished: Finished, most_bytes: int) -> Parcel:
        """The finished video in at most so many bytes. A copy that was made before is used again."""
        if finished.size <= most_bytes:
            return Parcel(finished.video, finished.size, None, finished.odd)
        copy = self._job_files.copy(job)
        if not 0 < _size(copy) <= most_bytes:
            if finished.work > MOST_WORK:
                raise TooMuchWork("it has too many and too large pictures")
            try:
                await self._edits.editor(job).shrink(finished.video, most_bytes, copy)
            except (Unreadable, Unwritable) as why:
                if await asyncio.to_thread(finished.video.exists):
                    raise
                raise NotAccepted(f"the video is not on disk any more: {why}") from None
        lost = await asyncio.to_thread(_credentials_lost, finished.video, copy)
        return Parcel(copy, _size(copy), Smaller(most_bytes + MARGIN, finished.size, lost), finished.odd)

    @asynccontextmanager
    async def messages(self, job: Job, most_bytes: int) -> AsyncIterator[Messages]:
        """The whole video: one file, or pieces of at most so many bytes each. The pieces are gone afterwards."""
        files, lossless = [], True
        with TemporaryDirectory(dir=self._job_files.of(job), prefix=PIECES, ignore_cleanup_errors=True) as folder:
            for file in self._job_files.whole(job):
                if _size(file) <= most_bytes:
                    files.append(file)
                else:
                    pieces = await self._edits.editor(job).pieces(file, most_bytes, Path(mkdtemp(dir=folder)))
                    files += pieces.files
                    lossless &= pieces.lossless
            yield Messages(_by_message(files), lossless)


def smaller_step(size: int) -> int | None:
    """What to try after a file of so many bytes was too large; None when there is nothing left to try."""
    return next((step for step in STEPS if step < size), None)


def _size(file: Path) -> int:
    """In bytes; 0 for one that isn't there."""
    return file.stat().st_size if file.exists() else 0


def _credentials_lost(whole: Path, copy: Path) -> bool:
    return content_credentials(whole) and not content_credentials(copy)


def _by_message(files: Sequence[Path]) -> list[list[Path]]:
    messages: list[list[Path]] = []
    room = 0
    for file in files:
        size = file.stat().st_size
        if not messages or len(messages[-1]) == MOST_FILES or size > room:
            messages.append([])
            room = MOST_BYTES
        messages[-1].append(file)
        room -= size
    return messages
