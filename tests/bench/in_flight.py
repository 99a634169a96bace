"""The bot's own worker, steps, store and adapter with jobs in flight; in place of Discord is nothing."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from bot.app.monitoring.metrics import Metrics
from bot.app.monitoring.provider_calls import count_calls
from bot.clock import Clock
from bot.domain.job import RequestCodec, Stores
from bot.jobs.claiming import Claiming
from bot.jobs.decision import Close, Leave
from bot.jobs.intervals import Intervals
from bot.jobs.keys import JobKeys
from bot.jobs.lanes import Lanes
from bot.jobs.lease import Lease
from bot.jobs.open_job import OpenJob
from bot.jobs.runner import Runner
from bot.jobs.steps import Steps
from bot.jobs.steps.poll import Poll
from bot.jobs.worker import Worker
from bot.net.client import Http
from bot.net.transport import open_transport
from bot.providers.base import Provider
from bot.providers.runcomfy import RunComfy
from storage.engine.database import Database, Transaction
from storage.engine.encryption import MasterKeys
from storage.engine.sqlite import open_database
from storage.servers.guilds import Guilds

GUILD = 1
REQUEST = {
    "flow": "text",
    "mode": "text",
    "video": {
        "url": "https://cdn.discordapp.com/ephemeral-attachments/1/2/clip.mp4?ex=1&is=2&hm=" + "f" * 64,
        "name": "clip.mp4",
        "size": 8_000_000,
    },
    "text": "A line of about the usual length, as people type it.",
    "voice": "en:genshin_vindi2",
}  # fmt: skip


class Nothing:
    """In place of Discord."""

    def show(self, *_: object) -> None: ...

    async def finish(self, *_: object) -> None: ...

    async def close(self) -> None: ...

    async def throw_away_made(self, *_: object) -> None: ...


async def left(open_job: OpenJob) -> Leave:  # noqa: ARG001
    """In place of the last edit of a card."""
    return Leave()


async def closed(open_job: OpenJob) -> Close:  # noqa: ARG001
    """In place of posting the outcome."""
    return Close(None)


@asynccontextmanager
async def worker_with_jobs(url: str, count: int, intervals: Intervals, *, since: float = 0.0) -> AsyncIterator[Worker]:
    """A worker that is not running yet. Its jobs run at RunComfy's, which is at `url`, since so many seconds ago."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(Path(folder) / "bot.db") as database, open_transport({"127.0.0.1"}) as transport:
            stores = Stores.on(database, MasterKeys.parse(MasterKeys.generate("bench")), RequestCodec())
            keys, lease = stores.keys, Lease.on(database, stores.workers)
            await lease.begin()
            await Guilds(database).join(GUILD, 0.0)
            await keys.put(GUILD, "runcomfy", {"api_key": "rc-bench-0001"}, hint="0001", added_by=1, now=0.0)
            await _insert(database, count, time.time() - since)
            clock = Clock()
            providers: dict[str, Provider] = {"runcomfy": RunComfy(Http(transport), url)}
            count_calls(providers["runcomfy"], Metrics(providers).provider_calls)
            nothing = cast("Any", Nothing())
            job_keys = JobKeys(keys, providers, clock)
            poll = Poll(job_keys, providers, clock, intervals)
            steps = Steps(lease, nothing, nothing, nothing, nothing, poll, closed, left)
            runner = Runner(stores.jobs, steps, job_keys, nothing, nothing, clock, intervals, kept_seconds=0.0)
            claiming = Claiming(lease, stores.claims, stores.jobs, stores.stage_times, clock, intervals)
            yield Worker(claiming, runner, Lanes(providers), nothing, nothing, nothing, clock, lease)


@asynccontextmanager
async def running(worker: Worker) -> AsyncIterator[None]:
    """The worker at work, once it has taken on its jobs."""
    work = asyncio.create_task(worker.run())
    while not worker.resumed.is_set():
        await asyncio.sleep(0.05)
    yield
    await worker.drain()
    await work


async def _insert(database: Database, count: int, submitted_at: float) -> None:
    async def insert(tx: Transaction) -> None:
        for number in range(count):
            await tx.row(
                """INSERT INTO jobs (guild_id, interaction_id, member_id, provider, request, created_at, deadline_at,
                     key_id, channel_id, card_id, thread_id, state, stage, handle, remote, submitted_at, counted_at)
                   VALUES (1, :number, 2, 'runcomfy', :request, :now, :now + 3600, 1, 3, 4, 5, 'running', 'text', 'h',
                     :remote, :now, :now)""",
                number=number,
                remote=str(number),
                request=json.dumps(REQUEST),
                now=submitted_at,
            )

    await database.write(insert, guild_id=None)
