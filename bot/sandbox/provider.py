"""The sandbox as a provider on a real server (SANDBOX=1): for trying everything out before buying credit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from bot.domain.request import Request
from bot.domain.voices import Voice, voices_of
from bot.providers.base import Accepted, Credentials, Done, Failed, Submission, Waiting
from bot.providers.runcomfy import RunComfy

NO_SECRET = {"api_key": "rc-sandbox"}


class SandboxProvider(RunComfy):
    """RunComfy's own adapter against the emulator: it wants no key and costs nothing."""

    name = "sandbox"
    label = "Sandbox"
    prices = "nothing"
    credentials = ()

    @property
    def voices(self) -> Mapping[str, Voice]:
        """The emulated provider's."""
        return voices_of(RunComfy.name)

    async def submit(self, call: Submission) -> Accepted:
        """With the emulator's own key."""
        return await super().submit(replace(call, credentials=NO_SECRET))

    async def poll(self, stage: str, remote: str, credentials: Credentials) -> Waiting | Done | Failed:
        """With the emulator's own key; what the emulated provider would charge, nobody pays."""
        answer = await super().poll(stage, remote, NO_SECRET)
        return answer if isinstance(answer, Waiting) else replace(answer, cost_usd=Decimal(0))

    async def cancel(self, stage: str, remote: str, credentials: Credentials) -> bool:
        """With the emulator's own key."""
        return await super().cancel(stage, remote, NO_SECRET)

    async def price(self, request: Request, credentials: Credentials) -> Decimal | None:
        """Nothing at all."""
        return Decimal(0)
