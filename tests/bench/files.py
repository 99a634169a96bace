"""A video of 100 MB through the bot, in and out, against a bare copy of the same bytes.

In: from Discord to disk, looked into, with its digest. Out: from the provider to disk, looked into, posted.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import Aim, Figures, ratio
from tests.bench.clips import write_clip
from tests.bench.serving import serving

MIB = 2**20


@dataclass(frozen=True)
class Size:
    """The video's bytes and seconds, and how many rounds."""

    size: int
    seconds: float
    rounds: int


FULL = Size(size=100_000_000, seconds=60.0, rounds=3)
AIMS = (
    Aim("a clip of 100 MB from Discord, against a bare copy", ratio("bot in", "copy in", "seconds"), 1.15),
    Aim("a result of 100 MB to its post, against a bare copy", ratio("bot out", "copy out", "seconds"), 1.15),
)


async def main(size: Size = FULL) -> Figures:
    """Print a table: the sides in turn, each time in a new process, the median of the rounds; the figures."""
    with tempfile.TemporaryDirectory() as videos:
        await asyncio.to_thread(write_clip, Path(videos, "large.mp4"), size.seconds, size.size)
        await asyncio.to_thread(write_clip, Path(videos, "small.mp4"), 2.0, size.size // 100)
        written = Path(videos, "large.mp4").stat().st_size
        async with serving("tests.bench.files_far_side", videos) as url:
            sides: dict[str, list[dict[str, float]]] = {"copy in": [], "bot in": [], "copy out": [], "bot out": []}
            for _ in range(size.rounds):
                for side, rounds in sides.items():
                    rounds.append(await _move(side, url))
    return _print(written, size.rounds, sides)


async def _move(side: str, url: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.files_moved", side, url, folder), stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await process.communicate()
    used: dict[str, float] = json.loads(printed)
    return used


def _print(size: int, count: int, sides: Mapping[str, Sequence[Mapping[str, float]]]) -> Figures:
    figures = {}
    print(f"\na video of {size / 1e6:.1f} MB (median and range of {count} rounds; memory: the most of all rounds)")
    print(f"{'':10} {'s':>6} {'range':>12} {'ratio':>6} {'RSS grew by, MiB':>17} {'children: grew by, have':>24}")
    for side, rounds in sides.items():
        took = [each["seconds"] for each in rounds]
        plain = [each["seconds"] for each in sides[side.replace("bot", "copy")]]
        middle, spread = statistics.median(took), f"{min(took):.2f}-{max(took):.2f}"
        ratio = middle / statistics.median(plain)
        grew, grown, has = (max(each[name] for each in rounds) / MIB for name in ("grew", "children_grew", "children"))
        print(f"{side:10} {middle:6.2f} {spread:>12} {ratio:6.2f} {grew:17.1f} {grown:15.1f} {has:8.1f}")
        figures[side] = {"seconds": middle, "ratio": ratio, "grew": grew, "children grew": grown, "children": has}
    return figures
