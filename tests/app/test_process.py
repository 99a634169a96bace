"""How the bot's process ends: at once by a fault of what it needs, and in time by a signal."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Mapping

import pytest

from storage.engine.encryption import MasterKeys
from tests.app.test_run import ROOT, Outside, ended, outside  # noqa: F401 - a fixture
from tests.storage.engine.postgres.test_history import put_back
from tests.storage.engines import Schema, emptied
from tests.welcome import welcome

BLOCKED = """
import logging
from bot.app.process import Deadline
logging.basicConfig()
deadline = Deadline(0.2)
deadline.start(0)
deadline.start(1)
while True:
    pass
"""


@pytest.mark.parametrize(("fault", "part"), [("worker", "the worker"), ("connection", "the connection to Discord")])
async def test_what_fails_and_is_needed_ends_the_process_with_one_line_and_exit_code_1(
    outside: Outside,  # noqa: F811
    fault: str,
    part: str,
) -> None:
    code, log = await ended(await outside.start(module="tests.app.faulty", FAULT=fault))
    assert code == 1
    (line,) = (line for line in log.splitlines() if "CRITICAL" in line)
    assert f"{part} has failed, so the bot ends" in line
    assert "disk I/O error" in log


async def test_another_history_of_the_database_ends_the_process_and_the_next_start_says_what_it_makes_of_that(
    outside: Outside,  # noqa: F811
    postgres: Mapping[Schema, str],
) -> None:
    url, keys = postgres["newest schema"], MasterKeys.generate("first")
    async with emptied(url) as database:
        await welcome(database, outside.discord.state.guild_id)
    async with outside.bot(DATABASE_URL=url, MASTER_KEYS=keys) as process:
        await put_back(url)
        await outside.discord.people.slash("lipsync usage")
        code, log = await ended(process)
    assert code == 1
    (line,) = (line for line in log.splitlines() if "CRITICAL" in line)
    assert "on another line of history than at the start" in line
    async with outside.bot(DATABASE_URL=url, MASTER_KEYS=keys) as process:
        process.send_signal(signal.SIGTERM)
        code, log = await ended(process)
    assert code == 0
    assert "was failed over" in log
    assert "0 open jobs" in log


async def test_sigterm_ends_a_connection_that_goes_on_when_it_is_cancelled(outside: Outside) -> None:  # noqa: F811
    async with outside.bot(module="tests.app.faulty", FAULT="deaf") as process:
        process.send_signal(signal.SIGTERM)
        code, log = await ended(process)
    assert code == 0
    assert "is given up" not in log


async def test_a_connection_that_discord_ends_for_good_ends_the_process_with_exit_code_2(outside: Outside) -> None:  # noqa: F811
    async with outside.bot() as process:
        await outside.discord.gateway.refuse(4004)
        code, log = await ended(process)
    assert code == 2
    assert log.count("Discord refused this token") == 1
    assert "CRITICAL" not in log


async def test_sigterm_ends_the_bot_in_time_while_discord_refuses_connections(outside: Outside) -> None:  # noqa: F811
    async with outside.bot() as process:
        outside.discord.faults.add("answer", "GET", "/gateway/", status=503, times=10_000)
        await outside.discord.gateway.drop()
        tries = outside.discord.requests.count
        await outside.discord.until(lambda: tries("GET /gateway/") > 3, 60.0)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert (await ended(process))[0] == 0
        assert time.monotonic() - began < 20


async def test_sigterm_ends_the_bot_in_time_while_it_logs_in(outside: Outside) -> None:  # noqa: F811
    outside.discord.faults.add("hang", "GET", "*/users/@me")
    process = await outside.start()
    await outside.discord.until(lambda: not outside.discord.faults.armed, 60.0)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert (await ended(process))[0] == 0
    assert time.monotonic() - began < 20


async def test_the_deadline_ends_even_a_process_whose_loop_is_blocked() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", BLOCKED), cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    code, log = await ended(process)
    assert code == 0
    assert "what is committed stays" in log
