"""`python -m tests.bench [ack|files|flood|jobs|preflight|quota|shares]`: all benchmarks, or one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

from tests.bench import Figures, ack, files, flood, jobs, preflight, quota, shares

BENCHMARKS: Mapping[str, Callable[[], Awaitable[Figures]]] = {
    "ack": ack.main,
    "jobs": jobs.main,
    "flood": flood.main,
    "files": files.main,
    "preflight": preflight.main,
    "quota": quota.main,
    "shares": shares.main,
}


async def _run(name: str) -> None:
    await BENCHMARKS[name]()


if __name__ == "__main__":
    for name in sys.argv[1:] or BENCHMARKS:
        asyncio.run(_run(name))
