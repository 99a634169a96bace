"""Several processes of one bot on one PostgreSQL, each with roles and a folder of its own, before one Discord."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.domain.job import Job, RequestCodec, Stores
from bot.sandbox.server import Sandbox
from storage.engine.database import Database
from storage.engine.encryption import MasterKeys
from tests.app.test_run import CLIP, ROOT
from tests.canned import FilmedStudio
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN
from tests.storage.engines import emptied
from tests.welcome import welcome

LEASE = 2.0  # seconds


@dataclass
class Fleet:
    """The processes, and what outlives them."""

    discord: DiscordServer
    sandbox: Sandbox
    database: Database
    stores: Stores
    folder: Path
    settings: dict[str, str]
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(self, roles: str) -> asyncio.subprocess.Process:
        """A process with these roles; it may not be ready yet."""
        own = self.folder / str(len(self.processes))
        own.mkdir()
        environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        given = {**self.settings, "ROLES": roles, "LEASE": str(LEASE), "DATABASE_PATH": str(own / "bot.db")}
        with (own / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.several.leased", "run"),
                cwd=own,
                env={**environment, "PYTHONPATH": str(ROOT), **given},
                stderr=log,
            )
        self.processes.append(process)
        return process

    async def gateway(self) -> asyncio.subprocess.Process:
        """A process that hears commands, and does."""
        process = await self.start("gateway")
        await asyncio.wait_for(self.discord.people.until_reached(), 30)
        return process

    async def working(self, count: int) -> list[asyncio.subprocess.Process]:
        """So many more processes that work, and do."""
        lives = await self.lives()
        found = [await self.start("worker,media") for _ in range(count)]
        await self.until(lambda: self._more_than(len(lives) + count - 1))
        return found

    async def lives(self) -> list[int]:
        """The ids of those that are alive by their leases."""
        rows = await self.database.rows("SELECT id FROM workers WHERE alive_until > engine_now() ORDER BY id")
        return [row["id"] for row in rows]

    async def _more_than(self, count: int) -> bool:
        return len(await self.lives()) > count

    async def ask(self, count: int = 1) -> None:
        """So many videos are asked for."""
        for _ in range(count):
            asked = await self.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
            assert "is on its way" in await asked.answer(20.0)

    async def jobs(self) -> list[Job]:
        """All of them, oldest first."""
        found = await self.stores.ledger.jobs(self.discord.state.guild_id, most=1000)
        return sorted(found, key=lambda job: job.id)

    async def until(self, found: Callable[[], Any], seconds: float = 60.0) -> None:
        """Wait until something is so, as a coroutine function tells."""
        async with asyncio.timeout(seconds):
            while not await found():
                await asyncio.sleep(0.05)

    async def over(self) -> None:
        """Wait until every job is closed."""

        async def all_closed() -> bool:
            return all(job.closed_at is not None for job in await self.jobs())

        await self.until(all_closed)

    def log(self, process: asyncio.subprocess.Process) -> str:
        """What a process has said."""
        return (self.folder / str(self.processes.index(process)) / "log").read_text()

    async def end(self) -> None:
        """No process is left."""
        for process in self.processes:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
        await asyncio.gather(*(process.wait() for process in self.processes))


@asynccontextmanager
async def open_fleet(url: str, folder: Path) -> AsyncIterator[Fleet]:
    """A server with a key, and no process yet."""
    async with DiscordServer() as discord, Sandbox() as sandbox, emptied(url) as database:
        sandbox.runs.studio = FilmedStudio()
        master = MasterKeys.generate("fleet")
        stores = Stores.on(database, MasterKeys.parse(master), RequestCodec())
        state = discord.state
        await welcome(database, state.guild_id, int(state.member["id"]))
        await stores.keys.put(state.guild_id, "runcomfy", {"api_key": "rc-1"}, hint="0001", added_by=1, now=0.0)
        settings = {
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "DATABASE_URL": url,
            "MASTER_KEYS": master,
            "PROVIDER_URLS": f'{{"runcomfy": "{sandbox.url}/runcomfy"}}',
            "TRUSTED_HOSTS": f"{sandbox.host},{discord.host}",
        }
        fleet = Fleet(discord, sandbox, database, stores, folder, settings)
        try:
            yield fleet
        finally:
            await fleet.end()
