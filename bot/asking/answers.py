"""What comes of asking for a job: it has started, or there is a question that its person must say yes to first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.job import Job
from bot.preflight.offer import Offer
from storage.servers.quota import Standing


@dataclass(frozen=True, slots=True)
class Started:
    """The job is stored. `standings` say what is left to its member under each limit that binds them."""

    job: Job
    standings: Sequence[Standing]


@dataclass(frozen=True, slots=True)
class NeedsFixes:
    """Nothing fits as it is, and something can be done about it; `Service.mend` goes on."""

    offer: Offer


@dataclass(frozen=True, slots=True)
class NeedsAttestation:
    """The person has not confirmed yet that they may use the likeness in their clips; `Service.attest` goes on."""

    interaction_id: int


Question = NeedsFixes | NeedsAttestation
Answer = Started | Question
