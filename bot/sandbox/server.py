"""The sandbox: every emulated provider over real HTTP on loopback, in this process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.sandbox.emulators import emulator_classes
from bot.sandbox.faults import Faults
from bot.sandbox.runs import Runs

ATTACHMENTS = "/attachments-host"


class Sandbox:
    """`async with Sandbox() as sandbox` serves at `sandbox.url` until the end.

    `attachment` gives the bytes of a file that people attached, by its path below `sandbox.attachments_url`: where the
    simulated Discord keeps them, as Discord's own file host does for real ones.
    """

    def __init__(self, attachment: Callable[[str], bytes | None] = lambda _: None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="mouthpiece-sandbox-")
        self._attachment = attachment
        self.faults = Faults()
        self.runs = Runs(Path(self._folder.name))
        self.host = ""

    @property
    def url(self) -> str:
        """The root of everything that is served."""
        return f"http://{self.host}"

    @property
    def attachments_url(self) -> str:
        """The root of the files that people attached."""
        return self.url + ATTACHMENTS

    @property
    def provider_urls(self) -> dict[str, str]:
        """The address of each emulated provider, by name."""
        return {found.name: f"{self.url}/{found.name}" for found in emulator_classes()}

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self.faults.middleware()], client_max_size=200 * 2**20)
        for found in emulator_classes():
            app.add_routes(found(self.runs).routes(f"/{found.name}"))
        app.router.add_static("/files", self._folder.name)
        app.router.add_get(ATTACHMENTS + "/{path:.+}", self._serve_attachment)
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

    async def _serve_attachment(self, request: web.Request) -> web.Response:
        found = self._attachment(request.path.removeprefix(ATTACHMENTS + "/"))
        if found is None:
            raise web.HTTPNotFound
        return web.Response(body=found)
