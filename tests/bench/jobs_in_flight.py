"""One side of the benchmark of jobs in flight, as a process of its own: prints what it used, as JSON.

`worker`: the bot's own worker, steps, store and adapter. `baseline`: a task per job with its own poll loop on one
shared client.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from bot.jobs.intervals import Intervals
from tests.bench.in_flight import running, worker_with_jobs
from tests.bench.jobs import Size


def memory() -> int:
    """Resident bytes of this process."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def worker(url: str, size: Size, begin: Callable[[], Awaitable[None]]) -> dict[str, float]:
    """CPU seconds used, and bytes of memory per job."""
    intervals = Intervals()
    for share in range(20):  # a bot that has seen such jobs before
        seconds = size.shortest + (size.longest - size.shortest) * share / 19
        intervals.ended("runcomfy/text/1", seconds, watched=True)
    async with worker_with_jobs(url, size.count, intervals) as ours:
        empty = memory()
        gc.freeze()  # as `python -m bot run` does
        await begin()
        cpu = time.process_time()
        async with running(ours):
            await asyncio.sleep(size.measured_after)
            full = memory()
            while ours.open_jobs:
                await asyncio.sleep(0.2)
            used = time.process_time() - cpu
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
