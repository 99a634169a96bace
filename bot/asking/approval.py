"""Which jobs wait for a moderator before they begin, and for how long."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.ask import Ask
from bot.domain.job import Ledger
from bot.preflight.fit import Candidate
from storage.servers.guilds import Guilds

APPROVAL_SECONDS = 12 * 3600.0  # for which a job waits for a moderator


class ApprovalCheck:
    """Asks what the server wants approved."""

    def __init__(self, guilds: Guilds, ledger: Ledger) -> None:
        self._guilds = guilds
        self._ledger = ledger

    async def may_hold(self, ask: Ask) -> bool:
        """Whether a job of this person may have to wait for a moderator. Moderators need nobody's approval."""
        return not ask.asker.is_moderator and (await self._guilds.policy(ask.guild_id)).approval != "off"

    async def must_wait(self, ask: Ask, candidates: Sequence[Candidate]) -> bool:
        """Whether a moderator must approve this one first."""
        policy = await self._guilds.policy(ask.guild_id)
        if not await self.may_hold(ask):
            return False
        if policy.approval == "first":
            return not await self._ledger.has_succeeded(ask.guild_id, ask.member_id)
        prices = [candidate.request.price_usd for candidate in candidates]
        return policy.approval == "always" or any(
            price is None or price * 100 > policy.approval_cents for price in prices
        )
