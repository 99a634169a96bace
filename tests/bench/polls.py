"""What one poll costs: the whole worker with jobs in flight against bare aiohttp, which polls as often from a heap."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
from dataclasses import asdict, dataclass

from tests.bench import Aim, Figures, ratio
from tests.bench.serving import serving

SIDES = ("baseline", "worker")
COST = "CPU per poll, ms"
AIMS = (
    Aim("a poll with 10,000 jobs in flight, CPU against bare aiohttp on a heap", ratio("worker", "baseline", COST), 2),
)


@dataclass(frozen=True)
class Size:
    """How many jobs, none of which ends; how many polls of each are made before the CPU is measured, and meanwhile; and
    how many times.
    """

    count: int = 10_000
    before: float = 1.5
    measured: float = 1.0
    rounds: int = 1


async def main(size: Size = Size()) -> Figures:
    """Print what either side uses; the figures."""
    costs: dict[str, list[float]] = {side: [] for side in SIDES}
    async with serving("tests.bench.far_side") as url:
        for _ in range(size.rounds):
            for side in SIDES:
                costs[side].append(await _run(side, url, size))
    figures = {side: {COST: statistics.median(found)} for side, found in costs.items()}
    print(f"\n{size.count} jobs in flight         baseline     worker   worker / baseline")
    used = (*(figures[side][COST] for side in SIDES), AIMS[0].of(figures))
    print("{:26} {:10.3f} {:10.3f}   {:10.2f}".format(COST, *used))
    return figures


async def _run(side: str, url: str, size: Size) -> float:
    """Milliseconds of CPU per poll."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.polls_made", side, url, json.dumps(asdict(size))),
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    return float(printed)
