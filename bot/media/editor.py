"""Changing files, in confined child processes: the front of everything in this folder but the probe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import NoneType
from typing import Any

from bot.domain.edits import ClipEdit, SoundEdit
from bot.media.child import Bounds, Task, TooMuchWork, Unreadable
from bot.media.pool import WorkerPool
from bot.placing import disk_faults, move, placed

__all__ = ["Editor", "TooMuchWork", "Unreadable"]

EDIT = Bounds(
    seconds=300.0,  # a minute of 1080p takes about one on two idle cores, and five on busy ones
    cpu_seconds=600,
    memory_bytes=3 * 2**30,  # 8K pictures of 10 bits take half of it
    file_bytes=2**30,
    nice=5,  # looks into files go first
)
LONG = replace(EDIT, seconds=600.0, cpu_seconds=1200)  # a whole video is written anew, several times if need be
BRIEF = replace(EDIT, seconds=60.0, cpu_seconds=60)  # only sound is decoded

CLIP = Task("bot.media.edit.clips", "write_clip", NoneType)
SOUND = Task("bot.media.edit.sounds", "write_sound", NoneType)
JOIN = Task("bot.media.edit.joins", "write_joined", NoneType)
PUT_BACK = Task("bot.media.edit.joins", "write_put_back", NoneType)
SHRINK = Task("bot.media.edit.shrink", "write_shrunk", NoneType)
PIECES = Task("bot.media.edit.pieces", "write_pieces", bool)


@dataclass(frozen=True, slots=True)
class Pieces:
    """A video as several files, in order. `lossless` says that nothing of it was encoded anew."""

    files: list[Path]
    lossless: bool


class Editor:
    """Changes files, each when it is its turn. Every method writes `target` whole or not at all, and raises
    `Unreadable` for a file that can't be used and `TooMuchWork` for one that takes longer, or more memory or bytes,
    than is allowed. `Unwritable` means that the disk is full.
    """

    def __init__(self, pool: WorkerPool, turn: Callable[[], AbstractAsyncContextManager[None]] = nullcontext) -> None:
        self._pool = pool
        self._turn = turn

    async def clip(self, source: Path, edit: ClipEdit, target: Path) -> None:
        """The part of the clip that a provider gets. A clip without sound gets none."""
        await self._write(target, CLIP, EDIT, source, edit, reads=[source])

    async def sound(self, source: Path, edit: SoundEdit, target: Path) -> None:
        """The sound that a provider gets, from a recording or from the sound of a video."""
        await self._write(target, SOUND, BRIEF, source, edit, reads=[source])

    async def join(self, made: Sequence[Path], target: Path) -> None:
        """Finished parts one after the other, at the sides and the frame rate of the first."""
        await self._write(target, JOIN, LONG, list(made), reads=made)

    async def put_back(self, made: Path, clip: Path, start: float, seconds: float, target: Path) -> None:
        """The whole clip, upright, in which what was from `start` for `seconds` is replaced by what was made of it.

        If less was made, the clip goes on where that ends; if it reaches beyond the clip, the result is longer.
        """
        await self._write(target, PUT_BACK, LONG, made, clip, start, seconds, reads=[made, clip])

    async def shrink(self, video: Path, most_bytes: int, target: Path) -> None:
        """The video again, as good as `most_bytes` allow; what its container says of AI is kept."""
        await self._write(target, SHRINK, LONG, video, most_bytes, reads=[video])

    async def pieces(self, video: Path, most_bytes: int, folder: Path) -> Pieces:
        """The video cut into files that play by themselves, each of at most `most_bytes`, and without loss wherever it
        can be cut.
        """
        with disk_faults(), TemporaryDirectory(dir=folder, prefix="pieces-") as name:
            parts = Path(name)
            async with self._turn():
                lossless = await self._pool.run(PIECES, EDIT, video, most_bytes, parts, reads=[video], writes=parts)
            return Pieces([move(file, folder / file.name) for file in _pieces_in(parts)], lossless)

    async def _write(
        self, target: Path, task: Task[None], bounds: Bounds, *arguments: Any, reads: Sequence[Path]
    ) -> None:
        """Have a child write the target; its `OSError` is the disk's."""
        async with self._turn():
            with disk_faults(), placed(target) as part:
                await self._pool.run(task, bounds, *arguments, part, reads=reads, writes=part)


def _pieces_in(folder: Path) -> list[Path]:
    """In their order; what a child put there instead of a file is none."""
    found = [file for file in folder.glob("*.mp4") if file.is_file() and not file.is_symlink()]
    return sorted(found, key=lambda file: (len(file.name), file.name))  # numbers of three digits or more
