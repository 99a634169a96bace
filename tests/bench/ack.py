"""From a slash command to its acknowledgement, 50 a second: the bot against one that only defers.

The provider is a process of its own, and whoever gives the commands collects no garbage meanwhile: what they do beside
it would be taken for the bot's time, and so would the making of a signed request.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr

from bot.app.settings import Settings
from bot.domain.request import Media, Request
from storage.engine.database import Transaction
from storage.engine.sqlite import open_database
from storage.servers.keys import Keys
from tests.bench import Aim, Figures, ratio
from tests.bench.connected import connected
from tests.bench.serving import serving
from tests.canned import real_clip
from tests.discord_server.interactions import Interaction
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN
from tests.welcome import welcome

KEY = "rc-bench-0001"
TEXT = "3600"  # what is said in a video, and after how many seconds the provider has it


@dataclass(frozen=True)
class Size:
    """How many commands a second, for how many seconds and rounds; how many jobs are in flight; and for how long a bot
    is left alone first.
    """

    per_second: int
    seconds: int
    rounds: int
    in_flight: int
    settling: float


FULL = Size(per_second=50, seconds=6, rounds=1, in_flight=1_000, settling=14.0)  # its first polls take ten seconds
AIMS = (
    Aim("acknowledgement, p99 against a bot that only defers: idle", ratio("bot, idle", "only defers", "p99"), 1.2),
    Aim("the same with 1,000 jobs in flight", ratio("bot, loaded", "only defers", "p99"), 1.2),
    Aim("over HTTP against the gateway, p99: idle", ratio("over HTTP, idle", "bot, idle", "p99"), 1.2),
    Aim("the same with 1,000 jobs in flight", ratio("over HTTP, loaded", "bot, loaded", "p99"), 1.2),
)


async def main(size: Size = FULL) -> Figures:
    """Print a table, ms: the rounds of each side in turn, the median of the rounds; the figures."""
    loads = {"idle": 0, "loaded": size.in_flight}
    sides: dict[str, tuple[int | None, bool]] = {"only defers": (None, False)}
    for load, jobs in loads.items():
        sides |= {f"bot, {load}": (jobs, False), f"over HTTP, {load}": (jobs, True)}
    measured: dict[str, list[tuple[float, float, float]]] = {side: [] for side in sides}
    for _ in range(size.rounds):
        for side, (in_flight, over_http) in sides.items():
            measured[side].append(await _measure(size, in_flight, over_http=over_http))
    print(
        f"\n/lipsync text to acknowledgement, {size.per_second} a second, {size.in_flight} jobs in flight or none, ms "
        f"(median of {size.rounds} rounds)"
    )
    print(f"{'':20} {'p50':>8} {'p99':>8} {'max':>8}   p99 against the baseline")
    middle = {
        side: [statistics.median(column) for column in zip(*rounds, strict=True)] for side, rounds in measured.items()
    }
    for side, (p50, p99, most) in middle.items():
        print(f"{side:20} {p50:8.1f} {p99:8.1f} {most:8.1f}   {p99 / middle['only defers'][1]:.2f}")
    for load in loads:
        print(
            f"over HTTP against the gateway, {load}: {middle[f'over HTTP, {load}'][1] / middle[f'bot, {load}'][1]:.2f}"
        )
    return {side: dict(zip(("p50", "p99", "max"), figures, strict=True)) for side, figures in middle.items()}


async def _measure(size: Size, in_flight: int | None, *, over_http: bool) -> tuple[float, float, float]:
    """Median, 99th percentile and maximum of one round, in ms."""
    async with (
        DiscordServer() as discord,
        provider() as url,
        bot(discord, url, in_flight, size.settling if in_flight else size.settling / 4, over_http=over_http),
    ):
        delays: list[float] = []

        async def one(_: int) -> Interaction:
            asked = await discord.people.slash("lipsync text", video=real_clip(), text=TEXT, voice="Sunny")
            await asked.acknowledged.wait()
            delays.append(1000 * (asked.acknowledged_at - asked.left_at))
            return asked

        for asked in await asyncio.gather(*(one(-1) for _ in range(5))):
            if in_flight is not None:
                await asked.answer()  # by then, all has been loaded that a command needs
        delays.clear()
        with uncollected():
            begun, tasks = time.perf_counter(), list[asyncio.Task[Interaction]]()
            for number in range(size.per_second * size.seconds):
                await asyncio.sleep(max(0.0, begun + number / size.per_second - time.perf_counter()))
                tasks.append(asyncio.create_task(one(number)))
            await asyncio.gather(*tasks)
        return statistics.median(delays), statistics.quantiles(delays, n=100, method="inclusive")[98], max(delays)


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect no garbage in this process within the block."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def provider() -> AbstractAsyncContextManager[str]:
    """A provider whose runs take as long as their text says; where it answers."""
    return serving("tests.bench.shares_far_side", str(Path(__file__).parent), "1")


@asynccontextmanager
async def bot(
    discord: DiscordServer,
    url: str,
    in_flight: int | None,
    settling: float,
    *more: str,
    over_http: bool = False,
) -> AsyncIterator[None]:
    """The bot as a process, `settling` seconds after its start, with this many jobs in flight at the provider with this
    address; None is the baseline, which may get `more` arguments. Commands come over the gateway, or over HTTP.
    """
    with tempfile.TemporaryDirectory() as folder:
        if in_flight is not None:
            await _fill(Path(folder), discord.state.guild_id, int(discord.state.member["id"]), url, in_flight)
        module = ["tests.bench.defer_only", *more] if in_flight is None else ["bot", "run"]
        environment = {
            "PROVIDER_URLS": f'{{"runcomfy": "{url}"}}',
            "TRUSTED_HOSTS": f"{url.removeprefix('http://')},{discord.host}",
        }
        if over_http:
            port = discord.people.endpoint.choose()
            environment |= {"HTTP_PORT": port, "INTERACTIONS_PUBLIC_KEY": discord.state.public_key}
        async with connected(discord, Path(folder), environment, *module):
            await asyncio.sleep(settling)
            yield


async def _fill(folder: Path, guild_id: int, member_id: int, url: str, in_flight: int) -> None:
    settings = Settings(_env_file=None, discord_token=SecretStr(TOKEN), database_path=folder / "bot.db")
    request = Request(
        flow="text",
        mode="text",
        video=Media(url="https://x.example/v.mp4", name="v.mp4", size=1),
        text=TEXT,
        voice="en:AOT",
    )
    master = settings.master()
    async with open_database(settings.database_path) as database:
        await welcome(database, guild_id, member_id)
        keys = Keys(database, master)
        await keys.put(guild_id, "runcomfy", {"api_key": KEY}, hint="0001", added_by=1, now=0.0)

        async with httpx.AsyncClient(base_url=url) as client:
            runs = [await client.post("/v1/models/any", json={"text": TEXT}) for _ in range(in_flight)]

        async def insert(tx: Transaction) -> None:
            for number, run in enumerate(runs):
                await tx.row(
                    """INSERT INTO jobs (guild_id, interaction_id, member_id, provider, request, created_at,
                    deadline_at,
                         key_id, channel_id, card_id, state, stage, handle, remote, submitted_at, counted_at)
                       VALUES (:guild, :number, 2, 'runcomfy', :request, :now, :now + 3600, 1, 3, 4, 'running', 'text',
                       'h',
                         :remote, :now, :now)""",
                    guild=guild_id,
                    number=number,
                    remote=run.json()["request_id"],
                    request=request.model_dump_json(),
                    now=time.time(),
                )

        await database.write(insert, guild_id=None)
