"""From a slash command with a usual clip to the words that answer it, one after the other: the bot against one that
defers and answers at once.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import Aim, Figures
from tests.bench.ack import TEXT, bot, provider
from tests.bench.clips import write_clip
from tests.discord_server.server import DiscordServer

WARMING_UP = 2
CASES = {  # of a bot: the clip's sides, and what is in the answer
    "accepted": (0, (1280, 720), "is on its way"),
    "offered fixes": (0, (640, 360), "doesn't fit as it is"),
    "defers, answers": (None, (1280, 720), "Done."),
}


@dataclass(frozen=True)
class Size:
    """How many commands, with a clip of how many seconds and bytes; and for how long a bot is left alone first."""

    commands: int
    seconds: float
    size: int
    settling: float


AIMS = (
    Aim("a clip of 8 MB fetched, looked into, and its job accepted, ms", lambda all_: all_["accepted"]["p50"], 150),
)
FULL = Size(commands=25, seconds=10.0, size=8_000_000, settling=4.0)


async def main(size: Size = FULL) -> Figures:
    """Print a table, ms; the figures."""
    took = {name: await _measure(size, *case) for name, case in CASES.items()}
    baseline = statistics.median(took["defers, answers"])
    print(
        f"\n/lipsync text to its answer, a clip of {size.seconds:.0f} s and {size.size / 1e6:.0f} MB, ms "
        f"({size.commands} commands)"
    )
    print(f"{'':16} {'p50':>8} {'p90':>8} {'max':>8}   p50 against the baseline")
    figures = {}
    for name, each in took.items():
        middle, p90 = statistics.median(each), statistics.quantiles(each, n=10, method="inclusive")[8]
        print(f"{name:16} {middle:8.1f} {p90:8.1f} {max(each):8.1f}   {middle / baseline:.1f}")
        figures[name] = {"p50": middle, "p90": p90, "max": max(each)}
    return figures


async def _measure(size: Size, in_flight: int | None, sides: tuple[int, int], words: str) -> list[float]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        await asyncio.to_thread(write_clip, path, size.seconds, size.size, *sides)
        clip = path.name, path.read_bytes()
    took = []
    async with (
        DiscordServer() as discord,
        provider() as url,
        bot(discord, url, in_flight, size.settling, "answer"),
    ):
        for _ in range(WARMING_UP + size.commands):
            began = time.perf_counter()
            asked = await discord.people.slash("lipsync text", video=clip, text=TEXT, voice="Sunny")
            said = await asked.answer()
            took.append(1000 * (time.perf_counter() - began))
            assert words in said, said
    return took[WARMING_UP:]
