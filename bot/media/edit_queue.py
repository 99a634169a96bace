"""Whose file is changed next: one at a time of each server, and servers and their members take turns."""

from __future__ import annotations

from functools import partial

from bot.fair_queue import FairSemaphore, Owned
from bot.media.editor import Editor
from bot.media.pool import WorkerPool

AT_ONCE = 2  # children of a queue; of one server only one, so that its long edit holds up nobody else's short one


class EditQueue:
    """One queue of edits. There are several, so that short ones don't wait for long ones."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._turns = FairSemaphore(AT_ONCE)

    def editor(self, owner: Owned) -> Editor:
        """The editor of somebody's files; each of its edits waits for a turn."""
        return Editor(self._pool, partial(self._turns.passing, owner))
