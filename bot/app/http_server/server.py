"""The HTTP server of the process. Off unless HTTP_PORT is set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from bot.errors import SettingsError

MOST_BYTES = 2**20  # of what is sent; an interaction with the longest forms and messages is a tenth of it


@asynccontextmanager
async def serving(routes: Sequence[web.RouteDef], host: str, port: int | None) -> AsyncIterator[None]:
    """Serve these until the block is left, if there is a port. `SettingsError` when it can't be used."""
    if port is None:
        yield
        return
    app = web.Application(client_max_size=MOST_BYTES)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            problem = f"HTTP_HOST, HTTP_PORT: {host}:{port} can't be used, so choose others: {error.strerror}"
            raise SettingsError(problem=problem) from None
        yield
    finally:
        await runner.cleanup()
