"""How much a member may make, asked before files are fetched. Storing the job asks again, and counts."""

from __future__ import annotations

from bot.clock import Clock
from bot.domain.ask import Ask
from bot.preflight.fit import Candidate
from bot.words import limits
from bot.words.english import listed
from bot.words.refusals.limits import LimitReached, PriceUnknown
from storage.servers.limit_rules import binding
from storage.servers.limits import LimitStore
from storage.servers.quota import Claim, OverLimit


class LimitCheck:
    """Checks a server's limits. Raises a `Refusal`."""

    def __init__(self, limits: LimitStore, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock

    async def within_limits(self, ask: Ask) -> None:
        """Let nobody wait for files to be looked at who can't make a video now; storing the job checks again."""
        claim = Claim(ask.guild_id, ask.member_id, ask.asker.role_ids, active=1, jobs=1)
        try:
            await self._limits.check(ask.guild_id, claim, self._clock.now())
        except OverLimit as over:
            raise LimitReached(reason=limits.refusal(over)) from None

    async def affordable(self, ask: Ask, candidates: list[Candidate]) -> list[Candidate]:
        """Those whose price is known, where a limit on money binds this person; else all."""
        rules = binding(await self._limits.rules(ask.guild_id), ask.member_id, ask.asker.role_ids)
        if all(rule.unit != "cents" for rule in rules):
            return candidates
        priced = [candidate for candidate in candidates if candidate.request.price_usd is not None]
        if not priced:
            raise PriceUnknown(providers=listed([candidate.provider.label for candidate in candidates], "or"))
        return priced
