"""Fifty commands at once, over five processes, to a server that has three left."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from storage.engine.postgres.database import connected
from storage.servers.limit_rules import Rule
from storage.servers.limits import LimitStore
from tests.storage.engines import Schema, emptied
from tests.welcome import welcome

ROOT = Path(__file__).parents[4]
MODULE = "tests.storage.engine.postgres.fifty"
SERVERS = range(1, 21)


@pytest.fixture
async def url(postgres: Mapping[Schema, str]) -> str:
    """The address of a database with twenty servers, each with three left for all its members together."""
    url = postgres["newest schema"]
    async with emptied(url), connected(url) as database:
        for guild_id in SERVERS:
            await welcome(database, guild_id)
            await LimitStore(database).put(guild_id, Rule("server", 0, "jobs", "day", 3), by=9, now=0.0)
    return url


async def said(process: Process, to: str) -> str:
    """What a process answers to a line."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(to.encode())
    return (await process.stdout.readline()).decode().strip()


async def passed(url: str, *how: str) -> Sequence[int]:
    """How many of fifty pass for each server."""
    starting = (
        asyncio.create_subprocess_exec(
            *(sys.executable, "-m", MODULE, url, str(member), *how), cwd=ROOT, stdin=PIPE, stdout=PIPE
        )
        for member in range(5)
    )
    processes = await asyncio.gather(*starting)
    try:
        assert set(await asyncio.gather(*(said(process, "") for process in processes))) == {"ready"}
        counts = []
        for guild_id in SERVERS:
            answers = await asyncio.gather(*(said(process, f"{guild_id}\n") for process in processes))
            counts.append(sum(map(int, answers)))
        return counts
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def test_exactly_three_of_fifty_commands_pass(url: str) -> None:
    assert await passed(url) == [3] * len(SERVERS)


async def test_without_the_lock_of_their_server_more_would_pass(url: str) -> None:
    assert max(await passed(url, "unlocked")) > 3
