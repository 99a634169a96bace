"""Notes the servers from which commands come, and reads daily what they are called and where their moderators get
notices: over HTTP, Discord tells nothing of a server by itself.
"""

from __future__ import annotations

import asyncio
import logging
import math

from bot.app.connection import Connection
from bot.app.servers.membership import Membership
from bot.app.servers.rest import describe_server
from bot.chat.errors import PostFailed, PostRefused
from bot.clock import DAY, Clock

log = logging.getLogger(__name__)


class Descriptions:
    """Asks Discord about one server after the other; `run` must go on for as long as the bot does."""

    def __init__(self, client: Connection, membership: Membership, clock: Clock) -> None:
        self._client = client
        self._membership = membership
        self._clock = clock
        self._asked_at: dict[int, float] = {}
        self._waiting: asyncio.Queue[int] = asyncio.Queue()

    def used(self, guild_id: int) -> None:
        """A command came from this server: so the bot is there, whatever was noted before."""
        if guild_id not in self._membership.here:
            self._membership.joined(guild_id, None)
        now = self._clock.monotonic()
        if now - self._asked_at.get(guild_id, -math.inf) >= DAY:
            self._asked_at[guild_id] = now
            self._waiting.put_nowait(guild_id)

    async def run(self) -> None:
        """Ask about whatever is to be asked about, until cancelled. What fails is asked again at the next command."""
        while True:
            guild_id = await self._waiting.get()
            try:
                self._membership.joined(guild_id, await describe_server(self._client, guild_id))
            except PostRefused as refused:
                log.info("Discord tells nothing of server %s: %s", guild_id, refused)
            except PostFailed as fault:
                log.info("Discord doesn't tell of server %s: %s; again later", guild_id, fault)
                del self._asked_at[guild_id]
