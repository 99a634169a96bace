"""The schedule in memory: when each open job takes its next step, and how many steps run at once.

The truth is in the database; this is rebuilt from it at every start. Each lane has its own bound, so that a provider
that hangs holds up its own jobs only.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import NamedTuple

from bot.clock import Clock
from bot.fair_queue import FairPlaces, Owned
from bot.jobs.lanes import Lane, Polls
from bot.jobs.open_job import OpenJob

MOST_SECONDS_ASLEEP = 15.0  # so that it is seen that the schedule is served, even while nothing is due
BUNDLE_SECONDS = 0.02  # what comes due within that time is begun together; what is due at once waits for nothing


class _Turn(NamedTuple):
    """What waits for a place in a lane: the next step of an open job, and the number under which that was arranged."""

    open_job: OpenJob
    number: int
    lane: Lane


class Scheduler:
    """Runs `step` for every open job when it is due, as its lane allows; what must wait takes turns."""

    def __init__(
        self, step: Callable[[OpenJob], Awaitable[None]], lane_of: Callable[[OpenJob], Lane], clock: Clock
    ) -> None:
        self._step = step
        self._lane_of = lane_of
        self._clock = clock
        self._heap: list[tuple[float, int, OpenJob]] = []
        self._turns = count(1)
        self._nap: asyncio.Future[None] | None = None
        self._lanes: dict[str, FairPlaces[_Turn]] = {}
        self._steps = asyncio.TaskGroup()
        self._running: set[asyncio.Task[None]] = set()
        self._open = True
        self.turned_at = float("-inf")  # when it was last looked at what is due, by the monotonic clock

    def put(self, open_job: OpenJob, delay: float) -> None:
        """Let the open job take its next step in `delay` seconds, and forget any earlier arrangement."""
        open_job.turn = next(self._turns)
        heapq.heappush(self._heap, (self._clock.monotonic() + delay, open_job.turn, open_job))
        if delay <= 0.0 or self._heap[0][1] == open_job.turn:
            self._wake()

    async def run(self) -> None:
        """Serve the schedule until `drain`, and let the steps that have begun end. A step that fails ends this, too."""
        async with asyncio.TaskGroup() as self._steps:
            while self._open:
                self.turned_at = now = self._clock.monotonic()
                for open_job in self._due(now):
                    self._begin(open_job)
                await self._until_next(now)

    async def drain(self, seconds: float) -> None:
        """Start nothing more; wait for the steps under way, and cancel what is not done in time."""
        self._open = False
        self._wake()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _wake(self) -> None:
        if self._nap:
            self._nap.cancel()

    def _due(self, now: float) -> Iterator[OpenJob]:
        while self._heap and self._heap[0][0] <= now:
            _, turn, open_job = heapq.heappop(self._heap)
            if turn == open_job.turn:
                yield open_job

    async def _until_next(self, now: float) -> None:
        delay = MOST_SECONDS_ASLEEP
        if self._heap:
            delay = min(max(BUNDLE_SECONDS, self._heap[0][0] - now), delay)
        self._nap = asyncio.ensure_future(self._clock.sleep(delay))
        try:
            await asyncio.wait({self._nap})
        finally:
            self._nap.cancel()

    def _begin(self, open_job: OpenJob) -> None:
        lane = self._lane_of(open_job)
        if lane.name not in self._lanes:
            self._lanes[lane.name] = FairPlaces(lane.width)
        self._start(self._lanes[lane.name].line_up(_Turn(open_job, open_job.turn, lane), open_job.job))

    def _start(self, turns: list[tuple[_Turn, Owned]]) -> None:
        """Let those begin whose turn it is in their lane."""
        for turn, owner in turns:
            task = self._steps.create_task(self._take(turn, owner))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _take(self, turn: _Turn, owner: Owned) -> None:
        """Take one step; the place is left under the name under which it was taken, whatever the job is then."""
        name, polls = turn.lane.name, turn.lane.polls
        try:
            await (self._poll(turn, polls) if polls else self._step(turn.open_job))
        except BaseException:
            self._open = False  # it ends the schedule
            raise
        finally:
            places = self._lanes[name]
            turns = places.leave(owner)
            if self._open:
                self._start(turns)
            if places.idle:
                del self._lanes[name]

    async def _poll(self, turn: _Turn, polls: Polls) -> None:
        """Take the step, or put it off where the account is polled too often."""
        open_job, began = turn.open_job, self._clock.monotonic()
        if (wait := polls.account.until_poll(open_job, began)) > 0.0:
            if open_job.turn == turn.number:
                self.put(open_job, wait)
            return
        await self._step(open_job)
        now = self._clock.monotonic()
        polls.account.polled(open_job, began, now)
        if not open_job.faults:
            self._lanes[turn.lane.name].resize(polls.concurrency.polled(now - began, now))
