"""Switchable faults for the emulators: what goes wrong on the way to a provider and back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from mimetypes import guess_type
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MOST_DROPS = 1000  # a file is dripped in larger ones, so that it ends
Kind = Literal["answer", "answer after", "cut before", "cut after", "hang", "drip", "truncate"]


@dataclass
class Fault:
    """One thing that goes wrong, for the next `times` requests that match.

    answer / answer after: this `status` and `body` in place of any effect, or after the effect · cut before / cut
    after: the connection breaks before or after the effect · hang: no answer · drip: the real answer, bit by bit ·
    truncate: the real effect, half its answer.
    """

    kind: Kind
    method: str = "*"
    path: str = "*"
    times: int = 1
    status: int = 500
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Faults:
    """The faults that are switched on; the first that matches is used up."""

    def __init__(self) -> None:
        self._on: list[Fault] = []

    def add(self, kind: Kind, method: str = "*", path: str = "*", **details: object) -> None:
        """Switch one on. `path` is a pattern as in file names."""
        self._on.append(Fault(kind, method, path, **details))  # type: ignore[arg-type]

    @property
    def armed(self) -> int:
        """How many have not been used up."""
        return len(self._on)

    def clear(self) -> None:
        """Let everything go well again."""
        self._on.clear()

    def middleware(self) -> Middleware:
        """For `aiohttp.web.Application(middlewares=…)`."""

        @web.middleware
        async def apply(request: web.Request, handler: Handler) -> web.StreamResponse:
            fault = self._take(request)
            return await (handler(request) if fault is None else _suffer(fault, request, handler))

        return apply

    def _take(self, request: web.Request) -> Fault | None:
        for fault in self._on:
            if fnmatch(request.method, fault.method) and fnmatch(request.path, fault.path):
                fault.times -= 1
                if fault.times == 0:
                    self._on.remove(fault)
                return fault
        return None


async def _suffer(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    if fault.kind == "answer":
        return _given(fault)
    if fault.kind == "hang":
        await asyncio.sleep(3600)
    if fault.kind == "cut before":
        return _cut(request)
    try:
        response = await handler(request)
    except web.HTTPException as refusal:
        response = refusal
    if fault.kind == "cut after" or response.prepared:
        return _cut(request)
    if fault.kind == "answer after":
        return _given(fault)
    status, body, headers = await asyncio.to_thread(_answer, response)
    if fault.kind == "truncate":
        return web.Response(status=status, body=body[: len(body) // 2], headers=headers)
    slow = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(len(body))})
    await slow.prepare(request)
    step = max(1, len(body) // MOST_DROPS)
    for start in range(0, len(body), step):
        await slow.write(body[start : start + step])
        await asyncio.sleep(0.001)
    return slow


def _given(fault: Fault) -> web.Response:
    headers = {"Content-Type": "application/json", **fault.headers}
    return web.Response(status=fault.status, body=fault.body.encode(), headers=headers)


def _answer(response: web.StreamResponse) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of an answer that hasn't left: a value, a refusal or a file."""
    headers = {name: value for name, value in response.headers.items() if name.title() != "Content-Length"}
    if isinstance(response, web.FileResponse):
        path = response._path  # noqa: SLF001 - it has no public name
        if not path.is_file():
            return 404, b"", headers
        headers["Content-Type"] = guess_type(path.name)[0] or "application/octet-stream"
        return response.status, path.read_bytes(), headers
    body = response.body if isinstance(response, web.Response) else None
    return response.status, body if isinstance(body, bytes) else b"", headers


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response()
