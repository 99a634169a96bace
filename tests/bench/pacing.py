"""When jobs are asked how they are: what the bot learns against the best that is possible, with as many polls.

Simulated jobs of 455 s on average, as Kling's lip sync takes. The optimum knows how likely they are to end at each age,
and which polls are then worth their price; the bot learns from the ends that it notices. Nothing waits here.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import NormalDist, fmean, quantiles
from unittest.mock import patch

from bot.jobs.intervals import RECENT, Intervals
from tests.bench import Aim, Figures, ratio

MEAN, LONGEST = 455.0, 1500.0  # seconds
STEP = 2.5  # seconds between the ages that the optimum chooses from
LAG, LATE, POLLS = "end noticed, mean s", "end noticed, p99 s", "polls per job"


@dataclass(frozen=True)
class Kind:
    """Jobs of one kind: how one of them is drawn, and the chance that one has ended by an age."""

    draw: Callable[[random.Random], float]
    ended: Callable[[float], float]


def _lognormal(sigma: float) -> Kind:
    mu = math.log(MEAN) - sigma**2 / 2
    logs = NormalDist(mu, sigma)
    return Kind(lambda chance: chance.lognormvariate(mu, sigma), lambda age: logs.cdf(math.log(age)) if age else 0.0)


def _normal(sigma: float) -> Kind:
    ages = NormalDist(MEAN, sigma)
    return Kind(lambda chance: max(1.0, chance.gauss(MEAN, sigma)), ages.cdf)


KINDS: Mapping[str, Kind] = {
    "alike (log-normal, 0.1)": _lognormal(0.1),
    "usual (log-normal, 0.25)": _lognormal(0.25),
    "even (normal, 90 s)": _normal(90.0),
    "apart (log-normal, 0.35)": _lognormal(0.35),
}
AIMS = (
    Aim(
        "ends noticed, lag against the optimum with as many polls, worst kind",
        lambda figures: max(ratio(f"worker, {kind}", f"optimum, {kind}", LAG)(figures) for kind in KINDS),
        1.2,
    ),
    Aim(
        "the latest hundredth of ends noticed after, s, worst kind",
        lambda figures: max(figures[f"worker, {kind}"][LATE] for kind in KINDS),
        30,
    ),
    Aim(
        "polls per job after a restart against before it, worst kind",
        lambda figures: max(ratio(f"restarted, {kind}", f"worker, {kind}", POLLS)(figures) for kind in KINDS),
        1.1,
    ),
)


async def main(jobs: int = 5_000) -> Figures:
    """Print what is noticed how late; the figures."""
    figures: dict[str, Mapping[str, float]] = {}
    with patch("random.uniform", random.Random(7).uniform):
        for name, kind in KINDS.items():
            chance = random.Random(11)
            intervals = Intervals()
            ends = [_noticed(intervals, kind.draw(chance)) for _ in range(RECENT + jobs)]
            figures[f"worker, {name}"] = worker = _figures(ends[RECENT:])
            starts = [chance.randrange(len(ends) - 2 * RECENT) for _ in range(max(100, jobs // 5))]
            again = [_noticed(_restarted(ends[at : at + 2 * RECENT]), kind.draw(chance)) for at in starts]
            figures[f"restarted, {name}"] = _figures(again)
            figures[f"optimum, {name}"] = _optimum(kind, worker[POLLS])
            print(f"\n{name:34} worker  restarted  optimum  worker / optimum")
            for figure in (LAG, LATE, POLLS):
                sides = [figures[f"{side}, {name}"].get(figure) for side in ("worker", "restarted", "optimum")]
                shown = " ".join(f"{'':10}" if value is None else f"{value:10.2f}" for value in sides)
                print(f"{figure:30} {shown} {'' if sides[2] is None else f'{(sides[0] or 0) / sides[2]:10.2f}'}")
    return figures


Noticed = tuple[float, float, int]  # the seconds until the end was noticed, those since the end, and the polls made


def _noticed(intervals: Intervals, seconds: float) -> Noticed:
    elapsed, polls = intervals.until_next_poll("", 0.0), 1
    while elapsed < seconds:
        elapsed += intervals.until_next_poll("", elapsed)
        polls += 1
    intervals.ended("", elapsed, watched=polls > 1)
    return elapsed, elapsed - seconds, polls


def _restarted(ends: list[Noticed]) -> Intervals:
    """What knows no more than what stands in the rows."""
    intervals = Intervals()
    intervals.recall(("", elapsed, polls > 1) for elapsed, _, polls in ends)
    return intervals


def _figures(ends: list[Noticed]) -> dict[str, float]:
    lags = [lag for _, lag, _ in ends]
    return {LAG: fmean(lags), LATE: quantiles(lags, n=100)[98], POLLS: fmean(polls for *_, polls in ends)}


def _optimum(kind: Kind, polls: float) -> dict[str, float]:
    """The shortest mean lag with that many polls: between the nearest of those for several prices of a poll."""
    ended = [kind.ended(STEP * number) for number in range(int(LONGEST / STEP) + 1)]
    found = sorted(_best(ended, price) for price in (0.35, 0.5, 0.7))
    (fewer, longer), (more, shorter) = next(
        pair for pair in pairwise(found) if polls <= pair[1][0] or pair[1] == found[-1]
    )
    return {LAG: longer + (shorter - longer) * (polls - fewer) / (more - fewer), POLLS: polls}


def _best(ended: list[float], price: float) -> tuple[float, float]:
    """The mean number of polls and the mean lag where polls are made at the ages that make `lag + price * polls` least,
    each chosen by all that can follow (R. Bellman).
    """
    last = len(ended) - 1
    area = list(accumulate((STEP * (a + b) / 2 for a, b in pairwise(ended)), initial=0.0))

    def lag(begin: int, end: int) -> float:
        return area[end] - area[begin] - ended[begin] * (end - begin) * STEP

    cost, following = [0.0] * (last + 1), [last] * (last + 1)
    for begin in reversed(range(last)):
        ask = price * (1.0 - ended[begin])
        cost[begin], following[begin] = min(
            (ask + lag(begin, end) + cost[end], end) for end in range(begin + 1, min(begin + 300, last) + 1)
        )
    at, polls, lags = 0, 0.0, 0.0
    while at < last:
        polls, lags = polls + 1.0 - ended[at], lags + lag(at, following[at])
        at = following[at]
    return polls, lags
