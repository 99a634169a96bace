"""How much may be under way at once, per server and in all: one server's flood must not drown the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.fair_queue import FairSemaphore, Owned
from bot.jobs.worker import Worker
from bot.words.refusals.limits import BotBusy, ServerBusy

LOOKING_AT_ONCE = 8  # commands whose files are fetched and looked into; the others take turns


class Admission:
    """Counts what is open and what is on its way in. Raises a `Refusal` for what is too much."""

    def __init__(self, worker: Worker, per_server: int, in_all: int) -> None:
        self._worker = worker
        self._per_server = per_server
        self._in_all = in_all
        self._semaphore = FairSemaphore(LOOKING_AT_ONCE)
        self._entering: Counter[int] = Counter()

    @asynccontextmanager
    async def entering(self, owner: Owned) -> AsyncIterator[None]:
        """Hold a place for one job, from before anything is fetched until the worker has it."""
        guild_id = owner.guild_id
        if self._worker.open_jobs + self._entering.total() >= self._in_all:
            raise BotBusy
        under_way = self._worker.open_in(guild_id) + self._entering[guild_id]
        if under_way >= self._per_server:
            raise ServerBusy(count=under_way)
        self._entering[guild_id] += 1
        try:
            async with self._semaphore.passing(owner):
                yield
        finally:
            self._entering[guild_id] -= 1
            if not self._entering[guild_id]:
                del self._entering[guild_id]
