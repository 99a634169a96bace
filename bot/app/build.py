"""The one place where all parts are put together."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.app.background import work_when_ready
from bot.app.client import Mouthpiece
from bot.app.sandbox_mode import open_sandbox, sandbox_providers
from bot.app.settings import Settings
from bot.asking.admission import Admission
from bot.asking.candidates import Chooser
from bot.asking.checks import Checks
from bot.asking.choices import Choices
from bot.asking.drafts import Draft, Pending
from bot.asking.enqueue import Enqueuer
from bot.asking.inspect import Inspector
from bot.asking.prices import Prices
from bot.asking.repeat import Repeat
from bot.asking.service import Service
from bot.chat.automod import AutoMod
from bot.chat.card import Cards
from bot.chat.key_alerts import KeyAlerts
from bot.chat.log_channel import LogChannel
from bot.chat.posted_results import PostedResults
from bot.chat.provider_files import ProviderFiles
from bot.chat.result_post import ResultPosts
from bot.clock import Clock
from bot.delivery.assemble import Assembler
from bot.delivery.kept_videos import KeptVideos
from bot.delivery.places import Places
from bot.delivery.size_limit import SizeLimit
from bot.errors import SettingsError
from bot.files.incoming import Incoming
from bot.files.job_files import JobFiles
from bot.jobs.inputs import Inputs
from bot.jobs.intervals import Intervals
from bot.jobs.keys import JobKeys
from bot.jobs.runner import Runner
from bot.jobs.steps.approval import Approvals
from bot.jobs.steps.deliver import Delivery
from bot.jobs.steps.find import Finds
from bot.jobs.steps.poll import Polls
from bot.jobs.steps.show import Shows
from bot.jobs.steps.submit import Submits
from bot.jobs.transitions import Transitions
from bot.jobs.worker import Worker
from bot.media.editor import Editor
from bot.media.probe import Probe
from bot.moderation.decisions import Decisions
from bot.moderation.keys import ServerKeys
from bot.moderation.reports import ReportedResults
from bot.moderation.server_rules import ServerRules
from bot.net.client import Http
from bot.net.transport import open_client
from bot.providers import load_providers
from bot.providers.base import Provider
from bot.retention.cleanup import Cleanup
from bot.retention.privacy import PersonalData
from storage.engine.backup import reconcile
from storage.engine.database import Database, open_database
from storage.engine.encryption import CannotUnseal, MasterKeys
from storage.engine.key_rotation import verify
from storage.stores import Stores

log = logging.getLogger(__name__)


@asynccontextmanager
async def open_bot(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Mouthpiece]:
    """The whole bot, ready to log in; its worker begins when Discord is ready, and is drained at the end."""
    clock = clock or Clock()
    async with AsyncExitStack() as stack:
        master = settings.master()
        database = await stack.enter_async_context(open_database(settings.database_path))
        sandbox_url = await open_sandbox(stack) if settings.sandbox else ""
        trusted = settings.trusted_hosts | {sandbox_url.removeprefix("http://").partition("/")[0]}
        http = Http(await stack.enter_async_context(open_client(trusted)), settings.gateway_hosts)
        providers: dict[str, Provider] = load_providers(http, settings.provider_urls)
        if sandbox_url:
            providers |= sandbox_providers(http, sandbox_url)
        stores = Stores.on(database, master)
        await _open_every_key(database, master)
        if (restored := await reconcile(database)) is not None:
            log.warning(
                "started on a backup: %d open jobs are asked about and looked for, and not sent again", restored
            )
        client = Mouthpiece(stores.installation, stores.guilds, clock)
        beside = _put_together(client, stores, http, providers, trusted, settings, clock)
        working = asyncio.create_task(work_when_ready(client, *beside))
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
    guilds, jobs, keys, intervals = stores.guilds, stores.jobs, stores.keys, Intervals()
    job_files, probe = JobFiles(settings.data_folder / "files"), Probe()
    job_files.tidy(settings.data_folder / "results")
    incoming = Incoming(http, _folder(settings.data_folder / "intake", empty=True), trusted, probe, clock)
    cards, key_alerts = Cards(client, providers, clock), KeyAlerts(client, keys, providers, clock)
    transitions = Transitions(jobs, JobKeys(keys, key_alerts, providers, clock), providers, clock, intervals)
    shows = Shows(jobs, cards, clock, intervals)
    polls = Polls(transitions)
    # An edit may take ten minutes, and what is prepared or handed out doesn't wait for one that finishes a video: so
    # three editors, and with the probe's two looks five children at once.
    preparing, finishing, handing_out = Editor(), Editor(), Editor()
    inputs = Inputs(job_files, incoming, preparing, ProviderFiles(client))
    delivery = Delivery(
        jobs,
        Assembler(polls, http, probe, finishing, inputs, job_files),
        SizeLimit(finishing, job_files),
        cards,
        ResultPosts(client, providers),
        Places(stores.direct_messages),
        job_files,
        clock,
        intervals,
        results_days=settings.results_days,
    )
    approvals = Approvals(transitions)
    runner = Runner(
        transitions, approvals, inputs, shows, Submits(transitions, inputs), Finds(transitions), polls, delivery, cards
    )
    client.worker = Worker(transitions, runner, approvals, inputs, polls, cards)
    checks = Checks.on(stores, AutoMod(client, clock), clock)
    client.choices = Choices(keys, stores.ledger, providers)
    chooser = Chooser(keys, providers, client.choices, Prices(guilds, keys), incoming)
    admission = Admission(client.worker, settings.max_open_jobs_per_server, settings.max_open_jobs)
    drafts: Pending[Draft] = Pending(clock, Draft.throw_away)
    enqueuer = Enqueuer(guilds, jobs, keys, checks.approval, job_files, client.worker, shows, clock)
    client.service = Service(
        jobs, Inspector(incoming), chooser, client.worker, enqueuer, admission, checks, incoming, drafts
    )
    client.repeat = Repeat(jobs, stores.reports, job_files, incoming, client.service)
    client.cleanup = Cleanup(
        stores.privacy, jobs, job_files, (drafts, client.offers), clock, retention_days=settings.retention_days
    )
    client.privacy = PersonalData(
        stores.privacy,
        stores.direct_messages,
        job_files,
        (drafts, client.offers),
        clock,
        retention_days=settings.retention_days,
        results_days=settings.results_days,
    )
    size_limit = SizeLimit(handing_out, job_files)
    client.kept_videos = KeptVideos(
        jobs, stores.ledger, stores.reports, stores.direct_messages, size_limit, job_files, providers, clock
    )
    client.server_keys = ServerKeys(guilds, jobs, keys, providers, clock)
    client.server_rules = ServerRules(guilds, stores.limits, stores.access, clock)
    results = PostedResults(client, http, job_files)
    log_channel = LogChannel(client, stores.log_entries, guilds, jobs, providers, clock)
    client.decisions = Decisions(jobs, stores.ledger, stores.reports, stores.access, client.worker, providers, clock)
    client.reports = ReportedResults(jobs, stores.reports, stores.access, stores.privacy, results, log_channel, clock)
    return [key_alerts.run, client.cleanup.run, client.cleanup.sweep, log_channel.run]


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
