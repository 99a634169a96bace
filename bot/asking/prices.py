"""What candidates will cost, and in which order they are tried."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from decimal import Decimal

from bot.asking.server import Server
from bot.domain.costs import in_usd
from bot.net.faults import ProviderError
from bot.preflight.fit import Candidate
from bot.providers.base import Credentials
from storage.engine.encryption import CannotUnseal
from storage.servers.keys import Keys

log = logging.getLogger(__name__)

PRICE_PATIENCE = 3.0


class Prices:
    """Asks providers for prices, in US dollars: those in yuan at the operator's rate."""

    def __init__(self, keys: Keys, usd_per_cny: Decimal) -> None:
        self._keys = keys
        self._usd_per_cny = usd_per_cny

    async def in_order(self, server: Server, found: list[Candidate]) -> list[Candidate]:
        """With prices; the cheapest first, if the server wants that."""
        priced = await asyncio.gather(*(self._priced(server, candidate) for candidate in found))
        if server.policy.choosing == "cheapest":
            priced.sort(key=_price_or_dearest)
        return priced

    async def _priced(self, server: Server, candidate: Candidate) -> Candidate:
        """With what it will cost; None where that can't be known in time."""
        key = server.key(candidate.provider.name)
        try:
            credentials = self._keys.unsealed(key) if key else {}
            async with asyncio.timeout(PRICE_PATIENCE):
                price = await _price(candidate, credentials)
        except (ProviderError, CannotUnseal, TimeoutError) as fault:
            log.info("%s: no price: %s", candidate.provider.name, fault)
            return candidate
        if price is not None:
            price = in_usd(price, candidate.provider.currency, self._usd_per_cny)
        return replace(candidate, request=candidate.request.model_copy(update={"price_usd": price}))


def _price_or_dearest(candidate: Candidate) -> Decimal:
    price = candidate.request.price_usd
    return Decimal("Infinity") if price is None else price


async def _price(candidate: Candidate, credentials: Credentials) -> Decimal | None:
    """Of all calls together, in the provider's currency."""
    prices = [await candidate.provider.price(call, credentials) for call in candidate.request.calls]
    known = [price for price in prices if price is not None]
    return sum(known, Decimal(0)) if len(known) == len(prices) else None
