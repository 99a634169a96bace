"""Which provider makes a video: the one that was asked for, or the first or cheapest that fits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from bot.domain.ask import Ask
from bot.domain.media_facts import MediaFacts, Seen
from bot.domain.request import Media
from bot.errors import Refusal
from bot.files.incoming import Incoming
from bot.files.job_files import CLIP, SOUND
from bot.media.probe import Unreadable
from bot.net.faults import ProviderError, ResultUnusable
from bot.preflight.fit import Candidate, Fit, fit, looked, mended
from bot.preflight.offer import Offer
from bot.providers.base import Credentials, Provider
from bot.words.english import listed
from bot.words.failures import KEY_FAULTS
from bot.words.offer import MOST_CHARS, against
from bot.words.refusals.asking import KeyMissing, KeySwitchedOff, NoKey, UnknownProvider
from bot.words.refusals.files import FixesNeeded, NothingFits, UnreadableFile
from storage.engine.encryption import CannotUnseal
from storage.servers.guilds import Guilds
from storage.servers.keys import Keys

log = logging.getLogger(__name__)

NEEDED_SECONDS = 2 * 3600.0  # how long the link to a file must still work when a job begins
PRICE_PATIENCE = 3.0


class Chooser:
    """Finds out who can do what was asked for."""

    def __init__(self, guilds: Guilds, keys: Keys, providers: Mapping[str, Provider], incoming: Incoming) -> None:
        self._guilds = guilds
        self._keys = keys
        self._providers = providers
        self._incoming = incoming

    async def usable(self, guild_id: int) -> list[Provider]:
        """The providers that this server can use, in its order; those that want no key come last."""
        infos = await self._keys.shown(guild_id)
        keyed = [
            self._providers[info.provider] for info in infos if not info.off_reason and info.provider in self._providers
        ]
        return keyed + [provider for provider in self._providers.values() if not provider.credentials]

    async def look(self, ask: Ask, folder: Path) -> Seen:
        """What the attached files really hold. They lie in the folder afterwards, named as in `JobFiles`."""
        _fitting(ask, await self._asked(ask))  # refuses by claims, before anything is fetched
        clip = await self._look(ask.video, folder / CLIP)
        return Seen(clip, await self._look(ask.audio, folder / SOUND) if ask.audio else None)

    async def candidates(self, ask: Ask, seen: Seen, *, waiting: float = 0.0) -> list[Candidate]:
        """Everyone to be tried, in that order, with their prices; a `Refusal` that says why when there is nobody, which
        is `FixesNeeded` when something can be done.

        `waiting` is how many seconds the job may wait before it begins: so long must its files be reachable.
        """
        providers = await self._asked(ask)
        needed = NEEDED_SECONDS + waiting
        lasting = (self._lasts(ask, ask.video, needed), self._lasts(ask, ask.audio, needed))
        known = looked(ask, seen, lasting=lasting)
        fits = {provider: fit(known, provider, seen) for provider in providers}
        found = [Candidate(provider, one.request) for provider, one in fits.items() if one.request]
        if not found:
            raise await self._otherwise(known, seen, fits)
        return await self._in_order(ask.guild_id, found)

    def _lasts(self, ask: Ask, media: Media | None, seconds: float) -> bool:
        """Whether a provider can still fetch the file then. How long Discord keeps what was attached to a command is
        not documented, so a file that is used again is handed over.
        """
        return media is None or (ask.earlier is None and self._incoming.lasts(media, seconds))

    async def _in_order(self, guild_id: int, found: list[Candidate]) -> list[Candidate]:
        """With prices; the cheapest first, if the server wants that."""
        priced = await asyncio.gather(*(self._priced(guild_id, candidate) for candidate in found))
        if (await self._guilds.policy(guild_id)).choosing == "cheapest":
            priced.sort(key=_price_or_dearest)
        return priced

    async def _otherwise(self, ask: Ask, seen: Seen, fits: Mapping[Provider, Fit]) -> Refusal:
        """What can be done when the wish fits nobody: for whom the least has to give way."""
        ways = {provider: mended(ask, provider, seen) for provider in fits}
        least = min((way.sacrifice for way in ways.values() if way.request), default=None)
        able = [Candidate(p, way.request) for p, way in ways.items() if way.request and way.sacrifice == least]
        if not able:
            return _nothing_fits(fits)
        first = (await self._in_order(ask.guild_id, able))[0]
        fixes = frozenset(problem.fix for problem in ways[first.provider].problems if problem.fix)
        against = {provider.label: one.problems for provider, one in fits.items()}
        return FixesNeeded(Offer(ask, seen, first.provider, first.request, fixes, against))

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

    async def _look(self, media: Media, into: Path) -> MediaFacts:
        if not self._incoming.is_attachment(media.url):
            raise UnreadableFile(name=media.name[:60], problem="it is not one of Discord's own files")
        try:
            return await self._incoming.look(media, into)
        except Unreadable as why:
            raise UnreadableFile(name=media.name[:60], problem=str(why)) from None
        except ResultUnusable:
            raise UnreadableFile(name=media.name[:60], problem="it is larger than I can take") from None
        except ProviderError as fault:
            log.info("an attachment could not be fetched: %s", fault)
            raise UnreadableFile(name=media.name[:60], problem="Discord didn't hand it over; try again") from None

    async def _priced(self, guild_id: int, candidate: Candidate) -> Candidate:
        """With what it will cost; None where that can't be known in time."""
        info = await self._keys.current(guild_id, candidate.provider.name)
        try:
            credentials = await self._keys.open(guild_id, info.id) if info else {}
            async with asyncio.timeout(PRICE_PATIENCE):
                price = await _price(candidate, credentials or {})
        except (ProviderError, CannotUnseal, TimeoutError) as fault:
            log.info("%s: no price: %s", candidate.provider.name, fault)
            return candidate
        return replace(candidate, request=candidate.request.model_copy(update={"price_usd": price}))


def _price_or_dearest(candidate: Candidate) -> Decimal:
    price = candidate.request.price_usd
    return Decimal("Infinity") if price is None else price


async def _price(candidate: Candidate, credentials: Credentials) -> Decimal | None:
    """Of all calls together."""
    prices = [await candidate.provider.price(call, credentials) for call in candidate.request.calls]
    known = [price for price in prices if price is not None]
    return sum(known, Decimal(0)) if len(known) == len(prices) else None


def _fitting(ask: Ask, providers: list[Provider]) -> None:
    """`NothingFits` when it is clear already that nothing will help."""
    fits = {provider: fit(ask, provider) for provider in providers}
    if all(any(problem.fix is None for problem in one.problems) for one in fits.values()):
        raise _nothing_fits(fits)


def _nothing_fits(fits: Mapping[Provider, Fit]) -> NothingFits:
    return NothingFits(reasons=against({provider.label: one.problems for provider, one in fits.items()}, MOST_CHARS))
