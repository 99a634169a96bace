"""`python -m tests.bench [NAME ...]`: these benchmarks; or all of them, and what they found goes into docs/."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from tests.bench import (
    Aim,
    Figures,
    ack,
    commits,
    files,
    flood,
    history,
    jobs,
    lanes,
    look,
    pacing,
    polls,
    preflight,
    quota,
    report,
    shares,
    start,
    workers,
)


class Benchmark(NamedTuple):
    """What is measured at full size, and what is to come out."""

    main: Callable[[], Awaitable[Figures]]
    aims: Sequence[Aim]


BENCHMARKS: Mapping[str, Benchmark] = {
    "ack": Benchmark(ack.main, ack.AIMS),
    "commits": Benchmark(commits.main, commits.AIMS),
    "jobs": Benchmark(jobs.main, jobs.AIMS),
    "flood": Benchmark(flood.main, flood.AIMS),
    "history": Benchmark(history.main, history.AIMS),
    "files": Benchmark(files.main, files.AIMS),
    "polls": Benchmark(polls.main, polls.AIMS),
    "lanes": Benchmark(lanes.main, lanes.AIMS),
    "pacing": Benchmark(pacing.main, pacing.AIMS),
    "look": Benchmark(look.main, look.AIMS),
    "preflight": Benchmark(preflight.main, preflight.AIMS),
    "quota": Benchmark(quota.main, quota.AIMS),
    "shares": Benchmark(shares.main, shares.AIMS),
    "start": Benchmark(start.main, start.AIMS),
    "workers": Benchmark(workers.main, workers.AIMS),
}


async def _run(name: str) -> Figures:
    benchmark = BENCHMARKS[name]
    figures = await benchmark.main()
    for aim in benchmark.aims:
        print(f"{'' if aim.is_met(figures) else 'NOT '}reached: {aim.what}: {aim.of(figures):.2f}, aim {aim.bound}")
    return figures


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser("python -m tests.bench", description="Measure against baselines, in the same run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all of them for none")
    names = parser.parse_args().names
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark named {', '.join(sorted(unknown))}")
    measured = {name: (BENCHMARKS[name].aims, asyncio.run(_run(name))) for name in names or BENCHMARKS}
    if not names:
        report.write(measured, os.cpu_count() or 1)


if __name__ == "__main__":
    main()
