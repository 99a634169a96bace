"""A video of 100 MB through the bot, in and out, against a bare copy of the same bytes.

In: from Discord to disk, looked into, with its digest. Out: from the provider to disk, looked into, posted.
"""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.clips import write_clip
from tests.bench.jobs import until_up

SIZE, SECONDS, ROUNDS = 100_000_000, 60.0, 9
MIB = 2**20


async def main() -> None:
    """Print a table: the sides in turn, each time in a new process, the median of the rounds."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as videos:
        await asyncio.to_thread(write_clip, Path(videos, "large.mp4"), SECONDS, SIZE)
        await asyncio.to_thread(write_clip, Path(videos, "small.mp4"), 2.0, SIZE // 100)
        size = Path(videos, "large.mp4").stat().st_size
        far_side = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.files_far_side", videos, str(port)
        )
        try:
            url = f"http://127.0.0.1:{port}"
            await until_up(f"{url}/videos/small.mp4")
            sides: dict[str, list[dict[str, float]]] = {"copy in": [], "bot in": [], "copy out": [], "bot out": []}
            for _ in range(ROUNDS):
                for side, rounds in sides.items():
                    rounds.append(await _move(side, url))
        finally:
            far_side.terminate()
            await far_side.wait()
    _print(size, sides)


async def _move(side: str, url: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.files_moved", side, url, folder), stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await process.communicate()
    used: dict[str, float] = json.loads(printed)
    return used


def _print(size: int, sides: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    print(f"\na video of {size / 1e6:.1f} MB (median and range of {ROUNDS} rounds; memory: the most of all rounds)")
    print(f"{'':10} {'s':>6} {'range':>12} {'ratio':>6} {'RSS grew by, MiB':>17} {'children: grew by, have':>24}")
    for side, rounds in sides.items():
        took = [each["seconds"] for each in rounds]
        plain = [each["seconds"] for each in sides[side.replace("bot", "copy")]]
        middle, spread = statistics.median(took), f"{min(took):.2f}-{max(took):.2f}"
        ratio = middle / statistics.median(plain)
        grew, grown, has = (max(each[name] for each in rounds) / MIB for name in ("grew", "children_grew", "children"))
        print(f"{side:10} {middle:6.2f} {spread:>12} {ratio:6.2f} {grew:17.1f} {grown:15.1f} {has:8.1f}")
