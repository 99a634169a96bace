"""A provider's far end that says what a test tells it to, and remembers every request word for word."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web

from bot.sandbox.faults import Faults
from tests.providers.samples import Call, Reply

PREFIX = "/base"


@dataclass(frozen=True)
class Heard:
    """A request as it arrived. `path` is below the base address, with its query."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


class FarEnd:
    """Answers with `replies` one after the other, the last one for good."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.replies: list[Reply] = [Reply("{}")]
        self.headers: dict[str, str] = {}
        self.faults = Faults()
        self.base_url = ""
        self.host = ""

    def says(self, *replies: Reply, **headers: str) -> None:
        """Answer so from now on."""
        self.replies, self.headers = list(replies), {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(self, _: web.Request) -> web.Response:
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return web.Response(body=reply.body.encode(), status=reply.status, headers=self.headers)

    @web.middleware
    async def remember(self, request: web.Request, handler: Any) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw and request.content_type == "application/json" else raw or None
        path = request.path_qs.removeprefix(PREFIX)
        self.heard.append(Heard(request.method, path, dict(request.headers), body))
        answered: web.StreamResponse = await handler(request)
        return answered


@asynccontextmanager
async def far_end() -> AsyncIterator[FarEnd]:
    """Serves until the end."""
    end = FarEnd()
    app = web.Application(middlewares=[end.remember, end.faults.middleware()])
    app.router.add_route("*", PREFIX + "{path:.*}", end.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    end.host = "{}:{}".format(*runner.addresses[0][:2])
    end.base_url = f"http://{end.host}{PREFIX}"
    try:
        yield end
    finally:
        await runner.cleanup()


def assert_left(heard: Sequence[Heard], calls: Sequence[Call]) -> None:
    """These requests left and no other, field by field; paths and headers may have wildcards."""
    assert len(heard) == len(calls), heard
    for request, call in zip(heard, calls, strict=True):
        assert request.method == call.method
        assert fnmatchcase(request.path, call.path) or request.path == call.path, (request.path, call.path)
        assert request.body == call.body
        for name, value in call.headers.items():
            assert fnmatchcase(request.headers.get(name, ""), value), name
