"""Polls at a provider that takes its time over each, against one that answers at once; and at one that takes so many a
second of each account, and refuses the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from bot.jobs.intervals import LATEST, SHARE_OF_ELAPSED, Intervals
from tests.bench import Aim, Figures, ratio
from tests.bench.in_flight import running, worker_with_jobs
from tests.bench.serving import serving

OLD = LATEST / SHARE_OF_ELAPSED  # seconds; jobs of that age are asked about at the longest interval
RATE, REFUSED = "polls answered, 1/s", "polls refused, share"
AIMS = (
    Aim("polls a second where each takes 0.3 s, against at once", ratio("slow", "at once", RATE), least=0.9),
    Aim("polls a second at a limit, against that limit", lambda figures: figures["limited"]["of the limit"], least=0.6),
    Aim("polls refused at a limit, of all", lambda figures: figures["limited"][REFUSED], 0.05),
)


@dataclass(frozen=True)
class Size:
    """How many jobs, none of which ends; how many seconds a slow answer takes, and how many polls a second a limited
    provider takes; seconds until it is counted, and in which it is; and how many times, of which the best counts.
    """

    count: int = 10_000
    answer_seconds: float = 0.3
    limit: float = 100.0
    settling: float = 15.0
    seconds: float = 8.0
    rounds: int = 1


async def main(size: Size = Size()) -> Figures:
    """Print how many polls are answered; the figures."""
    sides: Mapping[str, dict[str, float]] = {
        "at once": {},
        "slow": {"seconds": size.answer_seconds},
        "limited": {"limit": size.limit},
    }
    found = [{side: await _run(size, how) for side, how in sides.items()} for _ in range(size.rounds)]
    figures = {side: max((one[side] for one in found), key=lambda one: one[RATE]) for side in sides}
    figures["limited"]["of the limit"] = figures["limited"][RATE] / size.limit
    print(f"\n{size.count} jobs in flight         " + "".join(f"{side:>10}" for side in figures))
    for name in (RATE, REFUSED):
        print(f"{name:30}" + "".join(f"{side[name]:10.2f}" for side in figures.values()))
    return figures


async def _run(size: Size, how: Mapping[str, float]) -> dict[str, float]:
    async with serving("tests.bench.far_side") as url, httpx.AsyncClient(base_url=url) as client:
        await client.get("/begin", params={"count": size.count, "shortest": 9e5, "longest": 9e5, **how})
        async with worker_with_jobs(url, size.count, Intervals(), since=OLD) as worker, running(worker):
            await asyncio.sleep(size.settling)
            before = (await client.get("/report")).json()
            await asyncio.sleep(size.seconds)
            after = (await client.get("/report")).json()
    polls, refused = (after[name] - before[name] for name in ("polls", "refused"))
    return {RATE: (polls - refused) / size.seconds, REFUSED: refused / max(polls, 1)}
