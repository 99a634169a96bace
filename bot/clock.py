"""Time, as something that can be handed over: tests bring their own."""

from __future__ import annotations

import asyncio
import time

HOUR, DAY = 3600.0, 86_400.0  # seconds


class Clock:
    """The real time. `now` is for what is stored or shown, `monotonic` for measuring; all in seconds."""

    def now(self) -> float:
        """Seconds since 1970; may jump when the machine's clock is set."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment; never jumps."""
        return time.perf_counter()

    async def sleep(self, seconds: float) -> None:
        """Let this much time pass."""
        await asyncio.sleep(seconds)
