"""Jobs in flight: the worker against one task with a poll loop per job on a shared `httpx.AsyncClient`."""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import nan
from typing import Any

import httpx

from tests.bench import Aim, Figures
from tests.bench.serving import serving


@dataclass(frozen=True)
class Size:
    """How many jobs; seconds until the first and until the last one ends, between two polls of the baseline, until
    memory is measured, and to spare at the end.

    The worker has seen 20 such jobs end before, as a bot has after its first hour.
    """

    count: int
    shortest: float
    longest: float
    interval: float
    measured_after: float = 8.0
    spare: float = 60.0


FULL = (Size(2_000, 10, 20, 5),)
AIMS = (
    Aim(
        "a poll with 2,000 jobs in flight, CPU against a bare loop per job on httpx",
        lambda figures: _last(figures, "worker")["CPU per poll, ms"] / _last(figures, "baseline")["CPU per poll, ms"],
        1,
    ),
)
FIGURES: dict[str, Callable[[Size, dict[str, Any]], float]] = {
    "ends noticed": lambda _, side: len(side["noticed"]),
    "CPU, s": lambda _, side: side["cpu"],
    "CPU per poll, ms": lambda _, side: 1000 * side["cpu"] / (side["polls"] or nan),
    "memory per job, KiB": lambda _, side: side["memory"] / 1024,
    "polls per job": lambda size, side: side["polls"] / size.count,
    "end noticed, median s": lambda _, side: statistics.median(side["noticed"] or [nan]),
    "end noticed, p99 s": lambda _, side: statistics.quantiles(side["noticed"] or [nan, nan], n=100)[98],
}


async def main(sizes: Sequence[Size] = FULL) -> Figures:
    """Print one table per size; the figures."""
    found: dict[str, dict[str, float]] = {}
    async with serving("tests.bench.far_side") as url:
        for size in sizes:
            sides = {side: await _run(side, url, size) for side in ("baseline", "worker")}
            measured = {
                side: {name: figure(size, used) for name, figure in FIGURES.items()} for side, used in sides.items()
            }
            _print(size, **measured)
            found |= {f"{side}, {size.count} jobs": figures for side, figures in measured.items()}
    return found


def _last(figures: Figures, side: str) -> Mapping[str, float]:
    """Of the largest size."""
    return next(found for name, found in reversed([*figures.items()]) if name.startswith(side))


async def _run(side: str, url: str, size: Size) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.jobs_in_flight", side, url, json.dumps(asdict(size))),
        stdout=asyncio.subprocess.PIPE,
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), size.longest + size.spare)
        used = json.loads(printed)
    except TimeoutError:  # its event loop is so busy that it can't even stop by itself
        process.kill()
        await process.wait()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = {"cpu": after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, "memory": nan}
    async with httpx.AsyncClient() as client:
        return {**used, **(await client.get(f"{url}/report")).json()}


def _print(size: Size, baseline: dict[str, float], worker: dict[str, float]) -> None:
    print(f"\n{size.count} jobs in flight         baseline     worker   worker / baseline")
    for name, ours in worker.items():
        print(f"{name:26} {baseline[name]:10.2f} {ours:10.2f}   {ours / (baseline[name] or nan):10.2f}")
