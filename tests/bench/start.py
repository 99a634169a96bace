"""A start with many open jobs against a start with one: until the first poll, until it works, and who waits meanwhile.

The bot is a process of its own. It is asked for its health all the time, which tells how long its event loop is held
up; and somebody uses a command, again and again.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic import SecretStr

from bot.app.settings import Settings
from bot.domain.request import Media, Request
from bot.files.names import CLIP
from storage.engine.database import Transaction
from storage.engine.sqlite import open_database
from storage.servers.keys import Keys
from tests.bench import Aim, Figures
from tests.bench.connected import connected
from tests.bench.serving import serving
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN
from tests.welcome import welcome

MIB = 2**20
REQUEST = Request(
    flow="text",
    mode="text",
    video=Media(
        url="https://cdn.discordapp.com/ephemeral-attachments/1/2/clip.mp4?ex=1&is=2&hm=" + "f" * 64,
        name="clip.mp4",
        size=8_000_000,
    ),
    text="A line of about the usual length, as people type it.",
    voice="en:genshin_vindi2",
)
ASK_EVERY = 0.005  # seconds


@dataclass(frozen=True)
class Size:
    """How many jobs are open, in how many servers, and for how many seconds it is looked after the first poll."""

    jobs: int
    servers: int
    seconds: float


FULL = Size(jobs=100_000, servers=100, seconds=30.0)
AIMS = (
    Aim("from nothing to the first poll, with one open job, s", lambda figures: figures["one"]["first poll"], 0.7),
    Aim("from ready to the first poll, with 100,000 open jobs, s", lambda figures: figures["many"]["after ready"], 1),
    Aim("the longest that its health was not answered meanwhile, s", lambda figures: figures["many"]["silent"], 1),
    Aim("the longest that a command waited for its answer meanwhile, s", lambda figures: figures["many"]["command"], 1),
)


async def main(size: Size = FULL) -> Figures:
    """Print a table; the figures."""
    figures = {side: await _measure(size, jobs) for side, jobs in (("one", 1), ("many", size.jobs))}
    print(f"\na start with one open job and with {size.jobs}, s and MiB")
    print(f"{'':6} {'ready':>8} {'first poll':>10} {'silent':>8} {'command':>8} {'memory':>8}")
    for side, found in figures.items():
        print(
            f"{side:6} {found['ready']:8.2f} {found['first poll']:10.2f} {found['silent']:8.3f} "
            f"{found['command']:8.2f} {found['memory']:8.1f}"
        )
    return figures


async def _measure(size: Size, jobs: int) -> dict[str, float]:
    async with DiscordServer() as discord, serving("tests.bench.far_side") as url, httpx.AsyncClient() as client:
        await client.get(f"{url}/begin", params={"count": jobs, "shortest": 3600, "longest": 3600})
        with tempfile.TemporaryDirectory() as folder:
            await _fill(Path(folder), discord, size, jobs)
            await asyncio.to_thread(_attach, Path(folder), jobs)
            port = await _free_port()
            environment = {
                "PROVIDER_URLS": json.dumps({"runcomfy": url}),
                "TRUSTED_HOSTS": f"127.0.0.1,{discord.host}",
                "HTTP_PORT": str(port),
            }
            began = time.monotonic()
            async with connected(discord, Path(folder), environment, "bot", "run") as process:
                ready = time.monotonic() - began
                async with asyncio.TaskGroup() as group:
                    polled = group.create_task(_first_poll(client, url, began))
                    asked = group.create_task(_asked(f"http://127.0.0.1:{port}/healthz", size.seconds))
                    commands = group.create_task(_commands(discord, size.seconds))
                memory = int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096 / MIB
    return {
        "ready": ready,
        "first poll": polled.result(),
        "after ready": polled.result() - ready,
        "silent": asked.result(),
        "command": commands.result(),
        "memory": memory,
    }


def _attach(folder: Path, jobs: int) -> None:
    """The clip of each job, as it was attached."""
    (folder / "files").mkdir()
    for number in range(1, jobs + 1):
        place = folder / "files" / str(number)
        place.mkdir()
        (place / CLIP).write_bytes(b"data")


async def _first_poll(client: httpx.AsyncClient, url: str, began: float) -> float:
    """Seconds from `began` until the provider was first asked."""
    while not (await client.get(f"{url}/report")).json()["polls"]:
        await asyncio.sleep(ASK_EVERY)
    return time.monotonic() - began


async def _asked(url: str, seconds: float) -> float:
    """The longest that its health was waited for."""
    longest, until = 0.0, time.monotonic() + seconds
    async with httpx.AsyncClient() as client:
        while time.monotonic() < until:
            began = time.monotonic()
            await client.get(url, timeout=60.0)
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(ASK_EVERY)
    return longest


async def _commands(discord: DiscordServer, seconds: float) -> float:
    """The longest that a person waited for the answer to a command."""
    longest, until = 0.0, time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        asked = await discord.people.slash("lipsync jobs")
        await asked.answer(60.0)
        longest = max(longest, time.monotonic() - began)
        await asyncio.sleep(0.1)
    return longest


async def _free_port() -> int:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server:
        return int(server.sockets[0].getsockname()[1])


async def _fill(folder: Path, discord: DiscordServer, size: Size, jobs: int) -> None:
    """So many jobs that a provider has, in turn of each server."""
    settings = Settings(_env_file=None, discord_token=SecretStr(TOKEN), database_path=folder / "bot.db")
    master = settings.master()
    guilds = [discord.state.guild_id, *range(1, size.servers)]
    async with open_database(settings.database_path) as database:
        for guild_id in guilds:
            await welcome(database, guild_id, int(discord.state.member["id"]))
            key = {"api_key": f"rc-bench-{guild_id}"}
            await Keys(database, master).put(guild_id, "runcomfy", key, hint="0001", added_by=1, now=0.0)

        async def insert(tx: Transaction) -> None:
            await tx.rows(
                """WITH RECURSIVE numbers (number) AS (
                     SELECT 0 UNION ALL SELECT number + 1 FROM numbers WHERE number + 1 < :jobs
                   ), servers AS (SELECT guild_id, id AS key_id, row_number() OVER (ORDER BY id) - 1 AS place FROM keys)
                   INSERT INTO jobs (guild_id, interaction_id, member_id, provider, request, created_at, deadline_at,
                     key_id, channel_id, card_id, thread_id, state, stage, handle, remote, submitted_at, counted_at)
                   SELECT guild_id, number, 2, 'runcomfy', :request, :now, :now + 3600, key_id, 3, 4, 5, 'running',
                     'text', 'h', CAST(number AS TEXT), :now, :now
                   FROM numbers JOIN servers ON place = number % :servers""",
                jobs=jobs,
                servers=size.servers,
                request=REQUEST.model_dump_json(),
                now=time.time(),
            )

        await database.write(insert, guild_id=None)
