"""When a job of a kind is asked how it is, from how long the last ones of it took.

How likely a job is to end at an age is taken from those as a kernel estimate. The best moments to look for an end are
then so close together that there are `sqrt(hazard / (2 * price))` looks a second, the hazard being the chance that it
ends in the next second when it hasn't yet, and the price how many seconds of waiting are worth one look (J. B. Keller,
"Optimum checking schedules for systems subject to random failure", 1974).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from statistics import fmean, median, stdev

PRICE = 0.5  # seconds, averaged over many jobs, that an end may be noticed later in exchange for one poll less
LEAST_SPREAD = 0.03  # of the mean: jobs that took equally long may differ by so much tomorrow
NEIGHBOURS, WIDER = 5, 2.0  # an end stands for those around it as far as so many times the way to its fifth neighbour
BEFORE, AFTER = 8.0, 4.0  # kernel scales before the first and after the last known end that are looked at more closely
POINTS = 32
LARGEST = 500.0  # of which the exponential is a number

Kernel = tuple[float, float]  # a logistic distribution: its mean and its scale


class PollTimes:
    """Polls in the order of a job's age: how many are due until which one. All times are in seconds."""

    def __init__(self, ends: Sequence[float], soonest: float) -> None:
        """Learn from jobs that took so long, and never be sooner than `soonest` after the poll before."""
        self.median = median(ends)
        kernels = list(_kernels(sorted(ends)))
        begin = max(0.0, min(end - BEFORE * scale for end, scale in kernels))
        self.latest = max(end + AFTER * scale for end, scale in kernels)
        step = (self.latest - begin) / POINTS
        self._ages = [begin + step * point for point in range(POINTS + 1)]
        rates = [min(_rate(age, kernels), 1.0 / soonest) for age in self._ages]
        self._counts = list(accumulate((step * sum(both) / 2 for both in pairwise(rates)), initial=0.0))

    def after(self, age: float, polls: float = 1.0) -> float:
        """The age at which so many polls more are due than at this one, `latest` at most; before it for fewer."""
        return _between(self._counts, self._ages, _between(self._ages, self._counts, age) + polls)


def _kernels(ends: Sequence[float]) -> Iterator[Kernel]:
    """One around each end: somewhat wider than B. W. Silverman's rule says, as an end before the first poll is noticed
    late, and narrower where ends lie close together.
    """
    widest = 1.25 * stdev(ends) * len(ends) ** -0.2
    least = LEAST_SPREAD * fmean(ends)
    for end in ends:
        around = WIDER * sorted(abs(end - other) for other in ends)[min(NEIGHBOURS, len(ends) - 1)]
        yield end, max(min(widest, around), least) * math.sqrt(3.0) / math.pi


def _rate(age: float, kernels: Sequence[Kernel]) -> float:
    """Polls a second at this age."""
    running = ending = 0.0
    for end, scale in kernels:
        share = 1.0 / (1.0 + math.exp(min((age - end) / scale, LARGEST)))
        running += share
        ending += share * (1.0 - share) / scale
    return math.sqrt(ending / (2.0 * PRICE * running))


def _between(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """The `y` at `x` on the line through the points; the first or the last one's beyond them."""
    if x <= xs[0] or x >= xs[-1]:
        return ys[0] if x <= xs[0] else ys[-1]
    after = bisect_right(xs, x)
    (low, high), (begin, end) = xs[after - 1 : after + 1], ys[after - 1 : after + 1]
    return begin + (end - begin) * (x - low) / (high - low)
