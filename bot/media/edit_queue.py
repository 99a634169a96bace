"""Whose file is changed next: one at a time of each server, and servers and their members take turns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from functools import partial

from bot.fair_queue import FairSemaphore, Owned
from bot.media.editor import Editor
from bot.media.pool import WorkerPool

AT_ONCE = 2  # children of a queue; of one server only one, so that its long edit holds up nobody else's short one


class EditQueue:
    """One queue of edits. There are several, so that short ones don't wait for long ones. `timed` measures each edit,
    from the beginning of its turn on.
    """

    def __init__(self, pool: WorkerPool, timed: Callable[[], AbstractContextManager[object]] = nullcontext) -> None:
        self._pool = pool
        self._timed = timed
        self._turns = FairSemaphore(AT_ONCE)

    def editor(self, owner: Owned) -> Editor:
        """The editor of somebody's files; each of its edits waits for a turn."""
        return Editor(self._pool, partial(self._turn, owner))

    @property
    def waiting(self) -> int:
        """How many edits wait for their turn."""
        return self._turns.waiting

    @asynccontextmanager
    async def _turn(self, owner: Owned) -> AsyncIterator[None]:
        async with self._turns.passing(owner):
            with self._timed():
                yield
