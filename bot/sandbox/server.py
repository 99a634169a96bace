"""The sandbox: every emulated provider over real HTTP on loopback, in this process."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web

from bot.sandbox.faults import Faults
from bot.sandbox.runcomfy import RunComfyEmulator
from bot.sandbox.runs import Fetch, Runs

MOST_INPUT_BYTES = 100 * 2**20
FETCH_SECONDS = 60


class Sandbox:
    """`async with Sandbox() as sandbox` serves at `sandbox.url` until the end. `fetch` is how input files are had."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mouthpiece-sandbox-")
        self.faults = Faults()
        self.runs = Runs(fetch or fetch_over_http, Path(self._folder.name))
        self.host = ""

    @property
    def url(self) -> str:
        """The root of everything that is served; RunComfy is below `/runcomfy`."""
        return f"http://{self.host}"

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self.faults.middleware()])
        app.add_routes(RunComfyEmulator(self.runs).routes("/runcomfy"))
        app.router.add_static("/files", self._folder.name)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        address, port = self._runner.addresses[0][:2]
        self.host = f"{address}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.runs.close()
        await self._runner.cleanup()
        self._folder.cleanup()


async def fetch_over_http(url: str) -> bytes:
    """The file behind a link, as a provider fetches it; `ValueError` when it is too large."""
    timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url, raise_for_status=True) as response:
        found = bytearray()
        async for chunk in response.content.iter_chunked(1 << 16):
            found += chunk
            if len(found) > MOST_INPUT_BYTES:
                raise ValueError("too large")
        return bytes(found)
