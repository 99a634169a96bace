"""Time that passes only when a test says so."""

from __future__ import annotations

import asyncio

from bot.clock import Clock


class StillClock(Clock):
    """Whoever sleeps wakes when the test has let enough time pass."""

    def __init__(self) -> None:
        self._moment = 1000.0
        self._asleep: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._moment

    def monotonic(self) -> float:
        return self._moment

    async def sleep(self, seconds: float) -> None:
        waking: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asleep.append((self._moment + seconds, waking))
        await waking

    async def until_asleep(self) -> None:
        """Wait until somebody sleeps."""
        async with asyncio.timeout(60):
            while not any(not waking.done() for _, waking in self._asleep):
                await asyncio.sleep(0.001)

    async def wake(self, seconds: float) -> None:
        """Let so much time pass at once, and wait until whoever it woke sleeps again."""
        await self.until_asleep()
        self.go_on(seconds)
        await self.until_asleep()

    def go_on(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self._moment += seconds
        for due, waking in self._asleep:
            if due <= self._moment and not waking.done():
                waking.set_result(None)
        self._asleep = [(due, waking) for due, waking in self._asleep if not waking.done()]
