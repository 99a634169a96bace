"""Changing files, in bounded child processes: the front of everything in this folder but the probe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from anyio import CapacityLimiter

from bot.domain.edits import ClipEdit, SoundEdit
from bot.media.child import Bounds, Task, TooMuchWork, Unreadable, in_child
from bot.placing import disk_faults, move, placed

__all__ = ["Editor", "TooMuchWork", "Unreadable"]

AT_ONCE = 1  # child of an editor: an edit takes every core it can get
EDIT = Bounds(
    seconds=300.0,  # a minute of 1080p takes about one on two idle cores, and five on busy ones
    cpu_seconds=600,
    memory_bytes=3 * 2**30,  # 8K pictures of 10 bits take half of it
    file_bytes=2**30,
    nice=10,  # the bot's own loop goes first
)
LONG = replace(EDIT, seconds=600.0, cpu_seconds=1200)  # a whole video is written anew, several times if need be
BRIEF = replace(EDIT, seconds=60.0, cpu_seconds=60)  # only sound is decoded

CLIP = Task("bot.media.edit.clips", "write_clip")
SOUND = Task("bot.media.edit.sounds", "write_sound")
JOIN = Task("bot.media.edit.joins", "write_joined")
PUT_BACK = Task("bot.media.edit.joins", "write_put_back")
SHRINK = Task("bot.media.edit.shrink", "write_shrunk")
PIECES = Task("bot.media.edit.pieces", "write_pieces")


@dataclass(frozen=True, slots=True)
class Pieces:
    """A video as several files, in order. `lossless` says that nothing of it was encoded anew."""

    files: list[Path]
    lossless: bool


class Editor:
    """Changes files, one after the other. Every method writes `target` whole or not at all, and raises `Unreadable` for
    a file that can't be used and `TooMuchWork` for one that takes longer, or more memory or bytes, than is allowed.
    `Unwritable` means that the disk is full.
    """

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(AT_ONCE)

    async def clip(self, source: Path, edit: ClipEdit, target: Path) -> None:
        """The part of the clip that a provider gets. A clip without sound gets none."""
        with _whole(target) as part:
            await in_child(EDIT, self._limiter, CLIP, source, edit, part)

    async def sound(self, source: Path, edit: SoundEdit, target: Path) -> None:
        """The sound that a provider gets, from a recording or from the sound of a video."""
        with _whole(target) as part:
            await in_child(BRIEF, self._limiter, SOUND, source, edit, part)

    async def join(self, made: Sequence[Path], target: Path) -> None:
        """Finished parts one after the other, at the sides and the frame rate of the first."""
        with _whole(target) as part:
            await in_child(LONG, self._limiter, JOIN, list(made), part)

    async def put_back(self, made: Path, clip: Path, start: float, seconds: float, target: Path) -> None:
        """The whole clip, upright, in which what was from `start` for `seconds` is replaced by what was made of it.

        If less was made, the clip goes on where that ends; if it reaches beyond the clip, the result is longer.
        """
        with _whole(target) as part:
            await in_child(LONG, self._limiter, PUT_BACK, made, clip, start, seconds, part)

    async def shrink(self, video: Path, most_bytes: int, target: Path) -> None:
        """The video again, as good as `most_bytes` allow; what its container says of AI is kept."""
        with _whole(target) as part:
            await in_child(LONG, self._limiter, SHRINK, video, most_bytes, part)

    async def pieces(self, video: Path, most_bytes: int, folder: Path) -> Pieces:
        """The video cut into files that play by themselves, each of at most `most_bytes`, and without loss wherever it
        can be cut.
        """
        with disk_faults(), TemporaryDirectory(dir=folder, prefix="pieces-") as parts:
            made: tuple[list[Path], bool] = await in_child(EDIT, self._limiter, PIECES, video, most_bytes, Path(parts))
            files, lossless = made
            return Pieces([move(file, folder / file.name) for file in files], lossless)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """Where a child writes until it is whole; a child's `OSError` is the disk's."""
    with disk_faults(), placed(target) as part:
        yield part
