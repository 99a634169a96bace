"""What a file really holds. People's files are opened in a child process with bounds on time and memory only: a bomb or
a crash there is an `Unreadable`, never a dead bot.
"""

from __future__ import annotations

from pathlib import Path

from anyio import CapacityLimiter

from bot.domain.media_facts import MediaFacts
from bot.media.child import Bounds, Interrupted, Task, TooMuchWork, Unreadable, in_child

__all__ = ["Interrupted", "Probe", "Unreadable"]

AT_ONCE = 2  # children of a probe, besides those of the editors: people wait for a look
MEASURE = Task("bot.media.inspect.measure", "measure")
BOUNDS = Bounds(
    seconds=15.0,
    cpu_seconds=10,
    memory_bytes=2 * 2**30,  # 8K pictures take 1 GiB to decode
    file_bytes=0,  # it has nothing to write
)


class Probe:
    """Looks into files; the bot has one. The children live on between files, so that a look costs little."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(AT_ONCE)

    async def look(self, file: Path) -> MediaFacts:
        """The facts, or `Unreadable`; `Interrupted` where another look may tell more."""
        try:
            facts: MediaFacts = await in_child(BOUNDS, self._limiter, MEASURE, file)
        except TooMuchWork as error:
            raise Interrupted(str(error)) from None
        return facts
