"""What goes first in the event loop: all that leads to an acknowledgement, for which Discord waits three seconds only.
What follows it is done in between.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextvars import Context, ContextVar, copy_context
from typing import Any

# Set in what hears of interactions, and so in whatever that begins, until an interaction is acknowledged.
URGENT: ContextVar[bool] = ContextVar("URGENT", default=False)


class UrgentFirst(deque[asyncio.Handle]):
    """Callbacks that are ready: the urgent ones before all others, each kind in its own order."""

    def __init__(self) -> None:
        super().__init__()
        self._urgent: deque[asyncio.Handle] = deque()

    def append(self, handle: Any) -> None:
        """Line up behind the others of its kind."""
        if handle._context.get(URGENT):  # noqa: SLF001
            self._urgent.append(handle)
        else:
            super().append(handle)

    def popleft(self) -> asyncio.Handle:
        """Take out the next one."""
        return self._urgent.popleft() if self._urgent else super().popleft()

    def clear(self) -> None:
        """Take out all."""
        self._urgent.clear()
        super().clear()

    def __len__(self) -> int:
        """How many are run before the loop looks at its sockets again, as something urgent may have arrived: those that
        are urgent, else one.
        """
        return len(self._urgent) or min(super().__len__(), 1)

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
