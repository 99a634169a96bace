"""What a file really holds. People's files are opened in a confined child process only: a bomb or a crash there is an
`Unreadable`, never a dead bot.
"""

from __future__ import annotations

from pathlib import Path

from bot.domain.media_facts import MediaFacts
from bot.fair_queue import FairSemaphore, Owned
from bot.media.child import Bounds, Interrupted, Task, TooMuchWork, Unreadable
from bot.media.pool import WorkerPool

__all__ = ["Interrupted", "Probe", "Unreadable"]

AT_ONCE = 2  # children of a probe, besides those of the editors: one is always left for another server
MEASURE = Task("bot.media.inspect.measure", "measure", MediaFacts)
BOUNDS = Bounds(
    seconds=15.0,
    cpu_seconds=10,
    memory_bytes=2 * 2**30,  # 8K pictures take 1 GiB to decode
    file_bytes=0,  # it has nothing to write
)


class Probe:
    """Looks into files; the bot has one."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._turns = FairSemaphore(AT_ONCE)

    async def look(self, file: Path, owner: Owned) -> MediaFacts:
        """The facts of somebody's file, or `Unreadable`; `Interrupted` where another look may tell more."""
        async with self._turns.passing(owner):  # the wait for a turn is not the file's fault
            try:
                return await self._pool.run(MEASURE, BOUNDS, file, reads=[file])
            except TooMuchWork as error:
                raise Interrupted(str(error)) from None
