"""How long this process may work on the jobs that it owns, by its own clock.

Another process takes them when the lease is over, so a lease once lost is never renewed: the process ends itself, and
whatever it still holds in memory with it. What it decided before and writes after is refused, as its jobs have another
owner: their state and stage alone might fit, and take back what the other one has just sent. Where no other process can
work on the database, the lease has no end.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.clock import Clock
from storage.engine.database import Database
from storage.jobs.workers import Workers

log = logging.getLogger(__name__)

LEASE_SECONDS = 20.0
RENEWALS = 4  # in the time of one lease; and for one of these parts before its end, nothing leaves that may cost money


@dataclass(frozen=True, slots=True)
class SendWindow:
    """The time in which a request that is announced now may leave: its seconds from now on, and whether it still is."""

    seconds: float
    is_open: Callable[[], bool]


class WakingClock(Clock):
    """The real time, of which also that passes in which the machine was asleep, as far as the kernel counts it."""

    def monotonic(self) -> float:
        """Seconds since some moment; never jumps."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Lease:
    """Begins and renews the lease of this life. `clock` is the real one, as the database's is; `leave` ends the
    process.
    """

    def __init__(
        self,
        workers: Workers,
        clock: Clock,
        seconds: float = LEASE_SECONDS,
        leave: Callable[[int], object] = os._exit,
    ) -> None:
        self._workers = workers
        self._clock = clock
        self._seconds = seconds
        self.can_end = math.isfinite(seconds)  # another process may take over jobs of this one, or leave some to it
        self._leave = leave
        self._has_ended = self._may_be_on_duty = False
        self._on_duty = asyncio.Event()
        self._ends_at = -math.inf  # by the monotonic clock

    @classmethod
    def on(cls, database: Database, workers: Workers) -> Lease:
        """The lease of a life on this database."""
        return cls(workers, WakingClock(), math.inf if database.is_alone else LEASE_SECONDS)

    @property
    def holds(self) -> bool:
        """Whether the jobs that this process owns are certainly its own."""
        return self._clock.monotonic() < self._ends_at

    def window(self) -> SendWindow:
        """The time in which a request that is announced now may leave."""
        now = self._clock.monotonic()
        closes_at = self._ends_at - self._seconds / RENEWALS if self.can_end else math.inf
        return SendWindow(closes_at - now, lambda: self._clock.monotonic() < closes_at)

    async def begin(self) -> None:
        """Begin the life."""
        asked_at = self._clock.monotonic()
        await self._workers.begin(self._seconds)
        self._ends_at = asked_at + self._seconds

    async def run(self) -> None:
        """Renew it in time, until cancelled; and be on duty once nobody else is."""
        while self.can_end:
            await self._look_for_duty()
            await self._clock.sleep(self._seconds / RENEWALS)
            await self._renew()
        self._on_duty.set()
        await asyncio.Event().wait()

    async def on_duty(self, run: Callable[[], Awaitable[None]]) -> None:
        """Run what one process does for all, once it is this one that does: for as long as it lives."""
        self._may_be_on_duty = True
        await self._on_duty.wait()
        await run()

    async def end(self) -> None:
        """End the life, and leave its jobs to whoever takes them; nothing where that was done."""
        if self.can_end and not self._has_ended:
            self._has_ended, self._ends_at = True, -math.inf
            try:
                await self._workers.end()
            except Exception:
                log.exception("this process's jobs can't be handed over; others take them when its lease is over")

    async def _look_for_duty(self) -> None:
        try:
            if self._may_be_on_duty and not self._on_duty.is_set() and await self._workers.take_duty():
                self._on_duty.set()
        except Exception as error:  # noqa: BLE001 - as below
            log.warning("it can't be looked who is on duty: %s; again later", error)

    async def _renew(self) -> None:
        asked_at = self._clock.monotonic()
        try:
            is_renewed = await self._workers.renew(self._seconds)
        except Exception as error:  # noqa: BLE001 - whatever it is, the database may answer next time
            log.warning("the lease can't be renewed: %s; again later", error)
            return
        if is_renewed:
            self._ends_at = asked_at + self._seconds
        elif not self._has_ended:
            log.critical("the lease is lost, so other processes have this one's jobs by now: it ends at once")
            self._leave(1)
