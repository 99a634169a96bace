"""What people have asked for and not yet said yes to: the files on disk, all else in memory only. After a restart they
ask once more.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from bot.clock import Clock
from bot.domain.ask import Ask
from bot.domain.job import Job
from bot.domain.media_facts import Seen
from bot.files.job_files import JobFiles
from bot.preflight.offer import Offer

T = TypeVar("T")
MOST_PENDING = 500
PENDING_SECONDS = 15 * 60.0  # as long as the private message with the button can be changed


@dataclass(frozen=True, slots=True)
class Draft:
    """The ask, what its files hold, and where they lie; `offer` is what the person was offered, if anything."""

    ask: Ask
    folder: Path
    seen: Seen | None = None
    offer: Offer | None = None

    def keep_in(self, job_files: JobFiles, job: Job) -> None:
        """Keep the files for the job; `Unwritable` when that can't be done."""
        job_files.take_over(job, self.folder)

    def throw_away(self) -> None:
        """The files are not needed."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Entry(Generic[T]):
    key: int
    at: float
    value: T


class Pending(Generic[T]):
    """At most 500 values, the newest of each person, for at most 15 minutes. `dropped` is told of each value that falls
    out untaken.
    """

    def __init__(self, clock: Clock, dropped: Callable[[T], None] | None = None) -> None:
        self._clock = clock
        self._dropped = dropped
        self._entries: dict[int, _Entry[T]] = {}  # by owner, oldest first

    def keep(self, key: int, owner_id: int, value: T) -> None:
        """Keep it under that key, in place of whatever else is kept for that person."""
        self._drop(owner_id)
        self._entries[owner_id] = _Entry(key, self._clock.monotonic(), value)
        self.sweep()

    def take(self, key: int, owner_id: int) -> T | None:
        """What is kept under that key for that person, and is not kept any more then; None when nothing is."""
        self.sweep()
        entry = self._entries.get(owner_id)
        if entry is None or entry.key != key:
            return None
        del self._entries[owner_id]
        return entry.value

    def forget(self, owner_id: int) -> None:
        """Drop what is kept for that person."""
        self._drop(owner_id)

    def sweep(self) -> None:
        """Drop what is too old, and the oldest of what is too much. `keep` and `take` do it too."""
        too_old = self._clock.monotonic() - PENDING_SECONDS
        while self._entries:
            oldest = next(iter(self._entries))
            if len(self._entries) <= MOST_PENDING and self._entries[oldest].at > too_old:
                return
            self._drop(oldest)

    def _drop(self, owner_id: int) -> None:
        entry = self._entries.pop(owner_id, None)
        if entry is not None and self._dropped is not None:
            self._dropped(entry.value)
