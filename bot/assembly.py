"""The one place where all parts are put together."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.approvals import Approvals
from bot.automod import AutoMod
from bot.choosing import Chooser
from bot.client import Mouthpiece
from bot.clock import Clock
from bot.delivery import Delivery
from bot.doors import Doors
from bot.errors import SettingsError
from bot.gate import Gate
from bot.housekeeping import Housekeeping
from bot.intake import Intake
from bot.keyring import Keyring
from bot.log_channel import LogChannel
from bot.moderation import Moderation
from bot.moves import Moves
from bot.notices import Notices
from bot.pacing import Pacing
from bot.polls import Polls
from bot.providers import load_providers
from bot.providers.base import Provider
from bot.providers.http import Http
from bot.providers.transport import open_client
from bot.replies import Replies
from bot.results import Results
from bot.rulebook import Rulebook
from bot.service import Service
from bot.settings import Settings
from bot.submits import Submits
from bot.worker import Worker
from storage.backup import reconcile
from storage.database import Database, open_database
from storage.resealing import verify
from storage.sealing import CannotUnseal, MasterKeys
from storage.stores import Stores

log = logging.getLogger(__name__)

FAULT_PAUSE = 60.0


@asynccontextmanager
async def open_bot(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Mouthpiece]:
    """The whole bot, ready to log in; its worker begins when Discord is ready, and is drained at the end."""
    clock = clock or Clock()
    async with AsyncExitStack() as stack:
        master = settings.master()
        database = await stack.enter_async_context(open_database(settings.database_path))
        sandbox_url = await _open_sandbox(stack) if settings.sandbox else ""
        trusted = settings.trusted_hosts | {sandbox_url.removeprefix("http://").partition("/")[0]}
        http = Http(await stack.enter_async_context(open_client(trusted)), settings.gateway_hosts)
        providers: dict[str, Provider] = load_providers(http, settings.provider_urls)
        if sandbox_url:
            providers |= _sandbox_providers(http, sandbox_url)
        stores = Stores.on(database, master)
        await _open_every_key(database, master)
        if (restored := await reconcile(database)) is not None:
            log.warning(
                "started on a backup: %d open jobs are asked about and looked for, and not sent again", restored
            )
        client = Mouthpiece(stores.facts, stores.guilds, clock)
        beside = _put_together(client, stores, http, providers, trusted, settings, clock)
        working = asyncio.create_task(_work_when_ready(client, *beside))
        try:
            yield client
        finally:
            await client.worker.drain()
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
            await client.close()


def _put_together(
    client: Mouthpiece,
    stores: Stores,
    http: Http,
    providers: Mapping[str, Provider],
    trusted: frozenset[str],
    settings: Settings,
    clock: Clock,
) -> list[Callable[[], Awaitable[None]]]:
    """Everything between Discord and the stores, given to the client; what is to run beside the worker."""
    guilds, jobs, keys, pacing = stores.guilds, stores.jobs, stores.keys, Pacing()
    folder = _folder(settings.data_folder / "results")
    intake = Intake(http, _folder(settings.data_folder / "intake", empty=True), trusted)
    replies, notices = Replies(client, providers, clock), Notices(client, keys, providers, clock)
    moves = Moves(jobs, keys, notices, providers, clock, pacing)
    polls = Polls(moves)
    delivery = Delivery(jobs, polls, replies, http, folder, clock, pacing)
    client.worker = Worker(moves, Approvals(moves), Submits(moves, intake), polls, delivery, replies)
    gate = Gate(guilds, stores.access, stores.limits, stores.ledger, stores.reports, AutoMod(client, clock), clock)
    chooser = Chooser(guilds, keys, providers, intake)
    doors = Doors(client.worker, settings.max_open_jobs_per_server, settings.max_open_jobs)
    client.service = Service(
        guilds, jobs, chooser, providers, client.worker, delivery, doors, gate, stores.access, clock
    )
    client.housekeeping = Housekeeping(
        stores.privacy, folder, clock, retention_days=settings.retention_days, results_days=settings.results_days
    )
    client.keyring = Keyring(guilds, jobs, keys, providers, clock)
    client.rulebook = Rulebook(guilds, stores.limits, stores.access, clock)
    results = Results(client, http, folder)
    log_channel = LogChannel(client, stores.chronicle, guilds, jobs, providers, clock)
    client.moderation = Moderation(
        jobs,
        stores.ledger,
        stores.reports,
        stores.access,
        stores.privacy,
        results,
        log_channel,
        client.worker,
        providers,
        clock,
    )
    return [notices.run, client.housekeeping.run, log_channel.run]


async def _work_when_ready(client: Mouthpiece, *beside: Callable[[], Awaitable[None]]) -> None:
    """The worker, and what goes on beside it for as long."""
    await client.at_home.wait()
    others = [asyncio.create_task(_lasting(other)) for other in beside]
    try:
        await client.worker.run()
    finally:
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _lasting(run: Callable[[], Awaitable[None]]) -> None:
    """Go on after a fault of ours: nothing beside the worker may end it, or stop for good."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("something beside the worker failed; it begins again")
            await asyncio.sleep(FAULT_PAUSE)


def _folder(path: Path, *, empty: bool = False) -> Path:
    if empty:
        shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


async def _open_every_key(database: Database, master: MasterKeys) -> None:
    """Refuse to start with the wrong master key: better now than job by job."""
    try:
        await verify(database, master)
    except CannotUnseal as error:
        raise SettingsError(problem=f"MASTER_KEYS: {error}; nothing was changed") from None


async def _open_sandbox(stack: AsyncExitStack) -> str:
    try:
        from bot.sandbox.server import Sandbox  # noqa: PLC0415 - needs the demo extra
    except ImportError as error:
        raise SettingsError(problem=f"SANDBOX: needs the demo extra installed ({error.name} is missing)") from None
    return (await stack.enter_async_context(Sandbox())).url


def _sandbox_providers(http: Http, url: str) -> dict[str, Provider]:
    from bot.sandbox.provider import SandboxProvider  # noqa: PLC0415 - needs the demo extra

    return {SandboxProvider.name: SandboxProvider(http, f"{url}/runcomfy")}
