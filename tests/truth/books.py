"""What the providers' own books hold of one ending: what was charged for, and which prices the bot was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bot.sandbox.emulators.runcomfy import PRICE_USD
from bot.sandbox.runs import Run
from tests.canned import CLIP_SECONDS

RUNWARE_VIDEO = Decimal("0.0462") * min(2, -(-int(CLIP_SECONDS) // 5))
RUNWARE_LETTER = Decimal("0.00006")


@dataclass(frozen=True, slots=True)
class Entry:
    """One order that a provider took: whether it is charged for, and the price that was named for it, if any was."""

    charged: Literal["yes", "no", "maybe"]
    named: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Books:
    """All orders of one ending."""

    entries: tuple[Entry, ...]

    @property
    def certain(self) -> bool:
        """Whether something is charged for whatever else comes."""
        return any(entry.charged == "yes" for entry in self.entries)

    @property
    def possible(self) -> bool:
        """Whether something may be charged for."""
        return any(entry.charged != "no" for entry in self.entries)

    @property
    def open(self) -> bool:
        """Whether the provider alone can know what all of it comes to."""
        return any(entry.charged == "maybe" for entry in self.entries)

    @property
    def named(self) -> Decimal:
        """The sum of the prices that were named."""
        return sum((entry.named or Decimal(0) for entry in self.entries), Decimal(0))

    @property
    def exact(self) -> Decimal | None:
        """What all of it cost; None where the bot can't know."""
        known = all(entry.charged == "no" or entry.named is not None for entry in self.entries)
        return self.named if known and not self.open else None


def books(runs: Sequence[Run], told: Mapping[int, Entry]) -> Books:
    """The books of these orders; `told` has those of which the bot was told something else, by their number."""
    return Books(tuple(told.get(number) or _entry(run) for number, run in enumerate(runs)))


def _entry(run: Run) -> Entry:
    if run.status == "completed":
        return Entry("yes", _price(run))
    refused = run.status == "failed" and run.task is None  # done before answering: the answer was a refusal
    if refused or (run.status == "failed" and run.account.startswith("rc-")):
        return Entry("no", Decimal(0))
    return Entry("maybe")


def _price(run: Run) -> Decimal | None:
    """The price that is named with what was made."""
    if run.account.startswith("rc-"):
        return Decimal(str(PRICE_USD))
    if run.account.startswith("rw-"):
        return RUNWARE_LETTER * len(run.order.text) if run.order.makes == "speech" else RUNWARE_VIDEO
    return None
