"""The one tree of everything that runs for as long as the bot does. What is needed and dies ends the process, which is
started again; what is merely useful begins again by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from bot.clock import Clock
from bot.errors import MouthpieceError
from bot.jobs.worker import Worker

log = logging.getLogger(__name__)

FAULT_PAUSE = 60.0

Run = Callable[[], Awaitable[None]]


class TaskEnded(MouthpieceError):
    """Something that the bot can't do without has ended, and that was logged."""

    sentence = "{name} has ended"


@asynccontextmanager
async def running(
    worker: Worker, begin: asyncio.Event, beside: Sequence[Run], clock: Clock, watches: Sequence[Run] = ()
) -> AsyncIterator[None]:
    """Run the worker after `begin`, and what goes on beside it, until the block is left; then let the steps under way
    end. When the worker ends before, or one of the `watches` says so, the block is cancelled, and this raises
    `TaskEnded`.
    """

    async def work() -> None:
        await begin.wait()
        await worker.run()

    try:
        async with asyncio.TaskGroup() as tree:
            tasks = [tree.create_task(_lasting(run, clock)) for run in beside]
            tasks.append(tree.create_task(needed("the worker", work, may_end=lambda: worker.draining)))
            tasks.extend(tree.create_task(needed("a watch", watch)) for watch in watches)
            try:
                yield
            finally:
                await worker.drain()
                for task in tasks:
                    task.cancel()
    except BaseExceptionGroup as group:
        raise _first(group) from None


async def needed(name: str, run: Run, *, may_end: Callable[[], bool] = lambda: False) -> None:
    """Run what the bot can't do without. `TaskEnded` when it ends; that is logged here, as what follows may hang."""
    try:
        await run()
    except MouthpieceError:  # a sentence for the operator, who reads it once
        raise
    except Exception:
        log.critical("%s has failed, so the bot ends", name, exc_info=True)
        raise TaskEnded(name=name) from None
    if not may_end():
        log.critical("%s has ended, so the bot ends", name)
        raise TaskEnded(name=name)


async def _lasting(run: Run, clock: Clock) -> None:
    """Go on after a fault of ours: nothing beside the worker may end it, or stop for good."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("something beside the worker failed; it begins again")
        await clock.sleep(FAULT_PAUSE)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong first: the rest came of it."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
