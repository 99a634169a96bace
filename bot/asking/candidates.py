"""Which provider makes a video: the one that was asked for, or the first or cheapest that fits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.asking.answers import NeedsFixes
from bot.asking.approval import longest_wait
from bot.asking.choices import usable
from bot.asking.inspect import Inspector
from bot.asking.limits import affordable
from bot.asking.prices import Prices
from bot.asking.server import Server
from bot.domain.ask import Ask
from bot.domain.media_facts import Seen
from bot.domain.request import Media
from bot.preflight.fit import Candidate, Fit, fit, looked, mended
from bot.preflight.offer import Offer
from bot.providers.base import Provider
from bot.words.english import listed
from bot.words.failures import why_switched_off
from bot.words.offer import MOST_CHARS, against
from bot.words.refusals.asks import NothingFits
from bot.words.refusals.files import FileRemoved
from bot.words.refusals.keys import KeyMissing, KeySwitchedOff, NoKey, UnknownProvider
from storage.people.reports import Reports

NEEDED_SECONDS = 2 * 3600.0  # how long the link to a file must still work when a job begins


class Chooser:
    """Finds out who can do what was asked for."""

    def __init__(
        self, reports: Reports, providers: Mapping[str, Provider], prices: Prices, inspector: Inspector
    ) -> None:
        self._reports = reports
        self._providers = providers
        self._prices = prices
        self._inspector = inspector

    async def look(self, ask: Ask, server: Server, folder: Path) -> Seen:
        """What the attached files really hold, once nothing that Discord says of them is beyond help."""
        _check_claims(ask, self._asked(ask, server))
        return await self._inspector.look(ask, folder)

    async def look_at_nothing(self, ask: Ask, server: Server) -> None:
        """Refuse what `look` would refuse, were the files what Discord says of them. Nothing is fetched."""
        _check_claims(ask, self._asked(ask, server))
        await self._inspector.check_room(ask)

    def voices(self, server: Server) -> list[str | None]:
        """Choose a voice for each provider that the server can use, English where there is one; None where there is no
        voice. At least one.
        """
        found = [next(iter(sorted(one.voices, key=_is_foreign)), None) for one in usable(server.keys, self._providers)]
        return list(dict.fromkeys(found)) or [None]

    async def candidates(self, ask: Ask, server: Server, seen: Seen) -> list[Candidate] | NeedsFixes:
        """Everyone to be tried, in that order, with their prices. When there is nobody: what can be done about it, or a
        `Refusal` that says why nothing can.
        """
        digests = [facts.digest for facts in (seen.video, seen.audio) if facts]
        if await self._reports.removed_among(ask.guild_id, digests):
            raise FileRemoved
        providers = self._asked(ask, server)
        needed = NEEDED_SECONDS + longest_wait(ask, server)
        lasting = (self._lasts(ask, ask.video, needed), self._lasts(ask, ask.audio, needed))
        known = looked(ask, seen, lasting=lasting)
        fits = {provider: fit(known, provider, seen) for provider in providers}
        found = [Candidate(provider, one.request) for provider, one in fits.items() if one.request]
        if not found:
            return await self._otherwise(known, server, seen, fits)
        return affordable(server, await self._prices.in_order(server, found))

    def _lasts(self, ask: Ask, media: Media | None, seconds: float) -> bool:
        """Whether a provider can still fetch the file then. How long Discord keeps what was attached to a command is
        not documented, so a file that is used again is handed over.
        """
        return media is None or (ask.earlier is None and self._inspector.lasts(media, seconds))

    async def _otherwise(self, ask: Ask, server: Server, seen: Seen, fits: Mapping[Provider, Fit]) -> NeedsFixes:
        """What can be done when the ask fits nobody: for whom the least has to give way. `NothingFits` when nothing
        can.
        """
        ways = {provider: mended(ask, provider, seen) for provider in fits}
        least = min((way.sacrifice for way in ways.values() if way.request), default=None)
        able = [Candidate(p, way.request) for p, way in ways.items() if way.request and way.sacrifice == least]
        if not able:
            raise _nothing_fits(fits)
        first = (await self._prices.in_order(server, able))[0]
        fixes = frozenset(problem.fix for problem in ways[first.provider].problems if problem.fix)
        against = {provider.label: one.problems for provider, one in fits.items()}
        return NeedsFixes(Offer(ask, seen, first.provider, first.request, fixes, against))

    def _asked(self, ask: Ask, server: Server) -> list[Provider]:
        """The providers that the ask leaves open."""
        infos = {info.provider: info for info in server.keys if info.provider in self._providers}
        able = usable(server.keys, self._providers)
        asked = self._providers.get(ask.provider or "")
        if ask.provider and asked is None:
            raise UnknownProvider(name=ask.provider[:50], available=listed([p.label for p in self._providers.values()]))
        off = {name: why_switched_off(info.off_reason) for name, info in infos.items() if info.off_reason}
        if not able and not off:
            raise NoKey
        if (asked and asked.name in off) or not able:
            named = [asked.name] if asked and asked.name in off else list(off)
            reasons = [f"{self._providers[name].label} ({off[name]})" for name in named]
            raise KeySwitchedOff(reasons=listed(reasons))
        if asked and asked not in able:
            raise KeyMissing(provider=asked.label, available=listed([provider.label for provider in able]))
        return [asked] if asked else able


def _is_foreign(voice: str) -> bool:
    return not voice.startswith("en:")


def _check_claims(ask: Ask, providers: list[Provider]) -> None:
    """`NothingFits` when it is clear already that nothing will help."""
    fits = {provider: fit(ask, provider) for provider in providers}
    if all(any(problem.fix is None for problem in one.problems) for one in fits.values()):
        raise _nothing_fits(fits)


def _nothing_fits(fits: Mapping[Provider, Fit]) -> NothingFits:
    return NothingFits(reasons=against({provider.label: one.problems for provider, one in fits.items()}, MOST_CHARS))
