"""Discord as it brings interactions over HTTP, signed."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.discord_server.state import Json


class Endpoint:
    """Where interactions are brought; over the gateway as long as no address is set."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._session: aiohttp.ClientSession | None = None
        self.address = ""

    def signed(self, body: bytes, at: int | None = None) -> dict[str, str]:
        """The headers of a request that is made now, or at that moment."""
        timestamp = str(int(time.time()) if at is None else at)
        signature = self._key.sign(timestamp.encode() + body).hex()
        return {"X-Signature-Ed25519": signature, "X-Signature-Timestamp": timestamp}

    async def bring(self, event: Json, left: Callable[[], None] = lambda: None) -> int:
        """Make the request, and say when it has left; the status of the answer."""
        if self._session is None:
            trace = aiohttp.TraceConfig()
            trace.on_request_chunk_sent.append(_told)
            self._session = aiohttp.ClientSession(trace_configs=[trace])
        body = json.dumps(event).encode()
        headers = self.signed(body)
        async with self._session.post(self.address, data=body, headers=headers, trace_request_ctx=left) as answer:
            assert answer.status != 202 or await answer.read() == b""
            return answer.status

    def choose(self) -> str:
        """Bring them to this machine from now on; the port, for HTTP_PORT."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/interactions"
        return str(port)

    async def until_well(self) -> None:
        """Wait until the bot there says that it is well."""
        async with aiohttp.ClientSession() as session:
            while True:
                with suppress(aiohttp.ClientError):
                    async with session.get(self.address.replace("interactions", "healthz")) as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()


async def _told(_: aiohttp.ClientSession, context: SimpleNamespace, __: Any) -> None:
    """Say that a request has left."""
    context.trace_request_ctx()
