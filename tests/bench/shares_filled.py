"""The data folder with which a bot of the benchmark of shares begins."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.app.settings import Settings
from bot.domain.request import Media, Request
from bot.files.job_files import JobFiles
from bot.files.leftovers import tidy
from bot.files.names import CLIP
from bot.net.download import LEFT_FREE
from storage.engine.database import Transaction
from storage.engine.sqlite import open_database
from storage.servers.keys import Keys
from tests.bench.shares_far_side import DRIPS
from tests.discord_server.state import TOKEN
from tests.welcome import welcome

OTHER_GUILD = 77
FLOODING_MEMBERS = 50
DISK_SHARE = 1  # percent: what is above it is allocated, and never written
OVER_SHARE = 1.2  # so much of its share the hostile server has: what the machine's others write and delete moves it


@dataclass(frozen=True)
class Hostile:
    """How many open jobs the hostile server has whose results drip, and whose gateway's polls hang."""

    drips: int
    hanging: int


async def fill(folder: Path, guild_id: int, members: Iterable[int], gateway: str, hostile: Hostile) -> None:
    """Two servers with their keys; the hostile one, `guild_id`, has its jobs under way, whose clips are more than its
    share of the disk. `members` are the other one's.
    """
    settings = Settings(_env_file=None, discord_token=SecretStr(TOKEN), database_path=folder / "bot.db")
    master = settings.master()
    async with open_database(settings.database_path) as database:
        keys = Keys(database, master)
        await welcome(database, guild_id, *range(FLOODING_MEMBERS))
        await welcome(database, OTHER_GUILD, *members)
        for number, server in enumerate((guild_id, OTHER_GUILD)):
            key = {"api_key": f"rc-bench-{number}"}
            await keys.put(server, "runcomfy", key, hint="0001", added_by=1, now=0.0)
        key = {"api_key": "gw-bench", "address": gateway}
        await keys.put(guild_id, "kling_gateway", key, hint="0001", added_by=1, now=0.0)

        async def insert(tx: Transaction) -> list[int]:
            drips = [await _job(tx, guild_id, "runcomfy", "text", f"{DRIPS}{n}") for n in range(hostile.drips)]
            hanging = [await _job(tx, guild_id, "kling_gateway", "lipsync", str(n)) for n in range(hostile.hanging)]
            return drips + hanging

        job_ids = await database.write(insert, guild_id=guild_id)
    _fill_disk(settings.data_folder / "files", job_ids)


async def _job(tx: Transaction, guild_id: int, provider: str, stage: str, remote: str) -> int:
    """A job that is running at the provider; its id."""
    video = Media(url="https://x.example/v.mp4", name="v.mp4", size=1)
    request = Request(flow="text", mode="text", video=video, text="Hi", voice="en:AOT")
    row = await tx.row(
        """INSERT INTO jobs (guild_id, interaction_id, member_id, provider, request, created_at, deadline_at, key_id,
             channel_id, card_id, state, stage, handle, remote, submitted_at, counted_at)
           SELECT :guild, 1 + coalesce((SELECT max(id) FROM jobs), 0), 1 + coalesce((SELECT max(id) FROM jobs), 0) % 50,
             :provider, :request, :now, :now + 3600, id, 3, 4, 'running', :stage, 'h', :remote, :now, :now
           FROM keys WHERE guild_id = :guild AND provider = :provider RETURNING id""",
        guild=guild_id,
        provider=provider,
        request=request.model_dump_json(),
        stage=stage,
        remote=remote,
        now=time.time(),
    )
    assert row
    return int(row["id"])


def _fill_disk(folder: Path, job_ids: list[int]) -> None:
    """Give these jobs clips that are more than their server's share together."""
    if not job_ids:
        return
    share = (shutil.disk_usage(folder.parent).free - LEFT_FREE) * DISK_SHARE / 100
    tidy(JobFiles(folder), folder / "none")
    for job_id in job_ids:
        place = folder / str(job_id)
        place.mkdir()
        with (place / CLIP).open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, int(OVER_SHARE * share / len(job_ids)))
