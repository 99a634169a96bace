"""Health and metrics over HTTP, for whoever keeps the bot running. Off unless HTTP_PORT is set."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.app.client import Mouthpiece
from bot.app.heartbeats import Heartbeats
from bot.errors import SettingsError


@asynccontextmanager
async def serve_health(client: Mouthpiece, heartbeats: Heartbeats, host: str, port: int | None) -> AsyncIterator[None]:
    """`/healthz` is 200 while the bot does its work, else 503 with a line for each thing that is wrong; `/metrics` is
    for Prometheus. `SettingsError` when the port can't be used.
    """
    if port is None:
        yield
        return

    async def healthz(_: web.Request) -> web.Response:
        faults = heartbeats.faults()
        return web.Response(text="\n".join(faults or ["ok"]) + "\n", status=503 if faults else 200)

    async def metrics(_: web.Request) -> web.Response:
        latency = client.latency if client.sessions else float("nan")
        lines = (
            "# TYPE mouthpiece_open_jobs gauge",
            f"mouthpiece_open_jobs {client.services.worker.open_jobs}",
            "# TYPE mouthpiece_servers gauge",
            f"mouthpiece_servers {client.server_count}",
            "# TYPE mouthpiece_gateway_latency_seconds gauge",
            f"mouthpiece_gateway_latency_seconds {latency}",
        )
        return web.Response(text="\n".join(lines) + "\n")

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/metrics", metrics)
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
