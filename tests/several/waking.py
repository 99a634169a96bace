"""A sender that froze before its request wakes while another process's request for the same stage is under way."""

from __future__ import annotations

import asyncio
import json
import signal
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.sandbox.faults import Faults, Handler

PAID = {"audioInference", "videoInference"}
SECONDS = 10.0  # in which a process that wakes has ended


class Waking(Faults):
    """Each request is carried out; the answer to one with which somebody froze waits until that process has woken, and
    ended. So another's request is under way at that moment for certain.
    """

    def __init__(self) -> None:
        super().__init__()
        self._frozen: dict[Process, Path] = {}
        self.woken = 0

    def watch(self, process: Process, frozen: Path) -> None:
        """Wake this process in such a moment, once it has written with which handle it froze."""
        self._frozen[process] = frozen

    def middleware(self) -> Middleware:
        """For `aiohttp.web.Application(middlewares=…)`."""
        suffer = super().middleware()

        @web.middleware
        async def apply(request: web.Request, handler: Handler) -> web.StreamResponse:
            handles = {task.get("taskUUID") for task in await tasks_in(request) if task.get("taskType") in PAID}
            response = await suffer(request, handler)
            for process, frozen in list(self._frozen.items()):
                if frozen.exists() and frozen.read_text() in handles:
                    await self._wake(process)
            return response

        return apply

    async def _wake(self, process: Process) -> None:
        del self._frozen[process]
        if process.returncode is None:
            self.woken += 1
            process.send_signal(signal.SIGCONT)
            await asyncio.wait([asyncio.ensure_future(process.wait())], timeout=SECONDS)


async def tasks_in(request: web.Request) -> list[dict[str, Any]]:
    """What Runware is asked for with a request, nothing with any other."""
    if request.method != "POST" or not request.path.endswith("/runware"):
        return []
    try:
        found = json.loads(await request.read())
    except ValueError:
        return []
    return found if isinstance(found, list) else []
