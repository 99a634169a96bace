"""What a person is offered when an ask doesn't fit as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.ask import Ask
from bot.domain.fixes import ASKED_ONE_BY_ONE, Fix, Fixes, Problem
from bot.domain.media_facts import Seen
from bot.domain.request import Request
from bot.providers.base import Provider


@dataclass(frozen=True, slots=True)
class Offer:
    """What could be done for the provider that needs the least: `request` is what it would get then."""

    ask: Ask
    seen: Seen
    provider: Provider
    request: Request
    fixes: frozenset[Fix]
    against: Mapping[str, Sequence[Problem]]  # by the provider's label

    @property
    def can_choose_part(self) -> bool:
        """Whether another part of the clip could be used."""
        return "trim" in self.fixes

    @property
    def has_rest(self) -> bool:
        """Whether there is a rest of the clip, which can stay or go."""
        return self.request.whole_seconds is not None

    @property
    def rest(self) -> bool:
        """Whether it is to stay, as far as the person has said."""
        return self._earlier.rest

    @property
    def _earlier(self) -> Fixes:
        return self.ask.fixes or Fixes()

    def agreed(self, *, rest: bool, part: tuple[float, float] | None = None) -> Fixes:
        """What the person agrees to by pressing the button, or by choosing another part."""
        if part is None and "trim" in self.fixes and self.request.clip:
            part = (self.request.clip.start, self.request.clip.seconds)
        return Fixes(agreed=self.fixes & ASKED_ONE_BY_ONE, part=part or self._earlier.part, rest=rest)
