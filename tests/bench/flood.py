"""One server floods the bot with 10,000 commands in a minute: how long does another server's command take meanwhile?

Measured from the command to the card in its thread, over sockets, with real files; the baseline is the same bot alone.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import discord
import pytest
import yarl
from pydantic import SecretStr

from bot.app.build import open_bot
from bot.app.client import Mouthpiece
from bot.app.settings import Settings
from bot.domain.ask import Ask, Asker, Place
from bot.domain.request import Media
from bot.errors import Refusal
from bot.sandbox.server import Sandbox
from storage.engine.database import open_database
from tests.canned import FilmedStudio, real_clip
from tests.discord_server.rest import store_file
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN
from tests.welcome import welcome

FLOOD, SECONDS = 10_000, 60.0
FLOODING_MEMBERS = 50
OTHER_GUILD = 77
PER_SECOND = 1  # commands of the other server


async def main() -> None:
    """Print both sides, and what became of the flood."""
    alone, _ = await _measure(0)
    flooded, refused = await _measure(FLOOD)
    print(
        f"\nanother server's command, from asking to its card, ms ({FLOOD} commands of one server in {SECONDS:.0f} s)"
    )
    print(f"{'':14} {'p50':>8} {'p99':>8} {'max':>8}")
    for side, took in (("alone", alone), ("in the flood", flooded)):
        p99 = statistics.quantiles(took, n=100)[98]
        print(f"{side:14} {statistics.median(took):8.1f} {p99:8.1f} {max(took):8.1f}")
    ratio = statistics.median(flooded) / statistics.median(alone)
    print(f"ratio of the medians {ratio:.2f}; {refused} of the flood were refused in words")


@dataclass
class Both:
    """A flooding server and another one, before the same bot."""

    client: Mouthpiece
    discord: DiscordServer
    clip: Media
    numbers: Iterator[int] = field(default_factory=count)
    took: list[float] = field(default_factory=list)
    refused: int = 0

    async def ask(self, guild_id: int, member: int) -> None:
        place = Place(guild_id, self.discord.state.channel_id, "#studio")
        ask = Ask(place, Asker(member), next(self.numbers), self.clip, text="Hello", voice="en:AOT")
        await self.client.service.start(ask)

    async def flooding(self, number: int) -> None:
        try:
            await self.ask(self.discord.state.guild_id, number % FLOODING_MEMBERS)
        except Refusal:
            self.refused += 1

    async def other(self) -> None:
        began = time.perf_counter()
        await self.ask(OTHER_GUILD, 1)
        self.took.append((time.perf_counter() - began) * 1000)

    async def go_on(self, flood: int) -> None:
        """Ask from both sides for a minute."""
        tasks: list[asyncio.Task[None]] = []
        begin = time.perf_counter()
        while (passed := time.perf_counter() - begin) < SECONDS:
            due = int(flood * passed / SECONDS)
            tasks += [asyncio.create_task(self.flooding(number)) for number in range(len(tasks), due)]
            if len(self.took) < passed * PER_SECOND:
                await self.other()
            await asyncio.sleep(0.005)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _measure(flood: int) -> tuple[list[float], int]:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        async with DiscordServer() as small, Sandbox() as sandbox:
            sandbox.runs.studio, sandbox.runs.work_seconds = FilmedStudio(), 5.0
            sandbox.runs.slots = asyncio.Semaphore(1_000)
            patch.setattr(discord.http.Route, "BASE", small.api_url)
            patch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(small.gateway_url))
            settings = Settings(
                _env_file=None,
                discord_token=SecretStr(TOKEN),
                database_path=Path(folder) / "bot.db",
                provider_urls=sandbox.provider_urls,
                trusted_hosts=frozenset({sandbox.host, small.host}),
            )
            async with open_database(settings.database_path) as database:
                for guild_id in (small.state.guild_id, OTHER_GUILD):
                    await welcome(database, guild_id, *range(FLOODING_MEMBERS))
            async with open_bot(settings) as client:
                connected = asyncio.create_task(client.start(TOKEN))
                await client.at_home.wait()
                for guild_id in (small.state.guild_id, OTHER_GUILD):
                    await client.server_keys.add(guild_id, "runcomfy", {"api_key": "rc-key-0001"}, added_by=1)
                name, data = real_clip()
                url = store_file(small.state, small.people.origin, name, data)["url"]
                both = Both(client, small, Media(url=url, name=name, size=len(data)))
                await both.go_on(flood)
                connected.cancel()
                await asyncio.gather(connected, return_exceptions=True)
            return both.took, both.refused
