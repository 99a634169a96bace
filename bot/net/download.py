"""A file from the outside on its way to disk."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import httpx
from httpx_aiohttp.transport import AiohttpResponseStream

from bot.net.faults import Gone, NotAccepted, ResultUnusable, TextInstead, Unwritable
from bot.placing import add, placed

CHUNK_BYTES = 1 << 18  # that are read at once, where the connection has as many
PIECE_BYTES = 1 << 19  # that go to disk at once
LEFT_FREE = 2**28  # bytes of disk that stay free whatever comes
LEAST_SPEED = 64_000  # bytes a second; what comes slower only holds a place that others wait for
SPEED_SECONDS = 30.0  # over which that is measured
Also = Callable[[bytes], object] | None
Piece = Sequence[bytes]


async def save(response: httpx.Response, target: Path, most: int, also: Also) -> None:
    """Stream the answer's file to `target`. `most` in bytes; `also` gets it chunk by chunk, in a thread.

    `Gone`, `NotAccepted`, `Unwritable` and `ResultUnusable` as `Http.download` raises them.
    """
    if response.status_code in {403, 404, 410}:
        raise Gone(f"HTTP {response.status_code} for the result")
    if response.status_code != 200:
        raise NotAccepted(f"HTTP {response.status_code} for the result")
    kind = response.headers.get("content-type", "")
    if kind.startswith(("text/", "application/json")):
        raise TextInstead(f"the result is {kind[:40]}")
    expected = _expected(response.headers.get("content-length", "-1"))
    if shutil.disk_usage(target.parent).free < LEFT_FREE + max(0, expected):
        raise Unwritable("the disk has no room for it")
    written = 0
    with placed(target) as part:
        async for piece in _pieces(response):
            written += sum(map(len, piece))
            if written > most:
                raise ResultUnusable(f"the result is larger than {most} bytes")
            await add(part, piece, also)  # meanwhile more comes in, as much as the connection buffers
        if written == 0 or expected not in {-1, written}:
            raise NotAccepted(f"the result broke off at {written} of {expected} bytes")


def _expected(length: str) -> int:
    """Read a Content-Length: bytes, -1 where none is said. `NotAccepted` for one that nobody can mean."""
    try:
        return int(length)
    except ValueError:  # of thousands of digits
        raise NotAccepted("the result has no length that can be read") from None


async def _pieces(response: httpx.Response) -> AsyncIterator[Piece]:
    """The answer in pieces that are worth a thread's while, each in the chunks in which it came."""
    if isinstance(response.stream, AiohttpResponseStream):
        response.stream.CHUNK_SIZE = CHUNK_BYTES
    held, size = list[bytes](), 0
    speed = _Speed()
    async for chunk in response.aiter_raw():
        speed.check(len(chunk))
        held.append(chunk)
        size += len(chunk)
        if size >= PIECE_BYTES:
            yield held
            held, size = [], 0
    yield held


class _Speed:
    """Raises `NotAccepted` for an answer that drips."""

    def __init__(self) -> None:
        self._since, self._came = time.monotonic(), 0

    def check(self, size: int) -> None:
        """Note what came."""
        self._came += size
        passed = time.monotonic() - self._since
        if passed < SPEED_SECONDS:
            return
        if self._came < LEAST_SPEED * passed:
            raise NotAccepted(f"the result comes at {self._came / passed:.0f} bytes a second")
        self._since, self._came = time.monotonic(), 0
