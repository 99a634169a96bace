"""A finished video and where it is posted, as data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Rung = Literal["thread", "channel", "parent", "direct"]

MARGIN = 64 * 1024  # bytes of a post that are not the file

MOST_RESULT_BYTES = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Smaller:
    """A smaller copy of a video: how many bytes the server takes and the whole video has, and whether the copy lacks
    the content credentials that the whole one carries.
    """

    most_bytes: int
    whole_bytes: int
    credentials_lost: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished video. `odd` are sentences on what is not as it should be; it is posted all the same, as it was paid
    for. `work` as in `MediaFacts`.
    """

    video: Path
    size: int
    odd: tuple[str, ...]
    work: float = 0.0


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is posted of a finished video: the video itself, or a smaller copy of it."""

    file: Path
    size: int
    smaller: Smaller | None
    odd: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Messages:
    """A whole video as the files of each message. `lossless` says that nothing of it was encoded anew."""

    files: list[list[Path]]
    lossless: bool

    @property
    def count(self) -> int:
        """How many files there are."""
        return sum(map(len, self.files))


@dataclass(frozen=True, slots=True)
class Sent:
    """Where an outcome is."""

    channel_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a result is."""

    guild_id: int
    channel_id: int
    message_id: int
