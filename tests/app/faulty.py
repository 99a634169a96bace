"""`python -m tests.app.faulty run`: the bot's own process, in which something goes wrong: FAULT says what."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from discord.gateway import DiscordWebSocket

from bot import __main__ as program
from storage.jobs.claims import Claims

really_poll = DiscordWebSocket.poll_event


async def fail(*_: Any, **__: Any) -> Any:
    raise sqlite3.OperationalError("disk I/O error")


async def fail_to_read(*_: Any) -> AsyncIterator[Any]:
    yield await fail()


async def fail_once_identified(socket: DiscordWebSocket) -> None:
    if socket.session_id:
        await fail(socket)
    await really_poll(socket)


async def go_on_when_cancelled(socket: DiscordWebSocket) -> None:
    try:
        await really_poll(socket)
    except asyncio.CancelledError:
        await really_poll(socket)


FAULTS: dict[str, tuple[type, str, Any]] = {
    "worker": (Claims, "left_open", fail_to_read),
    "connection": (DiscordWebSocket, "poll_event", fail_once_identified),
    "deaf": (DiscordWebSocket, "poll_event", go_on_when_cancelled),
}

if __name__ == "__main__":
    pytest.MonkeyPatch().setattr(*FAULTS[os.environ["FAULT"]])
    sys.exit(program.main())
