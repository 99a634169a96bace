"""Reads the complete list of servers, at the beginning of a session with Discord and daily: only what is missing there
has left without a word.
"""

from __future__ import annotations

import logging

from bot.app.connection import Connection
from bot.app.servers.membership import Membership
from bot.app.servers.rest import list_servers
from bot.chat.errors import PostFailed, PostRefused
from bot.clock import DAY, Clock

log = logging.getLogger(__name__)

PAUSE_SECONDS = 600.0  # between two lists, at least


class Listing:
    """Asks over HTTP, so it needs no connection to the gateway; `run` and `daily` must go on for as long as the bot."""

    def __init__(self, client: Connection, membership: Membership, clock: Clock) -> None:
        self._client = client
        self._membership = membership
        self._clock = clock

    async def run(self) -> None:
        """Read the list whenever it is wanted, until cancelled. A list with a gap counts for nothing."""
        while True:
            await self._membership.unsure.wait()
            self._membership.unsure.clear()
            begun_at = self._membership.begin_list()
            try:
                servers = await list_servers(self._client)
            except (PostFailed, PostRefused) as fault:
                log.warning("Discord doesn't list the bot's servers: %s; again later", fault)
                self._membership.unsure.set()
            else:
                await self._membership.listed(servers, begun_at)
            await self._clock.sleep(PAUSE_SECONDS)

    async def daily(self) -> None:
        """Want it every day, until cancelled."""
        while True:
            await self._clock.sleep(DAY)
            self._membership.unsure.set()
