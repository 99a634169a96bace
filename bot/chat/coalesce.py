"""Keeps something shown up to date without storms: the latest version wins, and updates of one thing are spaced."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from bot.clock import Clock

T = TypeVar("T")


class Coalescer(Generic[T]):
    """Calls `show` with the newest version of each thing, at most once per `spacing` seconds and thing."""

    def __init__(self, show: Callable[[T], Awaitable[None]], spacing: float, clock: Clock) -> None:
        self._show = show
        self._spacing = spacing
        self._clock = clock
        self._wanted: dict[int, T] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def put(self, thing: int, version: T) -> None:
        """Show this version soon, unless a newer one comes first."""
        self._wanted[thing] = version
        if thing not in self._tasks:
            self._tasks[thing] = asyncio.ensure_future(self._until_current(thing))

    async def stop(self, thing: int) -> None:
        """Show nothing more of it."""
        self._wanted.pop(thing, None)
        if task := self._tasks.pop(thing, None):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Stop showing."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_current(self, thing: int) -> None:
        try:
            while thing in self._wanted:
                await self._show(self._wanted.pop(thing))
                await self._clock.sleep(self._spacing)
        finally:
            if self._tasks.get(thing) is asyncio.current_task():
                del self._tasks[thing]
