"""The one place where all parts are put together."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.choosing import Chooser
from bot.client import Mouthpiece
from bot.clock import Clock
from bot.delivery import Delivery
from bot.doors import Doors
from bot.errors import SettingsError
from bot.intake import Intake
from bot.keyring import Keyring
from bot.moves import Moves
from bot.notices import Notices
from bot.pacing import Pacing
from bot.polls import Polls
from bot.providers import load_providers
from bot.providers.base import Provider
from bot.providers.http import Http
from bot.providers.transport import open_client
from bot.replies import Replies
from bot.service import Service
from bot.settings import Settings
from bot.submits import Submits
from bot.worker import Worker
from storage.database import open_database
from storage.facts import Facts
from storage.guilds import Guilds
from storage.jobs import Jobs
from storage.keys import Keys


@asynccontextmanager
async def open_bot(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Mouthpiece]:
    """The whole bot, ready to log in; its worker begins when Discord is ready, and is drained at the end."""
    clock, pacing = clock or Clock(), Pacing()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.database_path))
        sandbox_url = await _open_sandbox(stack) if settings.sandbox else ""
        trusted = settings.trusted_hosts | {sandbox_url.removeprefix("http://").partition("/")[0]}
        http = Http(await stack.enter_async_context(open_client(trusted)))
        providers: dict[str, Provider] = load_providers(http, settings.provider_urls)
        if sandbox_url:
            providers |= _sandbox_providers(http, sandbox_url)
        guilds, jobs, keys = Guilds(database), Jobs(database), Keys(database, settings.master())
        client = Mouthpiece(Facts(database), guilds, clock)
        replies, notices = Replies(client, providers, clock), Notices(client, keys, providers, clock)
        intake = Intake(http, _folder(settings.data_folder / "intake", empty=True))
        moves = Moves(jobs, keys, providers, clock, pacing)
        polls = Polls(moves)
        delivery = Delivery(jobs, polls, replies, http, _folder(settings.data_folder / "results"), clock, pacing)
        submits = Submits(moves, intake, notices)
        client.worker = Worker(moves, submits, polls, delivery, replies)
        chooser = Chooser(guilds, keys, providers, intake)
        doors = Doors(client.worker, settings.max_open_jobs_per_server, settings.max_open_jobs)
        client.service = Service(guilds, jobs, chooser, providers, client.worker, delivery, doors, clock)
        client.keyring = Keyring(guilds, jobs, keys, providers, clock)
        working = asyncio.create_task(_work_when_ready(client, notices))
        try:
            yield client
        finally:
            await client.worker.drain()
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await client.close()


async def _work_when_ready(client: Mouthpiece, notices: Notices) -> None:
    await client.at_home.wait()
    async with asyncio.TaskGroup() as group:
        telling = group.create_task(notices.run())
        await client.worker.run()
        telling.cancel()


def _folder(path: Path, *, empty: bool = False) -> Path:
    if empty:
        shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


async def _open_sandbox(stack: AsyncExitStack) -> str:
    try:
        from bot.sandbox.server import Sandbox  # noqa: PLC0415 - needs the demo extra
    except ImportError as error:
        raise SettingsError(problem=f"SANDBOX: needs the demo extra installed ({error.name} is missing)") from None
    return (await stack.enter_async_context(Sandbox())).url


def _sandbox_providers(http: Http, url: str) -> dict[str, Provider]:
    from bot.sandbox.provider import SandboxProvider  # noqa: PLC0415 - needs the demo extra

    return {SandboxProvider.name: SandboxProvider(http, f"{url}/runcomfy")}
