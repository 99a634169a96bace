"""Notes which servers the bot is in. What can't be written at once is written later: nothing that Discord told is lost
because the database was busy for a moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Set

from bot.clock import Clock
from storage.servers.guilds import GuildFacts, Guilds
from storage.servers.keys import Keys

log = logging.getLogger(__name__)

AGAIN_SECONDS = 5.0  # after a write that failed
CLOCKS_DIFFER = 60.0  # at most, those of processes that share a database; and more


class Membership:
    """Brings the table of servers in line with what Discord tells; `run` writes, the other methods only take note.

    Several processes may do so, each of which is told of some servers: so nothing is concluded from what this one
    wasn't told, but from a complete list only.
    """

    def __init__(self, guilds: Guilds, keys: Keys, clock: Clock) -> None:
        self._guilds = guilds
        self._keys = keys
        self._clock = clock
        self.here: set[int] = set()  # the servers of which this process knows
        self._joined: set[int] = set()  # what is still to be written, of this and the following
        self._told: dict[int, GuildFacts] = {}
        self._left: set[int] = set()  # those that removed the bot
        self._absent: dict[int, float] = {}  # those that a complete list leaves out, each with the moment of that list
        self._changed: set[int] = set()  # those of which events have told since the last list was begun
        self._due = asyncio.Event()
        self.unsure = asyncio.Event()  # set when the complete list is wanted

    def ready(self, servers: Mapping[int, GuildFacts | None]) -> None:
        """A session has begun, and the bot is in these servers, with what Discord has told of each. There may be
        others, and some may have left since the last session.
        """
        for guild_id, facts in servers.items():
            self.joined(guild_id, facts)
        self.unsure.set()

    def joined(self, guild_id: int, facts: GuildFacts | None) -> None:
        """The bot is in this server, of which Discord tells this."""
        self.here.add(guild_id)
        self._joined.add(guild_id)
        self._changed.add(guild_id)
        if facts:
            self._told[guild_id] = facts
        self._due.set()

    def left(self, guild_id: int) -> None:
        """The server removed the bot: its keys go, at once or with the last job that needs them."""
        self.here.discard(guild_id)
        self._joined.discard(guild_id)
        self._told.pop(guild_id, None)
        self._left.add(guild_id)
        self._changed.add(guild_id)
        self._due.set()

    def begin_list(self) -> float:
        """A list of all servers is about to be read; the moment of that, for `listed`."""
        self._changed.clear()
        return self._clock.now()

    async def listed(self, servers: Set[int], begun_at: float) -> None:
        """These are all the servers that the bot is in, by a complete list that was begun at that moment. Of those that
        joined or left since, the list says nothing.
        """
        present = await self._guilds.present()
        self.here = {*servers - self._changed, *self.here & self._changed}
        self._joined |= servers - present - self._changed
        self._absent = dict.fromkeys(present - servers - self._changed, begun_at)
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
            self._joined -= await self._guilds.present()
            all_written &= await self._each(self._joined, self._join)
            all_written &= await self._each(self._absent, self._leave)
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
        self._joined.discard(guild_id)

    async def _leave(self, guild_id: int) -> None:
        """Left while nobody was told, or this is another bot's token: everything goes after the grace only."""
        begun_at = self._absent.get(guild_id)
        if begun_at is not None and guild_id not in self.here:
            await self._guilds.leave(guild_id, self._clock.now(), joined_before=begun_at - CLOCKS_DIFFER)
        self._absent.pop(guild_id, None)

    async def _describe(self, guild_id: int) -> None:
        facts = self._told.get(guild_id)
        if facts is None:
            return
        await self._guilds.describe(guild_id, facts)
        if self._told.get(guild_id) == facts:
            del self._told[guild_id]

    async def _forget(self, guild_id: int) -> None:
        await self._guilds.leave(guild_id, self._clock.now())
        await self._keys.retire(guild_id, now=self._clock.now())
        self._left.discard(guild_id)
        if guild_id in self.here:  # it came back meanwhile
            self._joined.add(guild_id)
