"""Which provider makes a video: the one that was asked for, or the first or cheapest that fits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from bot.ask import Ask
from bot.errors import ProviderError
from bot.failures import KEY_FAULTS
from bot.intake import Intake, lasts
from bot.media.probe import Facts, Unreadable
from bot.preflight import Seen, fit, listed, looked
from bot.providers.base import Provider
from bot.providers.request import Media, Request
from bot.refusals import KeyMissing, KeySwitchedOff, NoKey, NothingFits, UnknownProvider, UnreadableFile
from storage.guilds import Guilds
from storage.keys import Keys
from storage.sealing import CannotUnseal

log = logging.getLogger(__name__)

NEEDED_SECONDS = 2 * 3600.0  # how long the link to a file must still work when a job begins
PRICE_PATIENCE = 3.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A provider that can do it, and the request in its form."""

    provider: Provider
    request: Request

    @property
    def stored(self) -> dict[str, str]:
        """In the form in which a job's row keeps it."""
        return {"provider": self.provider.name, "request": self.request.model_dump_json()}


class Chooser:
    """Finds out who can do what was asked for."""

    def __init__(self, guilds: Guilds, keys: Keys, providers: Mapping[str, Provider], intake: Intake) -> None:
        self._guilds = guilds
        self._keys = keys
        self._providers = providers
        self._intake = intake

    async def usable(self, guild_id: int) -> list[Provider]:
        """The providers that this server can use, in its order; those that want no key come last."""
        infos = await self._keys.shown(guild_id)
        keyed = [
            self._providers[info.provider] for info in infos if not info.off_reason and info.provider in self._providers
        ]
        return keyed + [provider for provider in self._providers.values() if not provider.credentials]

    async def candidates(self, ask: Ask, *, waiting: float = 0.0) -> list[Candidate]:
        """Everyone to be tried, in that order, with their prices; a `Refusal` that says why when there is nobody.

        `waiting` is how many seconds the job may wait before it begins: so long must its files be reachable.
        """
        providers = await self._asked(ask)
        _fitting(ask, providers)  # refuses by claims, before anything is fetched
        seen = Seen(await self._look(ask.video), await self._look(ask.audio) if ask.audio else None)
        needed = NEEDED_SECONDS + waiting
        lasting = (lasts(ask.video, needed), lasts(ask.audio, needed) if ask.audio else True)
        found = _fitting(looked(ask, seen, lasting=lasting), providers, seen)
        priced = await asyncio.gather(*(self._priced(ask.guild_id, candidate) for candidate in found))
        if (await self._guilds.policy(ask.guild_id)).choosing == "cheapest":
            priced.sort(key=_price_or_dearest)
        return priced

    async def _asked(self, ask: Ask) -> list[Provider]:
        """The providers that the wish leaves open."""
        shown = await self._keys.shown(ask.place.guild_id)
        infos = {info.provider: info for info in shown if info.provider in self._providers}
        usable = await self.usable(ask.place.guild_id)
        labels = listed([provider.label for provider in usable])
        asked = self._providers.get(ask.provider or "")
        if ask.provider and asked is None:
            raise UnknownProvider(name=ask.provider[:50], available=listed([p.label for p in self._providers.values()]))
        off = {name: KEY_FAULTS[info.off_reason] for name, info in infos.items() if info.off_reason}
        if not usable and not off:
            raise NoKey
        if (asked and asked.name in off) or not usable:
            named = [asked.name] if asked and asked.name in off else list(off)
            reasons = [f"{self._providers[name].label} ({off[name]})" for name in named]
            raise KeySwitchedOff(reasons=listed(reasons))
        if asked and asked not in usable:
            raise KeyMissing(provider=asked.label, available=labels)
        return [asked] if asked else usable

    async def _look(self, media: Media) -> Facts:
        if not self._intake.is_attachment(media.url):
            raise UnreadableFile(name=media.name[:60], problem="it is not one of Discord's own files")
        try:
            return await self._intake.look(media.url, media.name)
        except Unreadable as why:
            raise UnreadableFile(name=media.name[:60], problem=str(why)) from None
        except ProviderError as fault:
            log.info("an attachment could not be fetched: %s", fault)
            raise UnreadableFile(name=media.name[:60], problem="Discord didn't hand it over; try again") from None

    async def _priced(self, guild_id: int, candidate: Candidate) -> Candidate:
        """With what it will cost; None where that can't be known in time."""
        info = await self._keys.current(guild_id, candidate.provider.name)
        try:
            credentials = await self._keys.open(guild_id, info.id) if info else {}
            async with asyncio.timeout(PRICE_PATIENCE):
                price = await candidate.provider.price(candidate.request, credentials or {})
        except (ProviderError, CannotUnseal, TimeoutError) as fault:
            log.info("%s: no price: %s", candidate.provider.name, fault)
            return candidate
        return replace(candidate, request=candidate.request.model_copy(update={"price_usd": price}))


def _price_or_dearest(candidate: Candidate) -> Decimal:
    price = candidate.request.price_usd
    return Decimal("Infinity") if price is None else price


def _fitting(ask: Ask, providers: list[Provider], seen: Seen | None = None) -> list[Candidate]:
    """Those that the wish fits; `NothingFits` with everyone's reasons when there is nobody."""
    fits = {provider: fit(ask, provider, seen) for provider in providers}
    found = [Candidate(provider, request) for provider, request in fits.items() if isinstance(request, Request)]
    if not found:
        reasons = {provider: "; ".join(why) for provider, why in fits.items() if not isinstance(why, Request)}
        raise NothingFits(reasons="\n".join(f"- **{provider.label}**: {why}." for provider, why in reasons.items()))
    return found
