"""All that is checked before a job is stored."""

from __future__ import annotations

from dataclasses import dataclass

from bot.asking.access import AccessCheck
from bot.asking.approval import ApprovalCheck
from bot.asking.attestation import Attestation
from bot.asking.limits import LimitCheck
from bot.chat.automod import AutoMod
from bot.clock import Clock
from bot.domain.job import Stores


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks, each of which raises a `Refusal` or answers a question."""

    access: AccessCheck
    limits: LimitCheck
    attestation: Attestation
    approval: ApprovalCheck

    @classmethod
    def on(cls, stores: Stores, automod: AutoMod, clock: Clock) -> Checks:
        """The checks of what these stores hold."""
        return cls(
            AccessCheck(stores.guilds, stores.access, stores.reports, automod, clock),
            LimitCheck(stores.limits, clock),
            Attestation(stores.access, clock),
            ApprovalCheck(stores.guilds, stores.ledger),
        )
