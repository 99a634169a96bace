"""What people have asked for and not yet said yes to. It is in memory only: after a restart they ask once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.clock import Clock

T = TypeVar("T")

MOST = 500
SECONDS = 15 * 60.0  # as long as the private message with the button can be changed


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
        too_old = self._clock.monotonic() - SECONDS
        while self._entries:
            oldest = next(iter(self._entries))
            if len(self._entries) <= MOST and self._entries[oldest].at > too_old:
                return
            self._drop(oldest)

    def _drop(self, owner_id: int) -> None:
        entry = self._entries.pop(owner_id, None)
        if entry is not None and self._dropped is not None:
            self._dropped(entry.value)
