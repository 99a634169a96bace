"""A child that looks into clips: its first look, and what it has in memory while it waits for the next one.

The baseline is a bare Python process that opens the clip with PyAV, and nothing else.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.fair_queue import Owner
from bot.media.pool import open_pool
from bot.media.probe import Probe
from tests.bench import Aim, Figures, ratio
from tests.bench.clips import write_clip

BARE = "import sys, av; print(av.open(sys.argv[1]).duration, flush=True); sys.stdin.read()"


@dataclass(frozen=True)
class Size:
    """How many processes of each side, and the clip's bytes and seconds."""

    rounds: int
    size: int
    seconds: float


FULL = Size(rounds=15, size=8_000_000, seconds=8.0)
AIMS = (
    Aim("from nothing to the first look into a clip, s", lambda figures: figures["child"]["first look"], 0.15),
    Aim("the same, against a bare process with PyAV", ratio("child", "bare", "first look"), 1.5),
    Aim("memory of a child at rest, MiB", lambda figures: figures["child"]["memory"], 45),
    Aim("of that its own, against a bare process with PyAV", ratio("child", "bare", "own"), 1.3),
)


async def main(size: Size = FULL) -> Figures:
    """Print a table: the sides in turn, each time in a new process, the median of the rounds; the figures."""
    sides: dict[str, list[dict[str, float]]] = {"bare": [], "child": []}
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder, "clip.mp4")
        await asyncio.to_thread(write_clip, clip, size.seconds, size.size)
        for _ in range(size.rounds):
            sides["bare"].append(await _bare(clip))
            sides["child"].append(await _child(clip))
    print(f"\na first look into a clip of {size.size / 1e6:g} MB (median of {size.rounds} processes)")
    print(f"{'':8} {'first look, s':>14} {'next, s':>8} {'memory, MiB':>12} {'of that its own':>16}")
    figures = {side: _median(rounds) for side, rounds in sides.items()}
    for side, found in figures.items():
        print(f"{side:8} {found['first look']:14.3f} {found['next']:8.3f} {found['memory']:12.1f} {found['own']:16.1f}")
    return figures


async def _bare(clip: Path) -> dict[str, float]:
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-c", BARE, str(clip)), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    await process.stdout.readline()
    first = time.perf_counter() - began
    used = {"first look": first, "next": first, **_memory(process.pid)}
    await process.communicate(b"")
    return used


async def _child(clip: Path) -> dict[str, float]:
    async with open_pool() as pool:
        probe, took = Probe(pool), []
        for _ in range(2):
            began = time.perf_counter()
            await probe.look(clip, Owner(1, 1))
            took.append(time.perf_counter() - began)
        (worker,) = pool._all
        return {"first look": took[0], "next": took[1], **_memory(worker.pid)}


def _memory(process: int) -> dict[str, float]:
    """MiB that are resident, and those of them that no other process has, too."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    kib = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines)}
    return {"memory": kib["Rss"] / 1024, "own": (kib["Private_Clean"] + kib["Private_Dirty"]) / 1024}


def _median(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
