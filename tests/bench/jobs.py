"""Jobs in flight: the worker against one task with a poll loop per job on a shared `httpx.AsyncClient`."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import statistics
import sys
from collections.abc import Callable
from math import nan
from typing import Any

import httpx

# The worker has seen 20 such jobs end before, as a bot has after its first hour.
# Jobs, seconds until the first and until the last one ends, the baseline's poll interval, seconds to spare at the end.
SIZES = ((1_000, 30, 60, 5, 60), (10_000, 60, 120, 10, 60))


async def main() -> None:
    """Print one table per size."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    far_side = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.far_side", str(port))
    try:
        await until_up(f"{url}/report")
        for size in SIZES:
            sides = {side: await _run(side, url, *size) for side in ("baseline", "worker")}
            _print(size[0], **sides)
    finally:
        far_side.terminate()
        await far_side.wait()


async def _run(side: str, url: str, *size: float) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.jobs_in_flight", side, url, *map(str, size)),
        stdout=asyncio.subprocess.PIPE,
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), size[2] + size[4])
        used = json.loads(printed)
    except TimeoutError:  # its event loop is so busy that it can't even stop by itself
        process.kill()
        await process.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = {"cpu": after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, "memory": nan}
    async with httpx.AsyncClient() as client:
        return {**used, **(await client.get(f"{url}/report")).json()}


async def until_up(url: str) -> None:
    async with httpx.AsyncClient() as client:
        while True:
            try:
                await client.get(url)
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
            else:
                return


def _print(count: int, baseline: dict[str, Any], worker: dict[str, Any]) -> None:
    print(f"\n{count} jobs in flight         baseline     worker   worker / baseline")
    rows: dict[str, Callable[[dict[str, Any]], float]] = {
        "ends noticed": lambda side: len(side["noticed"]),
        "CPU, s": lambda side: side["cpu"],
        "CPU per poll, ms": lambda side: 1000 * side["cpu"] / (side["polls"] or nan),
        "memory per job, KiB": lambda side: side["memory"] / 1024,
        "polls per job": lambda side: side["polls"] / count,
        "end noticed, median s": lambda side: statistics.median(side["noticed"] or [nan]),
        "end noticed, p99 s": lambda side: statistics.quantiles(side["noticed"] or [nan, nan], n=100)[98],
    }
    for name, measure in rows.items():
        ours, theirs = measure(worker), measure(baseline)
        print(f"{name:26} {theirs:10.2f} {ours:10.2f}   {ours / (theirs or nan):10.2f}")
