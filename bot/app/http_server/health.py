"""Health and metrics, for whoever keeps the bot running."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from bot.app.heartbeats import Heartbeats
from bot.app.monitoring.gauges import Gauges


def health_routes(heartbeats: Heartbeats, gauges: Gauges) -> Sequence[web.RouteDef]:
    """`/healthz` is 200 while the bot does its work, else 503 with a line for each thing that is wrong; `/metrics` is
    for Prometheus.
    """

    async def healthz(_: web.Request) -> web.Response:
        faults = heartbeats.faults()
        return web.Response(text="\n".join(faults or ["ok"]) + "\n", status=503 if faults else 200)

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=await gauges.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return web.get("/healthz", healthz), web.get("/metrics", metrics)
