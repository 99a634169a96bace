"""Health and metrics, for whoever keeps the bot running."""

from __future__ import annotations

import platform
from collections.abc import Sequence

from aiohttp import web

from bot.app.client import Mouthpiece
from bot.app.heartbeats import Heartbeats
from bot.version import VERSION

BUILD = f'mouthpiece_build_info{{version="{VERSION}",python="{platform.python_version()}"}} 1'


def health_routes(client: Mouthpiece, heartbeats: Heartbeats) -> Sequence[web.RouteDef]:
    """`/healthz` is 200 while the bot does its work, else 503 with a line for each thing that is wrong; `/metrics` is
    for Prometheus.
    """

    async def healthz(_: web.Request) -> web.Response:
        faults = heartbeats.faults()
        return web.Response(text="\n".join(faults or ["ok"]) + "\n", status=503 if faults else 200)

    async def metrics(_: web.Request) -> web.Response:
        latency = client.latency if client.sessions else float("nan")
        lines = (
            "# TYPE mouthpiece_build_info gauge",
            BUILD,
            "# TYPE mouthpiece_open_jobs gauge",
            f"mouthpiece_open_jobs {client.services.worker.open_jobs}",
            "# TYPE mouthpiece_servers gauge",
            f"mouthpiece_servers {client.server_count}",
            "# TYPE mouthpiece_gateway_latency_seconds gauge",
            f"mouthpiece_gateway_latency_seconds {latency}",
        )
        return web.Response(text="\n".join(lines) + "\n")

    return web.get("/healthz", healthz), web.get("/metrics", metrics)
