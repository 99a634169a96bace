"""What each sentence about money and limits claims, by the sentence's name in `bot/words`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from types import ModuleType

from bot.words import job_card, job_details
from bot.words.failures import FAILURES


class Claim(Enum):
    """What can be said of an ended job's money, and of limits."""

    NOTHING_CHARGED = auto()
    CHARGED = auto()
    NOT_KNOWN = auto()  # of all of it or, beside `CHARGED`, of its last step
    COUNTS = auto()
    DOES_NOT_COUNT = auto()


NOTHING, CHARGED, NOT_KNOWN, COUNTS, NO_COUNT = Claim
MONEY = frozenset({NOTHING, CHARGED, NOT_KNOWN})
IN_PASSING: frozenset[Claim] = frozenset()  # about money, and no claim about an ended job

# Each sentence by its name: the module, and what it claims beside the amount in it.
SENTENCES: Mapping[ModuleType, Mapping[str, frozenset[Claim]]] = {
    job_card: {
        "HELD": IN_PASSING,
        "IN_LINE": IN_PASSING,
        "FREE_VIDEO": frozenset({NOTHING}),
        "PRICED_VIDEO": frozenset({CHARGED}),
        "AT_LEAST": IN_PASSING,
        "NOTHING_CHARGED": frozenset({NOTHING}),
        "STILL_IN_LINE": frozenset({NOTHING}),
        "CHARGED": frozenset({CHARGED}),
        "SAYS_CHARGED": frozenset({CHARGED}),
        "CHARGES_FOR_STEPS": frozenset({CHARGED}),
        "CHARGES_AS_ANY": frozenset({CHARGED}),
        "MOST_LIKELY": frozenset({NOT_KNOWN}),
        "NOT_KNOWN": frozenset({NOT_KNOWN}),
        "LAST_MOST_LIKELY": frozenset({NOT_KNOWN}),
        "LAST_NOT_KNOWN": frozenset({NOT_KNOWN}),
        "UNTIL_SETTLED": frozenset({COUNTS}),
        "UNTIL_GIVEN_BACK": frozenset({COUNTS}),
        "SETTLED": IN_PASSING,
    },
    job_details: {
        "FREE": frozenset({NOTHING}),
        "ABOUT": IN_PASSING,
        "PRICE_NOT_KNOWN": IN_PASSING,
        "GIVEN_BACK": frozenset({NO_COUNT}),
        "DOES_NOT_COUNT": frozenset({NO_COUNT}),
    },
}
# What the sentence of a failure says by itself, beside what stands behind it.
FAILURE_CLAIMS: Mapping[str, frozenset[Claim]] = {
    "unknown_outcome": frozenset({NOT_KNOWN}),
    "took_too_long": frozenset({NOT_KNOWN}),
    "restored": frozenset({NOT_KNOWN}),
}

AMOUNT = r"(?P<how>at least |about )?\$(?P<amount>\d+\.\d+)"


@dataclass(frozen=True, slots=True)
class Said:
    """What a text claims: also the amount that it names as the cost, as its least, or as an estimate."""

    claims: frozenset[Claim] = frozenset()
    exactly: Decimal | None = None
    at_least: Decimal | None = None
    about: Decimal | None = None

    def __or__(self, other: Said) -> Said:
        return Said(
            self.claims | other.claims,
            self.exactly if other.exactly is None else other.exactly,
            self.at_least if other.at_least is None else other.at_least,
            self.about if other.about is None else other.about,
        )


def pattern(sentence: str, in_amount: str = AMOUNT) -> str:
    """The sentence with whatever may stand in its gaps, as a regular expression."""
    parts = re.split(r"(\{\w+\})", sentence)
    return "".join(
        (in_amount if part == "{amount}" else ".+?") if part.startswith("{") else re.escape(part) for part in parts
    )


def _patterns() -> Iterator[tuple[re.Pattern[str], frozenset[Claim]]]:
    for module, claims in SENTENCES.items():
        for name, claimed in claims.items():
            yield re.compile(pattern(getattr(module, name))), claimed
    for code, claimed in FAILURE_CLAIMS.items():
        yield re.compile(pattern(FAILURES[code].long)), claimed


PATTERNS = [(found, claimed) for found, claimed in _patterns() if claimed]


def read(text: str) -> Said:
    """What a text claims."""
    said = Said()
    for found, claimed in PATTERNS:
        if match := found.search(text):
            said |= Said(claimed) | (amount(match) if "amount" in match.groupdict() else Said())
    return said


def amount(match: re.Match[str]) -> Said:
    """The amount that was matched, as what it is said to be."""
    found = Decimal(match["amount"])
    match match["how"]:
        case "at least ":
            return Said(at_least=found)
        case "about ":
            return Said(about=found)
    return Said(exactly=found)
