"""One side of the benchmark of jobs in flight, as a process of its own: prints what it used, as JSON.

`worker`: the bot's own worker, steps, store and adapter. `baseline`: a task per job with its own poll loop on one
shared client.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import httpx

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
from bot.net.transport import open_client
from bot.providers.runcomfy import RunComfy
from storage.engine.database import Transaction
from storage.engine.encryption import MasterKeys
from storage.engine.sqlite import open_database
from storage.servers.guilds import Guilds
from tests.bench.jobs import Size

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


def memory() -> int:
    """Resident bytes of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


class Nothing:
    """In place of Discord: this benchmark ends when an end is noticed."""

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


async def worker(url: str, size: Size, begin: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """CPU seconds used, and bytes of memory per job."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(Path(folder) / "bot.db") as database, open_client({"127.0.0.1"}) as client:
            stores = Stores.on(database, MasterKeys.parse(MasterKeys.generate("bench")), RequestCodec())
            keys, lease = stores.keys, Lease.on(database, stores.workers)
            await lease.begin()
            await Guilds(database).join(GUILD, 0.0)
            await keys.put(GUILD, "runcomfy", {"api_key": "rc-bench-0001"}, hint="0001", added_by=1, now=0.0)

            async def insert(tx: Transaction) -> None:
                for number in range(size.count):
                    await tx.row(
                        """INSERT INTO jobs (guild_id, interaction_id, member_id, provider, request, created_at,
                        deadline_at,
                             key_id, channel_id, card_id, thread_id, state, stage, handle, remote, submitted_at,
                             counted_at)
                           VALUES (1, :number, 2, 'runcomfy', :request, :now, :now + 3600, 1, 3, 4, 5, 'running',
                             'text', 'h',
                             :remote, :now, :now)""",
                        number=number,
                        remote=str(number),
                        request=json.dumps(REQUEST),
                        now=time.time(),
                    )

            await database.write(insert, guild_id=None)
            clock, intervals = Clock(), Intervals()
            for share in range(20):  # a bot that has seen such jobs before
                seconds = size.shortest + (size.longest - size.shortest) * share / 19
                intervals.ended("runcomfy/text/1", seconds, watched=True)
            providers = {"runcomfy": RunComfy(Http(client), url)}
            nothing = cast("Any", Nothing())
            job_keys = JobKeys(keys, providers, clock)
            poll = Poll(job_keys, providers, clock, intervals)
            steps = Steps(lease, nothing, nothing, nothing, nothing, poll, closed, left)
            runner = Runner(stores.jobs, steps, job_keys, nothing, nothing, clock, intervals, kept_seconds=0.0)
            claiming = Claiming(lease, stores.claims, stores.jobs, clock, intervals)
            ours = Worker(claiming, runner, Lanes(providers), nothing, nothing, nothing, clock, lease)
            empty = memory()
            gc.freeze()  # as `python -m bot run` does
            await begin()
            cpu = time.process_time()
            running = asyncio.create_task(ours.run())
            while not ours.resumed:
                await asyncio.sleep(0.05)
            await asyncio.sleep(size.measured_after)
            full = memory()
            while ours.open_jobs:
                await asyncio.sleep(0.2)
            used = time.process_time() - cpu
            await ours.drain()
            await running
            return {"cpu": used, "memory": (full - empty) / size.count}


async def baseline(url: str, size: Size, begin: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """CPU seconds used, and bytes of memory per job."""
    async with httpx.AsyncClient() as client:

        async def follow(number: int) -> None:
            await asyncio.sleep(size.interval * number / size.count)  # people don't ask all at once
            while True:
                await asyncio.sleep(size.interval)
                try:
                    answer = await client.get(
                        f"{url}/v1/requests/{number}/status", headers={"Authorization": "Bearer x"}
                    )
                except httpx.HTTPError:
                    continue
                if answer.json()["status"] == "completed":
                    return

        empty = memory()
        await begin()
        cpu = time.process_time()
        tasks = [asyncio.create_task(follow(number)) for number in range(size.count)]
        await asyncio.sleep(size.measured_after)
        full = memory()
        await asyncio.gather(*tasks)
        used = time.process_time() - cpu
        return {"cpu": used, "memory": (full - empty) / size.count}


async def main() -> None:
    side, url, given = sys.argv[1:]
    size = Size(**json.loads(given))

    async def begin() -> None:
        async with httpx.AsyncClient() as client:
            query = {"count": size.count, "shortest": size.shortest, "longest": size.longest}
            await client.get(f"{url}/begin", params=query)

    print(json.dumps(await {"worker": worker, "baseline": baseline}[side](url, size, begin)))


if __name__ == "__main__":
    asyncio.run(main())
