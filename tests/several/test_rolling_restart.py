"""Every process that works is replaced, one after another, while commands arrive: nobody notices."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.several.books import violations
from tests.several.fleet import TEXT, Fleet, open_fleet
from tests.storage.engines import Schema

pytestmark = pytest.mark.timeout(300)

ROLES = ("worker", "worker", "media")
PAUSE = 0.3  # seconds between two commands
EDITED_EVERY = 8  # commands
MORE = 8  # jobs between two replacements
LONGEST_UNOWNED = 2.0  # seconds
UNOWNED = """SELECT jobs.id FROM jobs LEFT JOIN workers ON workers.id = jobs.owner AND alive_until > engine_now()
             WHERE closed_at IS NULL AND workers.id IS NULL"""


async def ask_steadily(fleet: Fleet, stop: asyncio.Event) -> list[str]:
    """Ask for a video after every pause, until `stop`, whether or not the last command was answered; the texts, once
    all of them are on their way.
    """
    texts = list[str]()
    async with asyncio.TaskGroup() as group:
        while not stop.is_set():
            texts.append(f"{TEXT}, number {len(texts)}")
            ask = fleet.ask if len(texts) % EDITED_EVERY else fleet.ask_for_edit
            group.create_task(ask(text=texts[-1]))
            await asyncio.sleep(PAUSE)
    return texts


async def until_more_are_asked_for(fleet: Fleet) -> None:
    """Wait until so many jobs have come that some are under way and some new."""
    before = len(await fleet.jobs())

    async def more() -> bool:
        return len(await fleet.jobs()) >= before + MORE

    await fleet.until(more)


async def longest_unowned(fleet: Fleet, stop: asyncio.Event) -> float:
    """For how many seconds at most an open job belonged to no process that lives, until `stop`."""
    since, longest = dict[int, float](), 0.0
    while not stop.is_set():
        unowned = [row["id"] for row in await fleet.database.rows(UNOWNED)]
        now = time.monotonic()
        since = {job_id: since.get(job_id, now) for job_id in unowned}
        longest = max([longest, *(now - began for began in since.values())])
        await asyncio.sleep(0.05)
    return longest


async def test_every_process_is_replaced_in_turn_while_commands_arrive_and_each_video_is_made_once(
    postgres: Mapping[Schema, str], in_bucket: dict[str, Any], tmp_path: Path
) -> None:
    async with open_fleet(postgres["newest schema"], tmp_path, files=in_bucket) as fleet:
        fleet.settings["LEASE"] = "20"
        old = [(role, process) for role in ROLES for process in await fleet.working(1, role)]
        await fleet.gateway()
        all_asked, all_over = asyncio.Event(), asyncio.Event()
        asking = asyncio.create_task(ask_steadily(fleet, all_asked))
        watching = asyncio.create_task(longest_unowned(fleet, all_over))
        for role, process in old:
            await until_more_are_asked_for(fleet)
            await fleet.working(1, role)
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 60) == 0
            assert len(await fleet.lives()) == len([*ROLES, "gateway"])  # it has left nothing to wait for
        all_asked.set()
        texts = await asking
        await fleet.over()
        all_over.set()
        assert {job.state for job in await fleet.jobs()} == {"succeeded"}
        assert len(await fleet.jobs()) == len(texts)
        assert await violations(fleet, texts) == []
        assert await watching <= LONGEST_UNOWNED
