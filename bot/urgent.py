"""What goes first in the event loop: all that leads to an acknowledgement, for which Discord waits three seconds only.
What follows it is done in between.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context, ContextVar, copy_context
from math import ceil
from typing import Any

# Set in what hears of interactions, and so in whatever that begins, until an interaction is acknowledged.
URGENT: ContextVar[bool] = ContextVar("URGENT", default=False)
PARTS = 8


class UrgentFirst(deque[asyncio.Handle]):
    """Callbacks that are ready: the urgent ones before all others, each kind in its own order."""

    def __init__(self) -> None:
        super().__init__()
        self._urgent: deque[asyncio.Handle] = deque()
        self._waiting: set[int] = set()  # which callbacks are lined up, by their identity

    def append(self, handle: Any) -> None:
        """Line up behind the others of its kind, if it isn't in the line: a socket is ready until its callback has run,
        however often it is looked at. Other threads do so, too.
        """
        if id(handle) in self._waiting:
            return
        self._waiting.add(id(handle))  # first, as it may be taken out at once
        if handle._context.get(URGENT):  # noqa: SLF001
            self._urgent.append(handle)
        else:
            super().append(handle)

    def popleft(self) -> asyncio.Handle:
        """Take out the next one."""
        handle = self._urgent.popleft() if self._urgent else super().popleft()
        self._waiting.remove(id(handle))
        return handle

    def clear(self) -> None:
        """Take out all."""
        self._urgent.clear()
        super().clear()
        self._waiting.clear()

    def __len__(self) -> int:
        """How many are run before the loop looks at its sockets again, as something urgent may have arrived: those that
        are urgent, else a part of the line. To look costs as much as there is in it.
        """
        return len(self._urgent) or ceil(super().__len__() / PARTS)

    def __bool__(self) -> bool:
        return len(self) > 0


def serve_urgent_first(loop: asyncio.AbstractEventLoop) -> None:
    """Let the loop run what is urgent before all else. asyncio has no public way for it."""
    inside: Any = loop
    ready = UrgentFirst()
    for handle in inside._ready:  # noqa: SLF001
        ready.append(handle)
    inside._ready = ready  # noqa: SLF001


def urgent_context() -> Context:
    """The present context, for a task in which all is urgent."""
    context = copy_context()
    context.run(URGENT.set, True)
    return context
