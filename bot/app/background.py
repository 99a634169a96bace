"""What runs for as long as the bot does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.app.client import Mouthpiece

log = logging.getLogger(__name__)

FAULT_PAUSE = 60.0


async def work_when_ready(client: Mouthpiece, *beside: Callable[[], Awaitable[None]]) -> None:
    """The worker, and what goes on beside it for as long."""
    await client.at_home.wait()
    others = [asyncio.create_task(_lasting(other)) for other in beside]
    try:
        await client.services.worker.run()
    finally:
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _lasting(run: Callable[[], Awaitable[None]]) -> None:
    """Go on after a fault of ours: nothing beside the worker may end it, or stop for good."""
    while True:
        try:
            await run()
        except Exception:
            log.exception("something beside the worker failed; it begins again")
            await asyncio.sleep(FAULT_PAUSE)
