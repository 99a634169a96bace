"""Which jobs wait for a moderator before they begin, and for how long."""

from __future__ import annotations

from collections.abc import Sequence

from bot.asking.server import Server
from bot.domain.ask import Ask
from bot.preflight.fit import Candidate

APPROVAL_SECONDS = 12 * 3600.0  # for which a job waits for a moderator


def longest_wait(ask: Ask, server: Server) -> float:
    """For how many seconds a job of this person may have to wait for a moderator; moderators need nobody's approval."""
    return 0.0 if ask.asker.is_moderator or server.policy.approval == "off" else APPROVAL_SECONDS


def must_wait(ask: Ask, server: Server, candidates: Sequence[Candidate]) -> bool:
    """Whether a moderator must approve this one first."""
    policy = server.policy
    if not longest_wait(ask, server):
        return False
    if policy.approval == "first":
        return not server.has_succeeded
    prices = [candidate.request.price_usd for candidate in candidates]
    return policy.approval == "always" or any(price is None or price * 100 > policy.approval_cents for price in prices)
