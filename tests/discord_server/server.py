"""The small Discord, put together and served on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.sandbox.faults import Faults
from tests.discord_server.gateway import Gateway
from tests.discord_server.interactions import Interactions
from tests.discord_server.openapi import OpenApi
from tests.discord_server.rest import SENT, Rest
from tests.discord_server.state import Json, State


class DiscordServer:
    """`async with DiscordServer() as discord` serves until the end; it outlives any bot that connects."""

    def __init__(self) -> None:
        self.state = State()
        self.gateway = Gateway(self.state)
        self.people = Interactions(self.state, self.gateway)
        self.faults = Faults()
        self.requests: list[str] = []
        self.violations: list[str] = []  # of Discord's own description, where a copy is at hand
        self._openapi = OpenApi.at_hand()
        self.host = ""

    @property
    def api_url(self) -> str:
        """For DISCORD_API_URL."""
        return f"http://{self.host}/api/v10"

    @property
    def gateway_url(self) -> str:
        """For DISCORD_GATEWAY_URL."""
        return f"ws://{self.host}/gateway/"

    async def __aenter__(self) -> Self:
        app = web.Application(middlewares=[self._record, self.faults.middleware()], client_max_size=64 * 2**20)
        app.add_routes([*Rest(self.state).routes(), *self.people.routes()])
        app.router.add_get("/gateway/", self.gateway.connect)
        app.router.add_get("/api/v10/gateway/bot", self.gateway.advise)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.host = "{}:{}".format(*self._runner.addresses[0][:2])
        self.people.origin = f"http://{self.host}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.people.endpoint.close()
        await self._runner.cleanup()

    async def until(self, found: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(seconds):
            while not found():
                await asyncio.sleep(0.005)

    def outcomes(self) -> list[Json]:
        """Every message that ends a job: the only ones that ping."""
        return [message for message in self.state.messages.values() if "<@" in message["content"]]

    @web.middleware
    async def _record(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        path = request.path.removeprefix("/api/v10")
        self.requests.append(f"{request.method} {path}")
        response = await handler(request)
        if self._openapi and path != request.path:
            self.violations += self._openapi.violations(request.method, path, request.get(SENT))
        return response
