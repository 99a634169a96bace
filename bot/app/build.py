"""The one place where all parts are put together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import aiohttp

from bot.app.background import running
from bot.app.build_worker import build_worker
from bot.app.client import Mouthpiece
from bot.app.database.opening import own_database, watch_history
from bot.app.heartbeats import Heartbeats
from bot.app.http_server.health import health_routes
from bot.app.http_server.interactions import interaction_routes
from bot.app.http_server.server import serving
from bot.app.monitoring.discord_calls import count_discord_calls
from bot.app.monitoring.gauges import Gauges
from bot.app.monitoring.loop_lag import measure_lag
from bot.app.monitoring.metrics import Metrics
from bot.app.monitoring.moves import Moves
from bot.app.monitoring.provider_calls import count_calls
from bot.app.parts import Parts, make_folder
from bot.app.sandbox_mode import open_sandbox, sandbox_providers
from bot.app.servers.descriptions import Descriptions
from bot.app.servers.listing import Listing
from bot.app.servers.membership import Membership
from bot.app.servers.refused_posts import when_refused
from bot.app.services import Services
from bot.app.settings import Settings
from bot.app.transport import transport
from bot.asking.admission import Admission
from bot.asking.candidates import Chooser
from bot.asking.choices import Choices
from bot.asking.drafts import Draft, Pending, PendingDrafts
from bot.asking.enqueue import Enqueuer
from bot.asking.inspect import Inspector
from bot.asking.prices import Prices
from bot.asking.repeat import Repeat
from bot.asking.service import Service
from bot.chat.answers.awaited import AwaitedAnswers
from bot.chat.answers.late import LateAnswers
from bot.chat.cases.escalation import Escalation
from bot.chat.cases.posts import CasePosts
from bot.chat.forms import Forms
from bot.chat.kept_notices import KeptNotices
from bot.chat.log_channel import LogChannel
from bot.chat.posted_results import PostedResults
from bot.chat.server.automod import AutoMod
from bot.clock import Clock
from bot.delivery.kept_videos import KeptVideos
from bot.delivery.size_limit import SizeLimit
from bot.domain.job import RequestCodec, Stores
from bot.files.room import Room
from bot.jobs.worker import Worker
from bot.media.pool import open_pool
from bot.moderation.decisions import Decisions
from bot.moderation.keys import ServerKeys
from bot.moderation.open_cases import OpenCases
from bot.moderation.reports import ReportedResults
from bot.moderation.server_rules import ServerRules
from bot.net.client import Http
from bot.providers import load_providers
from bot.providers.base import Provider
from bot.retention.backups import Backups
from bot.retention.cleanup import Cleanup
from bot.retention.privacy import PersonalData


@asynccontextmanager
async def open_bot(
    settings: Settings, clock: Clock | None = None, *, prepare: Callable[[Parts], None] = lambda _: None
) -> AsyncIterator[Mouthpiece]:
    """The whole bot, ready to log in; its worker begins when it is logged in, and is drained at the end. `TaskEnded`
    when it couldn't go on.

    `prepare` is given the parts before they are put together.
    """
    clock = clock or Clock()
    async with AsyncExitStack() as stack:
        master = settings.master()
        make_folder(settings.data_folder)
        database = await stack.enter_async_context(own_database(settings, master))
        sandbox_url = await open_sandbox(stack) if settings.sandbox else ""
        http = Http(await stack.enter_async_context(transport(settings, sandbox_url)), settings.gateway_hosts)
        providers: dict[str, Provider] = load_providers(http, settings.provider_urls)
        if sandbox_url:
            providers |= sandbox_providers(http, sandbox_url)
        metrics = Metrics(providers)
        for provider in providers.values():
            count_calls(provider, metrics.provider_calls)
        stores = Stores.on(database, master, RequestCodec(), Moves(metrics))
        pool = await stack.enter_async_context(open_pool())
        parts = await Parts.of(settings, stores, database, http, providers, pool, clock, metrics)
        prepare(parts)
        await parts.lease.begin()
        stack.push_async_callback(parts.lease.end)  # where what follows fails, before there is a worker that would
        membership = Membership(parts.stores.guilds, parts.stores.keys, clock)
        services = partial(_services, parts=parts, settings=settings, clock=clock)
        trace = aiohttp.TraceConfig() if settings.served_shards else when_refused(membership.unsure.set)
        count_discord_calls(trace, metrics.discord_calls)
        client = Mouthpiece(parts.stores.installation, membership, clock, settings.served_shards, services, trace)
        stack.push_async_callback(client.leave)
        file = None if settings.database_url else settings.database_path
        heartbeats = Heartbeats(client, file, parts.stores.installation, clock)
        gauges = Gauges(client, heartbeats, parts, settings.roles, clock)
        listing, descriptions = Listing(client, membership, clock), Descriptions(client, membership, clock)
        public_key = settings.interactions_public_key if "gateway" in settings.roles else None
        interactions = interaction_routes(client, descriptions, public_key, clock)
        routes = [*health_routes(heartbeats, gauges), *interactions]
        await stack.enter_async_context(serving(routes, settings.http_host, settings.http_port))
        own = (heartbeats.run, membership.run, listing.run, listing.daily, descriptions.run)
        beside = [*own, *client.services.beside_the_worker(parts.lease, settings.roles), parts.lease.run]
        beside.append(partial(measure_lag, metrics.loop_lag, Clock()))
        if settings.backup_every:
            named = {"every_hours": settings.backup_every, "keep": settings.backup_keep}
            beside.append(Backups(settings.database_path, parts.copies, master, clock, **named).run)
        watches = [partial(watch_history, database)]
        async with running(client.services.worker, client.signed_in, beside, clock, watches):
            yield client


def _asking(
    client: Mouthpiece,
    parts: Parts,
    worker: Worker,
    room: Room,
    drafts: Pending[Draft],
    settings: Settings,
    clock: Clock,
) -> Service:
    """Everything from a member's command to a stored job."""
    stores, most_open, most_in_server = parts.stores, settings.max_open_jobs, settings.max_open_jobs_per_server
    prices = Prices(stores.keys, settings.usd_per_cny)
    return Service(
        stores,
        Admission(stores, AutoMod(client, clock), worker, clock, per_server=most_in_server, in_all=most_open),
        Chooser(stores.reports, parts.providers, prices, Inspector(parts.incoming, room)),
        Enqueuer(stores, parts.job_files, worker, clock),
        worker,
        parts.incoming,
        PendingDrafts(stores.unfinished, drafts, parts.incoming, clock),
        clock,
    )


