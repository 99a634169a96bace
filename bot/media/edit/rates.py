"""Frame rates that every player and provider knows."""

from __future__ import annotations

from fractions import Fraction

from bot.domain.media_facts import MediaFacts

KNOWN = [
    *(Fraction(rate) for rate in (10, 12, 15, 20)),
    Fraction(24_000, 1001), Fraction(24), Fraction(25), Fraction(30_000, 1001), Fraction(30),
    Fraction(48), Fraction(50), Fraction(60_000, 1001), Fraction(60),
]  # fmt: skip
SLOWEST = 10  # a slide show gets more frames of the same
FASTEST = 60
INSTEAD = Fraction(30)  # of what is faster: no provider wants it, and eyes don't miss it
NEAR = 0.005


def steady_rate(facts: MediaFacts) -> Fraction:
    """The constant rate for a clip: its own if it keeps one, else the usual one that its pictures fit into."""
    own = facts.frames_per_second
    if own > FASTEST * (1 + NEAR):
        return INSTEAD
    nearest = min(KNOWN, key=lambda rate: abs(rate - own))
    if facts.steady and abs(nearest / own - 1) < NEAR:
        return nearest
    if facts.steady:
        return Fraction(max(SLOWEST, round(own)))
    # Cameras of phones leave pictures out, so the mean is below what they aim at.
    return INSTEAD if own <= INSTEAD * 1.05 else Fraction(FASTEST)
