"""Which jobs a process takes on, which it leaves to others, and when it looks for more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bot.jobs.claiming import CLAIM_SECONDS, Claiming
from tests.app.still_clock import StillClock
from tests.jobs.steps.alone import Held, SteadyIntervals


class Heard:
    """In place of the store: hints come when a test says so."""

    def __init__(self) -> None:
        self.wake: Callable[[], object] = lambda: None

    async def listen(self, wake: Callable[[], object]) -> None:
        self.wake = wake
        await asyncio.Event().wait()


class GoingOn:
    """A process that claims again and again; how often it has."""

    def __init__(self, process: Claiming) -> None:
        self.times = 0
        self.task = asyncio.create_task(process.go_on(self._claim))

    async def _claim(self) -> None:
        self.times += 1

    async def settled(self) -> int:
        for _ in range(10):
            await asyncio.sleep(0)
        return self.times


async def test_a_hint_is_followed_at_once_and_without_one_there_is_a_look_each_second() -> None:
    clock, store = StillClock(), Heard()
    asked: Any = store
    process = Claiming(Held(), asked, asked, asked, clock, SteadyIntervals())
    going_on = GoingOn(process)
    assert await going_on.settled() == 0
    store.wake()
    assert await going_on.settled() == 1
    assert await going_on.settled() == 1
    clock.go_on(CLAIM_SECONDS)
    assert await going_on.settled() == 2
    going_on.task.cancel()
