"""One server floods the bot with 10,000 commands in a minute: how long does another server's command take meanwhile?

Measured from the command to the card in its thread, over sockets, with real files; the baseline is the same bot alone.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
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
from storage.engine.sqlite import open_database
from tests.bench import Aim, Figures, ratio
from tests.canned import FilmedStudio, real_clip
from tests.discord_server.rest import store_file
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN
from tests.welcome import welcome

FLOODING_MEMBERS = 50
OTHER_GUILD = 77


@dataclass(frozen=True)
class Size:
    """How many commands the flood has, in how many seconds, and how many a second the other server has meanwhile."""

    flood: int
    seconds: float
    per_second: float


FULL = Size(flood=3_000, seconds=18.0, per_second=2)
AIMS = (
    Aim(
        "another server's command while one sends 3,000 in 18 s, p50 against alone",
        ratio("in the flood", "alone", "p50"),
        3,
    ),
)


async def main(size: Size = FULL) -> Figures:
    """Print both sides, and what became of the flood; the figures."""
    alone, _ = await _measure(replace(size, flood=0))
    flooded, refused = await _measure(size)
    print(
        f"\nanother server's command, from asking to its card, ms "
        f"({size.flood} commands of one server in {size.seconds:.0f} s)"
    )
    print(f"{'':14} {'p50':>8} {'p99':>8} {'max':>8}   p50 against the baseline")
    figures = {}
    for side, took in (("alone", alone), ("in the flood", flooded)):
        middle, p99 = statistics.median(took), statistics.quantiles(took, n=100, method="inclusive")[98]
        print(f"{side:14} {middle:8.1f} {p99:8.1f} {max(took):8.1f}   {middle / statistics.median(alone):.2f}")
        figures[side] = {"p50": middle, "p99": p99, "max": max(took)}
    print(f"{refused} of the flood were refused in words")
    return figures


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
        await self.client.services.asking.start(ask)

    async def flooding(self, number: int) -> None:
        try:
            await self.ask(self.discord.state.guild_id, number % FLOODING_MEMBERS)
        except Refusal:
            self.refused += 1

    async def other(self) -> None:
        began = time.perf_counter()
        await self.ask(OTHER_GUILD, 1)
        self.took.append((time.perf_counter() - began) * 1000)

    async def go_on(self, size: Size) -> None:
        """Ask from both sides."""
        tasks: list[asyncio.Task[None]] = []
        begin = time.perf_counter()
        while len(self.took) < size.seconds * size.per_second:
            passed = time.perf_counter() - begin
            due = min(size.flood, int(size.flood * passed / size.seconds))
            tasks += [asyncio.create_task(self.flooding(number)) for number in range(len(tasks), due)]
            if len(self.took) < passed * size.per_second:
                await self.other()
            await asyncio.sleep(0.005)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _measure(size: Size) -> tuple[list[float], int]:
    """How long each of the other server's commands took, in ms, and how many of the flood were refused."""
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
                discord_api_url=small.api_url,
                provider_urls=sandbox.provider_urls,
                trusted_hosts=frozenset({sandbox.host, small.host}),
            )
            settings.master()  # makes the key: with a database, one that is missing is an error
            async with open_database(settings.database_path) as database:
                for guild_id in (small.state.guild_id, OTHER_GUILD):
                    await welcome(database, guild_id, *range(FLOODING_MEMBERS))
            async with open_bot(settings) as client:
                connected = asyncio.create_task(client.start(TOKEN))
                await client.at_home.wait()
                for guild_id in (small.state.guild_id, OTHER_GUILD):
                    await client.services.keys.add(guild_id, "runcomfy", {"api_key": "rc-key-0001"}, added_by=1)
                name, data = real_clip()
                url = store_file(small.state, small.people.origin, name, data)["url"]
                both = Both(client, small, Media(url=url, name=name, size=len(data)))
                await both.go_on(size)
                connected.cancel()
                await asyncio.gather(connected, return_exceptions=True)
            return both.took, both.refused
