"""From a slash command with a usual clip to the words that answer it, one after the other: the bot against one that
defers and answers at once.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.sandbox.server import Sandbox
from tests.bench.ack import bot
from tests.bench.clips import write_clip
from tests.discord_server.server import DiscordServer

COMMANDS, WARMING_UP = 50, 2
SECONDS, SIZE = 10.0, 8_000_000
CASES = {  # of a bot: the clip's sides, and what is in the answer
    "accepted": (0, (1280, 720), "is on its way"),
    "offered fixes": (0, (640, 360), "doesn't fit as it is"),
    "defers, answers": (None, (1280, 720), "Done."),
}


async def main() -> None:
    """Print a table, ms."""
    took = {name: await _measure(*case) for name, case in CASES.items()}
    baseline = statistics.median(took["defers, answers"])
    print(f"\n/lipsync text to its answer, a clip of {SECONDS:.0f} s and {SIZE / 1e6:.0f} MB, ms ({COMMANDS} commands)")
    print(f"{'':16} {'p50':>8} {'p90':>8} {'max':>8}   p50 against the baseline")
    for name, each in took.items():
        middle, p90 = statistics.median(each), statistics.quantiles(each, n=10)[8]
        print(f"{name:16} {middle:8.1f} {p90:8.1f} {max(each):8.1f}   {middle / baseline:.1f}")


async def _measure(in_flight: int | None, sides: tuple[int, int], words: str) -> list[float]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        await asyncio.to_thread(write_clip, path, SECONDS, SIZE, *sides)
        clip = path.name, path.read_bytes()
    took = []
    async with DiscordServer() as discord, Sandbox() as sandbox, bot(discord, sandbox, in_flight, "answer"):
        for _ in range(WARMING_UP + COMMANDS):
            began = time.perf_counter()
            asked = await discord.people.slash("lipsync text", video=clip, text="Hello", voice="Sunny")
            said = await asked.answer()
            took.append(1000 * (time.perf_counter() - began))
            assert words in said, said
    return took[WARMING_UP:]
