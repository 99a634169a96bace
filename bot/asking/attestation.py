"""What everybody confirms once: that they may use the likeness in their clips."""

from __future__ import annotations

from bot.clock import Clock
from bot.domain.ask import Ask
from bot.words.refusals.access import AttestationNeeded
from storage.servers.access import Access

POLICY_VERSION = 1  # of what `AttestationNeeded` says; with a new one, everybody is asked again


class Attestation:
    """Asks for the confirmation, and remembers it."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock

    async def confirmed(self, ask: Ask) -> None:
        """Let those begin who have confirmed that they may use the likeness in their clips."""
        if not await self._access.has_attested(ask.member_id, POLICY_VERSION):
            raise AttestationNeeded(ask.interaction_id)

    async def confirm(self, member_id: int) -> None:
        """Remember that the person has confirmed it."""
        await self._access.attest(member_id, POLICY_VERSION, now=self._clock.now())
