"""One side of the benchmark of files, as a process of its own: prints what it took, as JSON.

`copy in` and `copy out` are the baselines: the same bytes, streamed through the same libraries, and nothing else.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import aiohttp
import discord
import httpx

from bot.chat.result_post import ResultPosts
from bot.clock import Clock
from bot.delivery.assemble import Assembler
from bot.domain.job import Job
from bot.domain.request import Media, Request
from bot.domain.results import Parcel
from bot.fair_queue import Owner
from bot.files.incoming import Incoming
from bot.files.job_files import JobFiles
from bot.media.pool import WorkerPool, open_pool
from bot.media.probe import Probe
from bot.net.client import Http
from bot.net.transport import PURPOSE, open_transport
from bot.net.trust import Purpose
from bot.providers import load_providers
from storage.jobs.job import Position
from tests.bench.cpu import cpu_seconds
from tests.discord_server.state import TOKEN

CHANNEL = 3


@dataclass
class Side:
    """What both sides have: the far side's address, a client of Discord's that is logged in, a folder."""

    url: str
    folder: Path
    transport: httpx.AsyncBaseTransport
    connection: discord.Client
    pool: WorkerPool

    @property
    def http(self) -> Http:
        """The bot's, which may fetch from the far side."""
        return Http(self.transport).at(self.url)

    def address(self, name: str) -> str:
        return f"{self.url}/videos/{name}"

    async def copy_in(self, name: str, number: int) -> None:
        """The baseline."""
        async with httpx.AsyncClient(transport=self.transport).stream(
            "GET", self.address(name), extensions={PURPOSE: Purpose("127.0.0.1")}
        ) as response:
            with (self.folder / f"copy-{number}.mp4").open("wb") as file:
                async for chunk in response.aiter_raw():
                    file.write(chunk)

    async def bot_in(self, name: str, number: int) -> None:
        """As for a command."""
        incoming = Incoming(self.http, self.folder, self.url, Probe(self.pool), Clock())
        media = Media(url=self.address(name), name=name, size=1)
        facts = await incoming.look(media, self.folder / f"clip-{number}", Owner(number, 1))
        assert facts.digest

    async def copy_out(self, name: str, number: int) -> None:
        """The baseline."""
        await self.copy_in(name, number)
        with (self.folder / f"copy-{number}.mp4").open("rb") as file:
            form = aiohttp.FormData()
            form.add_field("payload_json", "{}")
            form.add_field("files[0]", file, filename="video.mp4", content_type="application/octet-stream")
            async with aiohttp.ClientSession() as session:
                answer = await session.post(f"{self.url}/api/v10/channels/{CHANNEL}/messages", data=form)
                assert answer.status == 200
                await answer.read()

    async def bot_out(self, name: str, number: int) -> None:
        """As for a job that has succeeded."""
        nothing, http = cast("Any", None), self.http
        finishing = Assembler(http, Probe(self.pool), nothing, JobFiles(self.folder))
        job = _job(number, self.address(name))
        fetched = await finishing.fetch(job, [self.address(name)], http)
        finished = await finishing.whole(job, fetched, nothing, faults=0)
        parcel = Parcel(finished.video, finished.size, None, finished.odd)
        await ResultPosts(self.connection, nothing, load_providers(http, {})).post(job, "channel", parcel)


async def main() -> None:
    """Once with small files, so that libraries and children are there; then what counts."""
    which, url, folder, name, together = sys.argv[1:]
    discord.http.Route.BASE = f"{url}/api/v10"
    async with (
        open_transport({"127.0.0.1"}) as transport,
        discord.Client(intents=discord.Intents.none()) as connection,
        open_pool() as pool,
    ):
        await connection.login(TOKEN)
        side = Side(url, Path(folder), transport, connection, pool)
        move: Callable[[str, int], Awaitable[None]] = getattr(side, which.replace(" ", "_"))
        await asyncio.gather(*(move("small.mp4", number) for number in range(int(together))))
        before, others = _most_memory(), _most_memory_of_children()
        began, used = time.perf_counter(), cpu_seconds(os.getpid())
        await asyncio.gather(*(move(name, 100 + number) for number in range(int(together))))
        print(
            json.dumps(
                {
                    "seconds": time.perf_counter() - began,
                    "cpu": cpu_seconds(os.getpid()) - used,
                    "grew": _peak("self") - before,
                    "children": _most_memory_of_children(),
                    "children_grew": _most_memory_of_children() - others,
                }
            )
        )


def _most_memory() -> int:
    """What is resident now; from here on the peak is counted anew."""
    Path("/proc/self/clear_refs").write_text("5")
    return _peak("self")


def _most_memory_of_children() -> int:
    children = Path("/proc/self/task").glob("*/children")
    return sum(_peak(child) for listed in children for child in listed.read_text().split())


def _peak(process: str) -> int:
    """Most resident bytes."""
    status = Path("/proc", process, "status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024


def _job(number: int, url: str) -> Job:
    video = Media(url="https://x.example/v.mp4", name="v.mp4", size=1)
    request = Request(flow="text", mode="text", video=video, text="Hi", voice="en:AOT")
    return Job(
        id=number,
        guild_id=number,
        interaction_id=number,
        member_id=2,
        provider="runcomfy",
        request=request,
        fallbacks=(),
        key_id=1,
        created_at=0.0,
        deadline_at=0.0,
        channel_id=CHANNEL,
        card_id=None,
        thread_id=None,
        state="succeeded",
        position=Position("text"),
        handle=None,
        remote=None,
        submitted_at=0.0,
        yields={"video_url": url},
        failure=None,
        detail=None,
        cost_usd=Decimal(0),
        counted_at=0.0,
        milliseconds=0,
        micros=0,
        ended_at=0.0,
        delivering_at=None,
        reply_id=None,
        closed_at=None,
    )


if __name__ == "__main__":
    asyncio.run(main())
