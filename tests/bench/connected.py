"""A bot of a benchmark, as a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN


@asynccontextmanager
async def connected(
    discord: DiscordServer, folder: Path, settings: Mapping[str, str], *module: str
) -> AsyncIterator[int]:
    """Run the module until the end: its process's id. It is connected to Discord, and its database is in the folder."""
    environment = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}},
        "DISCORD_TOKEN": TOKEN,
        "DISCORD_API_URL": discord.api_url,
        "DISCORD_GATEWAY_URL": discord.gateway_url,
        "DATABASE_PATH": f"{folder}/bot.db",
        "LOG_LEVEL": "ERROR",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", *module, env=environment)
    try:
        await asyncio.wait_for(discord.people.until_reached(), 20)
        yield process.pid
    finally:
        process.kill()
        await process.wait()
