"""The sandbox as a provider."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from bot.app.sandbox_mode import sandbox_providers
from bot.net.client import Http
from bot.net.transport import open_transport
from bot.providers.base import Done, Submission, Waiting
from bot.sandbox.server import Sandbox
from tests.canned import CannedStudio
from tests.providers.samples import HANDLE, text_request


async def test_a_video_of_the_sandbox_costs_nothing() -> None:
    async with Sandbox() as sandbox, open_transport({sandbox.host}) as transport:
        sandbox.runs.studio = CannedStudio()
        (provider,) = sandbox_providers(Http(transport), sandbox.url).values()
        request = text_request("text")
        assert await provider.price(request, {}) == 0
        sent = await provider.submit(Submission("text", request, HANDLE, {}, {}))
        while isinstance(answer := await provider.poll("text", sent.remote, {}), Waiting):  # type: ignore[union-attr]
            await asyncio.sleep(0.005)
        assert isinstance(answer, Done)
        assert answer.cost_usd == Decimal(0)
