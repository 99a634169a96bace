"""Several processes of one bot on one PostgreSQL, each with roles and a folder of its own, before one Discord."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.chat.custom_ids import MEND_PREFIX
from bot.domain.job import Job, RequestCodec, Stores
from bot.sandbox.faults import Faults
from bot.sandbox.server import Sandbox
from storage.engine.database import Database
from storage.engine.encryption import MasterKeys
from tests.app.test_run import CLIP, ROOT
from tests.canned import FilmedStudio
from tests.crash.footage import small_clip
from tests.crash.people import buttons_in
from tests.discord_server.interactions import Interaction
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN
from tests.several.front import Front
from tests.storage.engines import emptied
from tests.welcome import welcome

LEASE = 2.0  # seconds
START_SECONDS = 60.0  # in which a process is ready, on any machine
RUNCOMFY = {"runcomfy": "rc-1"}
TEXT = "Long enough to be spoken for two seconds"


class DidNotStart(Exception):
    """A process ended before it was ready; with the end of its log."""

    def __init__(self, process: asyncio.subprocess.Process, log: str) -> None:
        super().__init__(log)
        self.process = process


@dataclass
class Fleet:
    """The processes, and what outlives them."""

    discord: DiscordServer
    sandbox: Sandbox
    database: Database
    stores: Stores
    folder: Path
    settings: dict[str, str]
    front: Front
    longest_wait: float = 0.0  # seconds, for an acknowledgement
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)
    folders: dict[asyncio.subprocess.Process, Path] = field(default_factory=dict)

    async def start(
        self, roles: str, after: asyncio.subprocess.Process | None = None, **settings: str
    ) -> asyncio.subprocess.Process:
        """A process with these roles, and settings of its own; it may not be ready yet. It has a new folder, or that of
        the one that it comes after.
        """
        own = self.folders[after] if after else self.folder / str(len(self.processes))
        own.mkdir(exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        given = {**self.settings, "ROLES": roles, "DATABASE_PATH": str(own / "bot.db"), **settings}
        with (own / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.several.leased", "run"),
                cwd=own,
                env={**environment, "PYTHONPATH": str(ROOT), **given},
                stderr=log,
            )
        self.processes.append(process)
        self.folders[process] = own
        return process

    async def gateway(
        self, after: asyncio.subprocess.Process | None = None, **settings: str
    ) -> asyncio.subprocess.Process:
        """A process that hears commands over Discord's gateway, in the place of any before it, and does."""
        self.discord.gateway.ready.clear()
        process = await self.start("gateway", after, **settings)
        await self._up(process, self.discord.gateway.ready.wait())
        return process

    async def http_gateway(
        self, after: asyncio.subprocess.Process | None = None, **settings: str
    ) -> asyncio.subprocess.Process:
        """One more process that hears commands over HTTP, and does: some of them from now on."""
        endpoint = self.front.endpoint()
        way_in = {"HTTP_PORT": endpoint.choose(), "INTERACTIONS_PUBLIC_KEY": self.discord.state.public_key}
        process = await self.start("gateway", after, **way_in, **settings)
        await self._up(process, endpoint.until_well())
        self.front.open(process, endpoint)
        return process

    async def working(
        self,
        count: int,
        roles: str = "worker,media",
        after: asyncio.subprocess.Process | None = None,
        **settings: str,
    ) -> list[asyncio.subprocess.Process]:
        """So many more processes that work, and do; one may come `after` another, in its folder."""
        before = set(await self.lives())
        found = [await self.start(roles, after, **settings) for _ in range(count)]

        async def work() -> bool:
            ended = [process for process in found if process.returncode is not None]
            if ended:
                raise DidNotStart(ended[0], self.log(ended[0])[-2000:])
            return len(set(await self.lives()) - before) >= count

        await self.until(work)
        return found

    async def _up(self, process: asyncio.subprocess.Process, ready: Coroutine[None, None, object]) -> None:
        """Wait until it is ready; `DidNotStart` when it has ended instead."""
        ends = {asyncio.ensure_future(ready), asyncio.ensure_future(process.wait())}
        _, waiting = await asyncio.wait(ends, timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        if process.returncode is not None or len(waiting) == len(ends):
            raise DidNotStart(process, self.log(process)[-2000:])

    async def lives(self) -> list[int]:
        """The ids of those that are alive by their leases."""
        rows = await self.database.rows("SELECT id FROM workers WHERE alive_until > engine_now() ORDER BY id")
        return [row["id"] for row in rows]

    async def ask(self, count: int = 1, **given: Any) -> None:
        """So many videos are asked for, with these options of the command."""
        for _ in range(count):
            said = await self.asked(**given)
            assert "is on its way" in said, said

    async def ask_for_edit(self, **given: Any) -> None:
        """A video is asked for whose clip is scaled before it is sent, and scaled back at the end."""
        said = await self.asked(edited=True, **given)
        assert "is on its way" in said, said

    async def asked(self, *, edited: bool = False, seconds: float = 60.0, **given: Any) -> str:
        """Ask for a video; what its member reads in the end. `TimeoutError` when that is nothing in so many seconds."""
        video = ("small.mp4", small_clip()) if edited else CLIP
        options: dict[str, Any] = {"video": video, "text": TEXT, "voice": "Sunny", **given}
        asked = await self.discord.people.slash("lipsync text", **options)
        said = await self._answer(asked, seconds)
        for card, button in buttons_in([asked.original or {}], f"{MEND_PREFIX}do:"):
            said = await self._answer(await self.discord.people.click(card, button), seconds)
        return said

    async def _answer(self, asked: Interaction, seconds: float) -> str:
        said = await asked.answer(seconds)
        self.longest_wait = max(self.longest_wait, asked.acknowledged_at - asked.done_at)
        return said

    async def jobs(self) -> list[Job]:
        """All of them, oldest first."""
        found = await self.stores.ledger.jobs(self.discord.state.guild_id, most=1000)
        return sorted(found, key=lambda job: job.id)

    async def until(self, found: Callable[[], Any], seconds: float = 60.0) -> None:
        """Wait until something is so, as a coroutine function tells."""
        async with asyncio.timeout(seconds):
            while not await found():
                await asyncio.sleep(0.05)

    async def running(self) -> None:
        """Wait until a provider works on every job."""

        async def all_run() -> bool:
            return all(job.state == "running" for job in await self.jobs())

        await self.until(all_run)

    async def over(self, seconds: float = 60.0) -> None:
        """Wait until every job is closed."""

        async def all_closed() -> bool:
            return not await self.database.row("SELECT 1 FROM jobs WHERE closed_at IS NULL")

        await self.until(all_closed, seconds)

    def file(self, process: asyncio.subprocess.Process, name: str) -> Path:
        """A file in the folder of a process."""
        return self.folders[process] / name

    def log(self, process: asyncio.subprocess.Process) -> str:
        """What a process has said."""
        return self.file(process, "log").read_text()

    async def end(self) -> None:
        """No process is left."""
        for process in self.processes:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
        await asyncio.gather(*(process.wait() for process in self.processes))


@asynccontextmanager
async def open_fleet(
    url: str,
    folder: Path,
    *,
    keys: Mapping[str, str] = RUNCOMFY,
    faults: Faults | None = None,
    files: Mapping[str, Any] | None = None,
) -> AsyncIterator[Fleet]:
    """A server with these keys by provider, and no process yet; `faults` are what goes wrong at the provider, and
    `files` the settings of where files are kept, if that is a bucket.
    """
    async with AsyncExitStack() as stack:
        discord, sandbox = DiscordServer(), Sandbox()
        sandbox.faults = faults or sandbox.faults
        await stack.enter_async_context(discord)
        await stack.enter_async_context(sandbox)
        database = await stack.enter_async_context(emptied(url))
        sandbox.runs.studio = FilmedStudio()
        master = MasterKeys.generate("fleet")
        stores = Stores.on(database, MasterKeys.parse(master), RequestCodec())
        state = discord.state
        await welcome(database, state.guild_id, int(state.member["id"]))
        for provider, key in keys.items():
            await stores.keys.put(state.guild_id, provider, {"api_key": key}, hint="0001", added_by=1, now=0.0)
        settings = {
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "DATABASE_URL": url,
            "MASTER_KEYS": master,
            "LEASE": str(LEASE),
            "PROVIDER_URLS": json.dumps(sandbox.provider_urls),
            "TRUSTED_HOSTS": f"{sandbox.host},{discord.host}",
        }
        for name, value in (files or {}).items():
            settings[name.upper()] = value.get_secret_value() if isinstance(value, SecretStr) else value
        fleet = Fleet(discord, sandbox, database, stores, folder, settings, Front(discord))
        try:
            yield fleet
        finally:
            await fleet.end()
            await fleet.front.close()
