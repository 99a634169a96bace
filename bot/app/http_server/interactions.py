"""`/interactions`, where Discord brings what people do when the bot has no connection to its gateway.

The request is answered with 202 and no body; the answer to the person goes by the callback route, as over the gateway.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from bot.app.client import Mouthpiece
from bot.app.http_server.signature import NotFromDiscord, OutOfTime, Signatures
from bot.app.servers.descriptions import Descriptions
from bot.clock import Clock

log = logging.getLogger(__name__)

BODY_SECONDS = 5.0  # for which a request may go on arriving
PING = 1  # the type of an interaction, and of the answer to it


def interaction_routes(
    client: Mouthpiece, descriptions: Descriptions, public_key: str | None, clock: Clock
) -> Sequence[web.RouteDef]:
    """The one route; none without a public key."""
    return Interactions(client, Signatures(public_key, clock), descriptions).routes() if public_key else ()


class Interactions:
    """Hands to the client what Discord has signed."""

    def __init__(self, client: Mouthpiece, signatures: Signatures, descriptions: Descriptions) -> None:
        self._client = client
        self._signatures = signatures
        self._descriptions = descriptions

    def routes(self) -> Sequence[web.RouteDef]:
        """The one route."""
        return [web.post("/interactions", self._receive)]

    async def _receive(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()
            return self._answer(body, request)
        except TimeoutError:
            return web.Response(status=408)
        except OutOfTime as refused:
            log.warning("a command is refused: %s; is this machine's clock right?", refused)
        except NotFromDiscord as refused:
            log.debug("refused: %s", refused)  # anybody may send as many as they like
        return web.Response(status=401, text="invalid request signature")

    def _answer(self, body: bytes, request: web.Request) -> web.Response:
        signature, timestamp = (request.headers.get(f"X-Signature-{name}", "") for name in ("Ed25519", "Timestamp"))
        self._signatures.check(signature, timestamp, body)
        try:
            event: Any = json.loads(body)
            kind, interaction_id = event["type"], str(event["id"])
        except (ValueError, TypeError, KeyError):
            return web.Response(status=400, text="not an interaction")
        if kind == PING:
            return web.json_response({"type": PING})
        if not self._client.hears or self._client.is_closed() or not self._client.signed_in.is_set():
            return web.Response(status=503)  # a load balancer finds another process
        self._signatures.first_time(interaction_id)
        if guild_id := event.get("guild_id"):
            self._descriptions.used(int(guild_id))
        self._client.receive(event)
        return web.Response(status=202)
