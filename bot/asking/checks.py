"""All that is checked before a job is stored."""

from __future__ import annotations

from dataclasses import dataclass

from bot.asking.access import AccessCheck
from bot.asking.approval import ApprovalCheck
from bot.asking.attestation import Attestation
from bot.asking.limits import LimitCheck


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks, each of which raises a `Refusal` or answers a question."""

    access: AccessCheck
    limits: LimitCheck
    attestation: Attestation
    approval: ApprovalCheck
