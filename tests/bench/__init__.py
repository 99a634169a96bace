"""Benchmarks: each against a baseline in the same run, printed as ratios.

`make bench` measures; the tests only run each of them once, at a size at which its figures mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

Figures = Mapping[str, Mapping[str, float]]  # by side, the baseline's among them, then by name


@dataclass(frozen=True, slots=True)
class Aim:
    """What a benchmark holds the bot to. `of` makes the figure that counts from what was measured, such as a ratio to
    the baseline; it is to be `most` at most, or `least` at least.
    """

    what: str
    of: Callable[[Figures], float]
    most: float = inf
    least: float = -inf

    def is_met(self, figures: Figures) -> bool:
        """Whether what was measured reaches it."""
        return self.least <= self.of(figures) <= self.most

    @property
    def bound(self) -> str:
        """What it asks for, to be read."""
        return f"≤ {self.most:g}" if self.most < inf else f"≥ {self.least:g}"


def ratio(side: str, baseline: str, figure: str) -> Callable[[Figures], float]:
    """One side's figure in units of the baseline's."""
    return lambda figures: figures[side][figure] / figures[baseline][figure]