def _services(client: Mouthpiece, parts: Parts, settings: Settings, clock: Clock) -> Services:
    """Everything between Discord and the stores."""
    stores, providers, job_files = parts.stores, parts.providers, parts.job_files
    escalation = Escalation(CasePosts(client), stores, providers, clock)
    tell, share = KeptNotices(client).thrown_away, settings.disk_share / 100
    room = Room(stores.ledger, stores.corrections, job_files, clock, tell, share=share)
    worker = build_worker(client, parts, room, settings, clock)
    drafts: Pending[Draft] = Pending(clock, Draft.throw_away)
    asking = _asking(client, parts, worker, room, drafts, settings, clock)
    size_limit = SizeLimit(parts.handing_out, job_files)
    results = PostedResults(client, parts.discord_files, job_files)
    copies, days = parts.copies, settings.retention_days
    return Services(
        asking=asking,
        choices=Choices(stores.keys, stores.ledger, providers),
        repeat=Repeat(stores.jobs, stores.reports, job_files, parts.incoming, asking, clock),
        kept_videos=KeptVideos(stores, size_limit, job_files, clock),
        privacy=PersonalData(
            stores,
            job_files,
            drafts,
            copies,
            settings.host,
            clock,
            retention_days=days,
            results_days=settings.results_days,
        ),
        keys=ServerKeys(stores, providers, clock),
        server_rules=ServerRules(stores, clock),
        decisions=Decisions(stores, worker, clock),
        reports=ReportedResults(stores, results, escalation, clock),
        ledger=stores.ledger,
        providers=providers,
        worker=worker,
        cleanup=Cleanup(
            stores, job_files, drafts, copies, clock, retention_days=days, copies_days=settings.copies_days
        ),
        open_cases=OpenCases(stores.cases, clock),
        escalation=escalation,
        forms=Forms(stores.unfinished, clock),
        log_channel=LogChannel(client, stores, providers, clock),
        awaited_answers=AwaitedAnswers(stores.unanswered, clock),
        late_answers=LateAnswers(client, client.signed_in, stores, providers, clock, is_alone=parts.database.is_alone),
    )
