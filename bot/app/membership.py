"""Notes which servers the bot is in. What can't be written at once is written later: nothing that Discord told is lost
because the database was busy for a moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

from bot.clock import Clock
from storage.servers.guilds import GuildFacts, Guilds
from storage.servers.keys import Keys

log = logging.getLogger(__name__)

AGAIN_SECONDS = 5.0  # after a write that failed


class Membership:
    """Brings the table of servers in line with what Discord tells; `run` writes, the other methods only take note."""

    def __init__(self, guilds: Guilds, keys: Keys, clock: Clock) -> None:
        self._guilds = guilds
        self._keys = keys
        self._clock = clock
        self._here: set[int] | None = None  # the servers that the bot is in; None until Discord has told them all
        self._told: dict[int, GuildFacts] = {}  # what is still to be written of them
        self._left: set[int] = set()  # those that removed it, and that is still to be written
        self._due = asyncio.Event()

    def ready(self, servers: Mapping[int, GuildFacts | None]) -> None:
        """These are all the servers that the bot is in, with what Discord has told of each."""
        self._here = set(servers)
        self._told = {guild_id: facts for guild_id, facts in servers.items() if facts}
        self._due.set()

    def joined(self, guild_id: int, facts: GuildFacts | None) -> None:
        """The bot is in this server, too, of which Discord tells this. Before `ready`, that will tell it again."""
        if self._here is not None:
            self._here.add(guild_id)
            if facts:
                self._told[guild_id] = facts
            self._due.set()

    def left(self, guild_id: int) -> None:
        """The server removed the bot: its keys go, at once or with the last job that needs them."""
        if self._here is not None:
            self._here.discard(guild_id)
            self._told.pop(guild_id, None)
        self._left.add(guild_id)
        self._due.set()

    async def run(self) -> None:
        """Write whatever is to be written, until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            if not await self._written():
                await self._clock.sleep(AGAIN_SECONDS)
                self._due.set()

    async def _written(self) -> bool:
        """Whether all is written; one server's trouble keeps no other from being noted."""
        try:
            all_written = await self._each(self._left, self._forget)
            if self._here is not None:
                present = await self._guilds.present()
                # Left while the bot was away, or this is another bot's token: everything goes after the grace only.
                all_written &= await self._each(present - self._here, self._leave)
                all_written &= await self._each(self._here - present, self._join)
                all_written &= await self._each(self._told.keys() & await self._guilds.present(), self._describe)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            log.warning("the servers can't be looked up: %s; again later", error)
            return False
        return all_written

    async def _each(self, guild_ids: Iterable[int], work: Callable[[int], Awaitable[None]]) -> bool:
        failed = 0
        for guild_id in sorted(guild_ids):
            try:
                await work(guild_id)
            except Exception as error:  # noqa: BLE001 - as above
                failed += 1
                log.warning("server %s can't be noted: %s; again later", guild_id, error)
        return not failed

    async def _join(self, guild_id: int) -> None:
        await self._guilds.join(guild_id, self._clock.now())

    async def _leave(self, guild_id: int) -> None:
        await self._guilds.leave(guild_id, self._clock.now())

    async def _describe(self, guild_id: int) -> None:
        facts = self._told.get(guild_id)
        if facts is None:
            return
        await self._guilds.describe(guild_id, facts)
        if self._told.get(guild_id) == facts:
            del self._told[guild_id]

    async def _forget(self, guild_id: int) -> None:
        await self._leave(guild_id)
        await self._keys.retire(guild_id, now=self._clock.now())
        self._left.discard(guild_id)
