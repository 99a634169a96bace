"""Which provider makes a video: the one that was asked for, or the first or cheapest that fits."""

from __future__ import annotations

from collections.abc import Mapping

from bot.asking.choices import Choices
from bot.asking.prices import Prices
from bot.domain.ask import Ask
from bot.domain.media_facts import Seen
from bot.domain.request import Media
from bot.errors import Refusal
from bot.files.incoming import Incoming
from bot.preflight.fit import Candidate, Fit, fit, looked, mended
from bot.preflight.offer import Offer
from bot.providers.base import Provider
from bot.words.english import listed
from bot.words.failures import why_switched_off
from bot.words.offer import MOST_CHARS, against
from bot.words.refusals.asks import FixesNeeded, NothingFits
from bot.words.refusals.keys import KeyMissing, KeySwitchedOff, NoKey, UnknownProvider
from storage.servers.keys import Keys

NEEDED_SECONDS = 2 * 3600.0  # how long the link to a file must still work when a job begins


class Chooser:
    """Finds out who can do what was asked for."""

    def __init__(
        self, keys: Keys, providers: Mapping[str, Provider], choices: Choices, prices: Prices, incoming: Incoming
    ) -> None:
        self._keys = keys
        self._providers = providers
        self._choices = choices
        self._prices = prices
        self._incoming = incoming

    async def check_claims(self, ask: Ask) -> None:
        """Refuse by what Discord says of the files what nothing will help."""
        _fitting(ask, await self._asked(ask))

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
        return await self._prices.in_order(ask.guild_id, found)

    def _lasts(self, ask: Ask, media: Media | None, seconds: float) -> bool:
        """Whether a provider can still fetch the file then. How long Discord keeps what was attached to a command is
        not documented, so a file that is used again is handed over.
        """
        return media is None or (ask.earlier is None and self._incoming.lasts(media, seconds))

    async def _otherwise(self, ask: Ask, seen: Seen, fits: Mapping[Provider, Fit]) -> Refusal:
        """What can be done when the ask fits nobody: for whom the least has to give way."""
        ways = {provider: mended(ask, provider, seen) for provider in fits}
        least = min((way.sacrifice for way in ways.values() if way.request), default=None)
        able = [Candidate(p, way.request) for p, way in ways.items() if way.request and way.sacrifice == least]
        if not able:
            return _nothing_fits(fits)
        first = (await self._prices.in_order(ask.guild_id, able))[0]
        fixes = frozenset(problem.fix for problem in ways[first.provider].problems if problem.fix)
        against = {provider.label: one.problems for provider, one in fits.items()}
        return FixesNeeded(Offer(ask, seen, first.provider, first.request, fixes, against))

    async def _asked(self, ask: Ask) -> list[Provider]:
        """The providers that the ask leaves open."""
        shown = await self._keys.shown(ask.place.guild_id)
        infos = {info.provider: info for info in shown if info.provider in self._providers}
        usable = await self._choices.usable(ask.place.guild_id)
        labels = listed([provider.label for provider in usable])
        asked = self._providers.get(ask.provider or "")
        if ask.provider and asked is None:
            raise UnknownProvider(name=ask.provider[:50], available=listed([p.label for p in self._providers.values()]))
        off = {name: why_switched_off(info.off_reason) for name, info in infos.items() if info.off_reason}
        if not usable and not off:
            raise NoKey
        if (asked and asked.name in off) or not usable:
            named = [asked.name] if asked and asked.name in off else list(off)
            reasons = [f"{self._providers[name].label} ({off[name]})" for name in named]
            raise KeySwitchedOff(reasons=listed(reasons))
        if asked and asked not in usable:
            raise KeyMissing(provider=asked.label, available=labels)
        return [asked] if asked else usable


def _fitting(ask: Ask, providers: list[Provider]) -> None:
    """`NothingFits` when it is clear already that nothing will help."""
    fits = {provider: fit(ask, provider) for provider in providers}
    if all(any(problem.fix is None for problem in one.problems) for one in fits.values()):
        raise _nothing_fits(fits)


def _nothing_fits(fits: Mapping[Provider, Fit]) -> NothingFits:
    return NothingFits(reasons=against({provider.label: one.problems for provider, one in fits.items()}, MOST_CHARS))
