"""How much a member may make, checked before files are fetched. Storing the job checks again, and counts."""

from __future__ import annotations

from bot.asking.server import Server
from bot.domain.ask import Ask
from bot.preflight.fit import Candidate
from bot.words import limits
from bot.words.english import listed
from bot.words.refusals.limits import LimitReached, PriceUnknown


def check_limits(_: Ask, server: Server) -> None:
    """Let nobody wait for files to be looked at who can't make a video now."""
    if server.over_limit:
        raise LimitReached(reason=limits.refusal(server.over_limit))


def affordable(server: Server, candidates: list[Candidate]) -> list[Candidate]:
    """Those whose price is known, where a limit on money binds the member; else all. `PriceUnknown` when none is."""
    if all(rule.unit != "cents" for rule in server.limits):
        return candidates
    priced = [candidate for candidate in candidates if candidate.request.price_usd is not None]
    if not priced:
        raise PriceUnknown(providers=listed([candidate.provider.label for candidate in candidates], "or"))
    return priced
