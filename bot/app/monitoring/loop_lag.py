"""Measures how late the event loop is: while something holds it up, nothing else is answered."""

from __future__ import annotations

from prometheus_client import Histogram

from bot.clock import Clock

LOOK_SECONDS = 1.0


async def measure_lag(lag: Histogram, clock: Clock) -> None:
    """Sleep, and see how much longer that was than it should have been, until cancelled."""
    while True:
        began = clock.monotonic()
        await clock.sleep(LOOK_SECONDS)
        lag.observe(max(0.0, clock.monotonic() - began - LOOK_SECONDS))
