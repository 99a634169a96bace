"""What takes commands and presses to a process that hears them: over Discord's gateway, or over HTTP, as a load
balancer does.
"""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections import Counter
from random import Random

import aiohttp

from tests.discord_server.endpoint import Endpoint
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import Json

TAKES_SECONDS = 2.0  # in which a process that isn't frozen takes a request
DISCORD_SECONDS = 3.0  # for which Discord waits
TAKEN = 202


class Front:
    """Takes each to any of the processes that hear; to another one when that one doesn't take it."""

    def __init__(self, discord: DiscordServer) -> None:
        self._discord = discord
        self._random = Random(0)
        self._endpoints: dict[Process, Endpoint] = {}
        self.taken: Counter[str] = Counter()  # by which way

    def endpoint(self) -> Endpoint:
        """Where one more process is to listen."""
        return Endpoint(self._discord.state.signing_key)

    def open(self, process: Process, endpoint: Endpoint) -> None:
        """Take some of them to this process from now on."""
        self._endpoints[process] = endpoint
        self._discord.people.bring = self.bring

    async def shut(self, process: Process) -> None:
        """Take no more of them to this process."""
        if endpoint := self._endpoints.pop(process, None):
            await endpoint.close()

    async def bring(self, event: Json) -> None:
        """Take it to one that hears. `TimeoutError` when there is none in the time for which Discord waits."""
        async with asyncio.timeout(DISCORD_SECONDS):
            while not await self._is_taken(event):
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Let go of the connections."""
        for process in list(self._endpoints):
            await self.shut(process)

    async def _is_taken(self, event: Json) -> bool:
        ways = [None, *(one for process, one in self._endpoints.items() if process.returncode is None)]
        for way in self._random.sample(ways, len(ways)):
            if way is None and self._discord.gateway.ready.is_set():
                await self._discord.gateway.send("INTERACTION_CREATE", event)
                self.taken["gateway"] += 1
                return True
            if way and await _took(way, event):
                self.taken["HTTP"] += 1
                return True
        return False


async def _took(endpoint: Endpoint, event: Json) -> bool:
    try:
        async with asyncio.timeout(TAKES_SECONDS):
            return await endpoint.bring(event) == TAKEN
    except (aiohttp.ClientError, TimeoutError):
        return False
