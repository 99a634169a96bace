"""Discord and the providers, at which the bot can be killed: when a request has come in, when it has been carried out,
or half-way through a file.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.sandbox.faults import Faults, Handler
from bot.sandbox.runs import Run, Runs
from bot.sandbox.studio import Order
from tests.crash.doomed import JOB, KIND
from tests.crash.points import ARRIVED, CARRIED_OUT, Aim

PART_SECONDS = 2.0  # in which the part file of a download is there
HALF = bytes(1 << 16)  # of a file that never comes whole; what it holds doesn't matter
AN_ID = re.compile(r"\d{6}|^@?\d+$")
asked_for: ContextVar[str] = ContextVar("asked_for", default="")


class Trap:
    """Kills the bot when its aim is passed. `folder` is the bot's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._aim: Aim | None = None
        self.spring: Callable[[], None] = lambda: None

    def arm(self, aim: Aim | None, kill: Callable[[], None]) -> None:
        """Take aim in this life, or at nothing."""
        self._aim, self.spring = aim, kill

    def passed(self, kind: str, place: str, name: str) -> bool:
        """Count the passing of a point; whether the bot is to die there."""
        return self._aim is not None and self._aim.passed(kind, place, name)

    async def until_part(self) -> None:
        """Wait until a download has its part file."""
        async with asyncio.timeout(PART_SECONDS):
            while not any(self._folder.rglob("*.part")):
                await asyncio.sleep(0.002)


class FarSide(Faults):
    """The faults of a server, and around them the trap."""

    def __init__(self, trap: Trap) -> None:
        super().__init__()
        self._trap = trap

    def middleware(self) -> Middleware:
        """For `aiohttp.web.Application(middlewares=…)`."""
        suffer = super().middleware()

        @web.middleware
        async def apply(request: web.Request, handler: Handler) -> web.StreamResponse:
            kind, name = kind_of(request), name_of(request)
            asked_for.set(request.headers.get(JOB, ""))
            if kind == "download" and self._trap.passed(kind, "within", name):
                await self._give_half(request)
                return _cut(request)
            if self._trap.passed(kind, ARRIVED, name):
                self._trap.spring()
                return _cut(request)
            try:
                response = await suffer(request, handler)
            except ConnectionResetError:  # the bot was killed while it was sending
                return web.Response()
            if self._trap.passed(kind, CARRIED_OUT, name):
                self._trap.spring()
            return response

        return apply

    async def _give_half(self, request: web.Request) -> None:
        response = web.StreamResponse(headers={"Content-Type": "video/mp4", "Content-Length": str(2 * len(HALF))})
        await response.prepare(request)
        await response.write(HALF)
        await self._trap.until_part()
        self._trap.spring()


def kind_of(request: web.Request) -> str:
    """The kind of effect that a request has, as in `PLACES`; nothing for one that only asks Discord."""
    path = request.path.removeprefix("/api/v10")
    if KIND in request.headers:
        return request.headers[KIND]
    if path.startswith("/files/"):
        return "download"
    if path.startswith(("/interactions/", "/webhooks/")):
        return "answer"
    if not path.startswith("/channels/") or request.method == "GET":
        return ""
    return "post" if request.method == "POST" else "show"


def name_of(request: web.Request) -> str:
    """What a request is about, without the ids in its path."""
    if request.path.startswith("/files/"):
        return f"{request.method} {Path(request.path).suffix}"
    named = [step for step in request.path.split("/") if step and not AN_ID.search(step)]
    return f"{request.method} {named[-1] if named else ''}"


def keep_books(runs: Runs) -> dict[str, str]:
    """For which job each run was accepted, by the run's id, as the request has said: written into from now on."""
    books: dict[str, str] = {}
    accept, at_once = runs.accept, runs.at_once

    def accepted(*order: Any, **more: Any) -> Run:
        run = accept(*order, **more)
        books[run.id] = asked_for.get()
        return run

    async def done(account: str, order: Order) -> Run:
        run = await at_once(account, order)
        books[run.id] = asked_for.get()
        return run

    runs.accept, runs.at_once = accepted, done  # type: ignore[method-assign]
    return books


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()
