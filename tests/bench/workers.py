"""Videos that must be worked on, by one process and by two, each of which has one core: are two twice as fast?

A clip is scaled before it is sent, and its result scaled back. PostgreSQL, Discord, the provider and the processes that
hear commands and do the rest have both cores. The clips are long, so that these need little of them: what they take is
missing for the second process, and bounds how much faster two can be.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.sample import alone, write_clip
from tests.bench import Aim, Figures
from tests.bench.cpu import cpu_seconds
from tests.crash.footage import SPOKEN
from tests.postgres import running
from tests.several.fleet import Fleet, open_fleet
from tests.storage.engines import create


@dataclass(frozen=True)
class Size:
    """How many videos, of how many seconds."""

    videos: int
    seconds: float


FULL = Size(videos=16, seconds=24.0)
AIMS = (
    Aim(
        "videos that must be worked on, by two processes against one, each with a core",
        lambda figures: figures["one"]["seconds"] / figures["two"]["seconds"],
        least=1.8,
    ),
)


async def main(size: Size = FULL) -> Figures:
    """Print both sides; the figures."""
    clip = await asyncio.to_thread(_clip, size.seconds)
    with running() as address:
        took = {
            side: await _measure(size, clip, await create(address, side), count)
            for count, side in enumerate(("one", "two"), 1)
        }
    print(f"\n{size.videos} videos of {size.seconds:g} s that are scaled and scaled back, s; and CPU, s")
    print(f"{'':6} {'took':>8} {'edits':>8} {'the rest':>8}")
    for side, figures in took.items():
        print(f"{side:6} {figures['seconds']:8.1f} {figures['edits']:8.1f} {figures['rest']:8.1f}")
    edits, rest = took["two"]["edits"], took["two"]["rest"]
    print(f"two are {took['one']['seconds'] / took['two']['seconds']:.2f} times as fast as one; on two cores that")
    print(f"nobody else uses, that may be {2 * edits / (edits + rest):.2f} times")
    return took


async def _measure(size: Size, clip: bytes, url: str, count: int) -> Mapping[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        async with open_fleet(url, Path(folder)) as fleet:
            fleet.settings["LEASE"] = "20"
            (worker,) = await fleet.working(1, "worker")
            editors = []
            for core in range(count):
                with _on(core):
                    editors += [process.pid for process in await fleet.working(1, "media")]
            gateway = await fleet.gateway()
            (server,) = await fleet.database.rows("SELECT pg_read_file('postmaster.pid') AS file")
            rest = (worker.pid, gateway.pid, int(server["file"].split()[0]))

            def used() -> Mapping[str, float]:
                moments = {"seconds": time.perf_counter(), "edits": cpu_seconds(*editors)}
                return {**moments, "rest": cpu_seconds(*rest) + time.process_time()}

            before = used()
            await asyncio.gather(*(_ask(fleet, clip, number) for number in range(size.videos)))
            await fleet.over(600.0)
            after = used()
            assert {job.state for job in await fleet.jobs()} == {"succeeded"}
            return {name: after[name] - before[name] for name in after}


async def _ask(fleet: Fleet, clip: bytes, number: int) -> None:
    await fleet.ask_for_edit(video=(f"{number}.mp4", clip))


@contextmanager
def _on(core: int) -> Iterator[None]:
    """What is started meanwhile has this core only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[core % len(before)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _clip(seconds: float) -> bytes:
    """One whose picture is too small for every provider."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        write_clip(path, seconds, SPOKEN, lambda opening, blinking: alone(opening, blinking).resize((640, 360)))
        return path.read_bytes()
