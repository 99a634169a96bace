"""Who is let in with a command: what the server's rules say, and how much may be under way at once, per server and in
all. One server's flood must not drown the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from bot.asking import access
from bot.asking.limits import check_limits
from bot.asking.server import Server
from bot.chat.automod import AutoMod
from bot.clock import Clock
from bot.domain.ask import Ask
from bot.domain.job import Stores
from bot.fair_queue import FairSemaphore
from bot.jobs.worker import Worker
from bot.words.refusals.limits import BotBusy, ServerBusy, ShuttingDown

LOOKING_AT_ONCE = 8  # commands whose files are fetched and looked into; the others take turns
Check = Callable[[Ask, Server], None]
CHECKS: tuple[Check, ...] = (  # in this order: the first that refuses is told
    access.check_place,
    access.check_text,
    access.check_channel,
    access.check_block,
    access.check_role,
    access.check_age,
    access.check_words,
    check_limits,
)


class Admission:
    """Lets commands in. Counts what is open and what is on its way in. Raises a `Refusal`."""

    def __init__(
        self, stores: Stores, automod: AutoMod, worker: Worker, clock: Clock, *, per_server: int, in_all: int
    ) -> None:
        self._stores = stores
        self._automod = automod
        self._worker = worker
        self._clock = clock
        self._per_server = per_server
        self._in_all = in_all
        self._semaphore = FairSemaphore(LOOKING_AT_ONCE)
        self._entering: Counter[int] = Counter()

    @asynccontextmanager
    async def entering(self, ask: Ask) -> AsyncIterator[Server]:
        """Hold a place for one job, from before anything is fetched until the worker has it; the server as it is."""
        server = await self.check(ask)
        self._entering[ask.guild_id] += 1
        try:
            async with self._semaphore.passing(ask):
                yield server
        finally:
            self._entering[ask.guild_id] -= 1
            if not self._entering[ask.guild_id]:
                del self._entering[ask.guild_id]

    async def check(self, ask: Ask) -> Server:
        """Read the server as it is, and see whether the command would be let in now. No place is held."""
        if self._worker.draining:
            raise ShuttingDown
        server = await Server.read(self._stores, self._automod, ask, self._clock.now())
        for check in CHECKS:
            check(ask, server)
        self._check_room(ask.guild_id)
        return server

    def _check_room(self, guild_id: int) -> None:
        if self._worker.open_jobs + self._entering.total() >= self._in_all:
            raise BotBusy
        under_way = self._worker.open_in(guild_id) + self._entering[guild_id]
        if under_way >= self._per_server:
            raise ServerBusy(count=under_way)
