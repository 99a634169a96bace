"""Videos through the bot, in and out, against a bare copy of the same bytes: four servers' of 100 MB together, and a
single one of 8 MB.

In: from Discord to disk, looked into, with its digest. Out: from the provider to disk, looked into, posted.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import Aim, Figures, ratio
from tests.bench.clips import write_clip
from tests.bench.serving import serving

MIB = 2**20
MOVED = ("copy in", "bot in", "copy out", "bot out")


@dataclass(frozen=True)
class Size:
    """Bytes and seconds of the large video, how many of it begin together, and how many rounds."""

    size: int
    seconds: float
    together: int
    rounds: int


def beyond(side: str) -> Callable[[Figures], float]:
    """The bot's ms for one small video, less those of a bare copy."""
    return lambda figures: 1000 * (figures[f"bot {side}, one"]["seconds"] - figures[f"copy {side}, one"]["seconds"])


FULL = Size(size=100_000_000, seconds=60.0, together=4, rounds=5)
AIMS = (
    Aim("four clips of 100 MB from Discord at once, against bare copies", ratio("bot in", "copy in", "seconds"), 1.15),
    Aim("four results of 100 MB to their posts, against bare copies", ratio("bot out", "copy out", "seconds"), 1.15),
    Aim("memory that grows with the four clips, MiB", lambda figures: figures["bot in"]["grew"], 8),
    Aim("memory that grows with the four results, MiB", lambda figures: figures["bot out"]["grew"], 8),
    Aim("a clip of 8 MB from Discord, beyond a bare copy, ms", beyond("in"), 60),
    Aim("a result of 8 MB to its post, beyond a bare copy, ms", beyond("out"), 60),
)


async def main(size: Size = FULL) -> Figures:
    """Print a table: the sides in turn, each time in a new process, the median of the rounds; the figures."""
    with tempfile.TemporaryDirectory() as videos:
        for name, parts in (("large", 1), ("one", 12), ("small", 100)):
            seconds = max(2.0, size.seconds / parts)
            await asyncio.to_thread(write_clip, Path(videos, f"{name}.mp4"), seconds, size.size // parts)
        async with serving("tests.bench.files_far_side", videos) as url:
            cases = {side: (side, "large.mp4", size.together) for side in MOVED}
            cases |= {f"{side}, one": (side, "one.mp4", 1) for side in MOVED}
            sides = {name: list[dict[str, float]]() for name in cases}
            for _ in range(size.rounds):
                for name, case in cases.items():
                    sides[name].append(await _move(url, *case))
    return _print(size, sides)


async def _move(url: str, side: str, name: str, together: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.files_moved", side, url, folder, name, str(together)),
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await process.communicate()
    used: dict[str, float] = json.loads(printed)
    return used


def _print(size: Size, sides: Mapping[str, Sequence[Mapping[str, float]]]) -> Figures:
    figures = {}
    print(
        f"\n{size.together} videos of {size.size / 1e6:.0f} MB together, and one of {size.size / 12e6:.0f} MB "
        f"(median and range of {size.rounds} rounds; memory: the most of all rounds)"
    )
    print(f"{'':13} {'s':>6} {'range':>12} {'ratio':>6} {'CPU s':>6} {'RSS grew by, MiB':>17} ", end="")
    print(f"{'children: grew by, have':>24}")
    for side, rounds in sides.items():
        took = [each["seconds"] for each in rounds]
        plain = [each["seconds"] for each in sides[side.replace("bot", "copy")]]
        middle, spread = statistics.median(took), f"{min(took):.3f}-{max(took):.3f}"
        ratio, cpu = middle / statistics.median(plain), statistics.median(each["cpu"] for each in rounds)
        grew, grown, has = (max(each[name] for each in rounds) / MIB for name in ("grew", "children_grew", "children"))
        print(f"{side:13} {middle:6.3f} {spread:>12} {ratio:6.2f} {cpu:6.3f} {grew:17.1f} {grown:15.1f} {has:8.1f}")
        figures[side] = {
            "seconds": middle,
            "ratio": ratio,
            "cpu": cpu,
            "grew": grew,
            "children grew": grown,
            "children": has,
        }
    return figures
