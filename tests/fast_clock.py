"""Time that passes many times faster."""

from __future__ import annotations

from bot.clock import Clock


class FastClock(Clock):
    """Time that passes many times faster, so that no test waits for a delay of the bot. It begins at the moment `start`
    (seconds since 1970), or now.
    """

    def __init__(self, speed: float = 50.0, start: float | None = None) -> None:
        self._speed = speed
        self._start = super().now() if start is None else start
        self._begin = super().monotonic()
        self.skipped = 0.0  # seconds by which the wall clock was set forward

    def now(self) -> float:
        return self._start + self.skipped + self.monotonic()

    def monotonic(self) -> float:
        return (super().monotonic() - self._begin) * self._speed

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / self._speed)
