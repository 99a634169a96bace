"""One side of the benchmark of polls, as a process of its own: prints what one costs in milliseconds of CPU.

`worker`: the bot's own worker, steps, store and adapter. `baseline`: a heap of due times on one session of aiohttp's.
"""

from __future__ import annotations

import asyncio
import gc
import heapq
import json
import sys
import time

import aiohttp

from bot.jobs.intervals import LATEST, SHARE_OF_ELAPSED, Intervals
from tests.bench.in_flight import running, worker_with_jobs
from tests.bench.polls import Size

OLD = LATEST / SHARE_OF_ELAPSED  # seconds; jobs of that age are asked about at the longest interval


async def worker(url: str, size: Size) -> float:
    """Milliseconds of CPU per poll."""
    async with worker_with_jobs(url, size.count, Intervals(), since=OLD) as ours:
        gc.freeze()  # as `python -m bot run` does
        async with running(ours):
            return await cost_of_polls(url, size)


async def baseline(url: str, size: Size) -> float:
    """Milliseconds of CPU per poll."""
    start = time.monotonic()
    due = [(start + LATEST * number / size.count, number) for number in range(size.count)]
    async with aiohttp.ClientSession(headers={"Authorization": "Bearer x"}) as session, asyncio.TaskGroup() as polls:

        async def poll(number: int) -> None:
            async with session.get(f"{url}/v1/requests/{number}/status") as answer:
                if json.loads(await answer.read())["status"] == "in_progress":
                    heapq.heappush(due, (time.monotonic() + LATEST, number))

        async def serve() -> None:
            while True:
                while due and due[0][0] <= time.monotonic():
                    polls.create_task(poll(heapq.heappop(due)[1]))
                await asyncio.sleep(max(0.0, due[0][0] - time.monotonic()) if due else 0.1)

        gc.freeze()
        serving = polls.create_task(serve())
        found = await cost_of_polls(url, size)
        serving.cancel()
    return found


async def cost_of_polls(url: str, size: Size) -> float:
    """Milliseconds of CPU per poll that arrived there, once it is under way."""
    async with aiohttp.ClientSession() as session:

        async def arrived(at_least: float) -> int:
            while True:
                async with session.get(f"{url}/report") as answer:
                    polls = int((await answer.json())["polls"])
                if polls >= at_least:
                    return polls
                await asyncio.sleep(0.5)

        before, cpu = await arrived(size.before * size.count), time.process_time()
        polls = await arrived(before + size.measured * size.count) - before
        return 1000 * (time.process_time() - cpu) / polls


async def main() -> None:
    side, url, given = sys.argv[1:]
    size = Size(**json.loads(given))
    async with aiohttp.ClientSession() as session:
        await session.get(f"{url}/begin", params={"count": size.count, "shortest": 9e5, "longest": 9e5})
    print(await {"worker": worker, "baseline": baseline}[side](url, size))


if __name__ == "__main__":
    asyncio.run(main())
