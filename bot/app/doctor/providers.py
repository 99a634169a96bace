"""The providers: whether something answers at their addresses, and what became of each saved key; no paid or counted
call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

from bot.app.settings import Settings
from bot.app.transport import transport
from bot.net.client import Http
from bot.net.faults import ProviderError
from bot.providers import provider_classes
from bot.words.admin import doctor as words
from bot.words.admin.finding import Finding, ill, ok, warning
from bot.words.failures import why_switched_off
from storage.engine.encryption import LOST
from storage.servers.key_info import KeyInfo

ANSWER_SECONDS = 10.0


async def check_providers(settings: Settings, used: Collection[str]) -> list[Finding]:
    """Whether something answers, whatever it says, at the address of each provider for which some server has a key:
    those are `used`. Gateways have an address for each key, which aren't asked.
    """
    kinds = [kind for kind in provider_classes() if kind.name in used]
    asked = {kind: settings.provider_urls.get(kind.name, kind.base_url) for kind in kinds}
    asked = {kind: base for kind, base in asked.items() if base}
    async with transport(settings, "") as opened:
        faults = await asyncio.gather(*(_fault(Http(opened), base) for base in asked.values()))
    found = []
    for (kind, base), fault in zip(asked.items(), faults, strict=True):
        if fault:
            found.append(ill("provider", f"{kind.label} can't be reached at {base}: {fault}", words.CHECK_PROVIDER))
    labels = ", ".join(kind.label for kind in asked)
    return found or [ok("providers", f"they answer: {labels}" if labels else "no server has a key for one yet")]


def check_keys(keys: Sequence[KeyInfo]) -> list[Finding]:
    """What the provider of each saved key said of it last, as its row tells."""
    labels = {kind.name: kind.label for kind in provider_classes()}
    off = [key for key in keys if key.off_reason]
    found = [
        warning(
            "provider keys",
            words.key_is_off(
                labels.get(key.provider, key.provider), key.hint, key.guild_id, why_switched_off(key.off_reason)
            ),
            words.SAVE_AGAIN if key.off_reason == LOST else words.TEST_KEY,
        )
        for key in off
    ]
    return found or [ok("provider keys", f"none of {len(keys)} was refused the last time")]


async def _fault(http: Http, base: str) -> str:
    """Why nothing answers there; empty when something does."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            http = http.at(base)
            await http.send(http.prepared("HEAD", base, headers={}))
    except ProviderError as fault:
        return fault.detail
    except TimeoutError:
        return "TimeoutError"
    return ""
