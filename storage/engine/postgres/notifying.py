"""Waking other processes: NOTIFY in a transaction, and a connection on which a process hears of that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

CHANNEL = "mouthpiece"  # of one database
LOOK_SECONDS = 60.0  # between two looks at whether the connection still stands


async def notify(connection: Any) -> None:
    """Wake whoever listens, once the connection's transaction is committed."""
    await connection.execute("SELECT pg_notify($1, '')", CHANNEL)


async def listen(connection: Any, wake: Callable[[], object]) -> None:
    """Call `wake` for each of these; an error when the connection is lost."""
    lost = asyncio.get_running_loop().create_future()
    connection.add_termination_listener(lambda _: lost.cancel())
    await connection.add_listener(CHANNEL, lambda *_: wake())
    while True:
        await connection.execute("SELECT 1", timeout=LOOK_SECONDS)
        wake()  # for what was missed until now
        await asyncio.wait({lost}, timeout=LOOK_SECONDS)
