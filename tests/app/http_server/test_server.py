"""What comes over HTTP is urgent: commands are among it."""

from __future__ import annotations

import aiohttp
from aiohttp import web

from bot.app.http_server.server import serving
from bot.urgent import URGENT
from tests.discord_server.endpoint import Endpoint
from tests.discord_server.state import State


async def test_what_is_brought_is_urgent_and_what_serves_it_is_not() -> None:
    endpoint = Endpoint(State().signing_key)
    port = int(endpoint.choose())

    async def told(_: web.Request) -> web.Response:
        return web.Response(text=str(URGENT.get()))

    async with serving([web.post("/interactions", told)], "127.0.0.1", port), aiohttp.ClientSession() as session:
        assert not URGENT.get()
        async with session.post(endpoint.address) as answer:
            assert await answer.text() == "True"
