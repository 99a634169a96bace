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
from bot.chat.server.automod import AutoMod, TooSlow
from bot.clock import Clock
from bot.domain.ask import Ask
from bot.domain.job import Stores
from bot.fair_queue import FairSemaphore
from bot.jobs.worker import Worker
from bot.words.refusals.access import AutoModTooSlow
from bot.words.refusals.limits import BotBusy, ServerBusy, ShuttingDown

READING_AT_ONCE = 8  # commands for which it is read what their server is; the others take turns
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
        self._reading = FairSemaphore(READING_AT_ONCE)
        self._looking = FairSemaphore(LOOKING_AT_ONCE)
        self._entering: Counter[int] = Counter()

    @asynccontextmanager
    async def entering(self, ask: Ask) -> AsyncIterator[Server]:
        """Hold a place for one job, from before anything is read until the worker has it; the server as it is."""
        self._check_room(ask.guild_id)
        self._entering[ask.guild_id] += 1
        try:
            server = await self._checked(ask)
            async with self._looking.passing(ask):
                yield server
        finally:
            self._entering[ask.guild_id] -= 1
            if not self._entering[ask.guild_id]:
                del self._entering[ask.guild_id]

    async def check(self, ask: Ask) -> Server:
        """Read the server as it is, and see whether the command would be let in now. No place is held."""
        self._check_room(ask.guild_id)
        return await self._checked(ask)

    async def _checked(self, ask: Ask) -> Server:
        try:
            async with self._reading.passing(ask):
                await self._check_room_elsewhere(ask.guild_id)
                server = await Server.read(self._stores, self._automod, ask, self._clock.now())
            for check in CHECKS:
                check(ask, server)
        except TooSlow:
            self._automod.set_aside(ask.guild_id)
            raise AutoModTooSlow from None
        return server

    async def _check_room_elsewhere(self, guild_id: int) -> None:
        """See the same of all processes together, where there are others, and of what is not taken on yet."""
        if self._worker.is_alone and self._worker.resumed.is_set():
            return
        in_server, in_all = await self._stores.ledger.open_count(guild_id)
        if in_all >= self._in_all:
            raise BotBusy
        if in_server >= self._per_server:
            raise ServerBusy(count=in_server)

    def _check_room(self, guild_id: int) -> None:
        """See whether there is room for one more job. It costs next to nothing, so most of a flood is to end here."""
        if self._worker.draining:
            raise ShuttingDown
        if self._worker.open_jobs + self._entering.total() >= self._in_all:
            raise BotBusy
        under_way = self._worker.open_in(guild_id) + self._entering[guild_id]
        if under_way >= self._per_server:
            raise ServerBusy(count=under_way)
