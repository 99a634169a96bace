"""Where polls are dense: around the ages at which jobs of a kind have ended."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from bot.jobs.poll_times import PollTimes

SOONEST = 2.0


def polls(times: PollTimes) -> list[float]:
    """The ages at which a job is asked that is later than all others."""
    ages = [times.after(0.0)]
    while ages[-1] < times.latest:
        ages.append(times.after(ages[-1]))
    return ages


def gaps(times: PollTimes, low: float, high: float) -> list[float]:
    """Between polls in that range of ages."""
    return [after - before for before, after in pairwise(polls(times)) if low <= before and after <= high]


def test_most_polls_are_made_where_most_jobs_end() -> None:
    normal = Random(1)
    times = PollTimes([normal.gauss(455.0, 90.0) for _ in range(20)], SOONEST)
    assert 150.0 < times.after(0.0) < 350.0
    assert times.median == pytest.approx(455.0, abs=60.0)
    early, amid = gaps(times, 0.0, 350.0), gaps(times, 420.0, 520.0)
    assert max(amid) < min(early)


def test_between_two_ages_at_which_jobs_end_hardly_anything_is_asked() -> None:
    times = PollTimes([*(100.0 + number for number in range(10)), *(900.0 + number for number in range(10))], SOONEST)
    assert times.after(0.0) < 100.0
    assert max(b - a for a, b in pairwise(polls(times))) > 300.0
    assert min(abs(age - 890.0) for age in polls(times)) < 40.0


def test_jobs_that_take_equally_long_may_differ_by_a_little_tomorrow() -> None:
    times = PollTimes([100.0] * 20, SOONEST)
    assert 80.0 < times.after(0.0) < 100.0
    assert times.latest > 100.0
    assert len(polls(times)) > 2


def test_polls_are_never_closer_together_than_the_soonest() -> None:
    times = PollTimes([20.0 + number / 4 for number in range(20)], SOONEST)
    assert min(b - a for a, b in pairwise(polls(times)[:-1])) == pytest.approx(SOONEST)


def test_ends_that_lie_far_apart_are_no_trouble_to_reckon_with() -> None:
    times = PollTimes([1e-3] * 19 + [1e6], SOONEST)
    assert 0.0 < times.after(0.0) <= times.latest
    assert times.after(times.latest) == times.latest


def test_half_a_poll_back_lies_between_two_polls() -> None:
    times = PollTimes([100.0, 110.0, 120.0, 130.0, 140.0], SOONEST)
    first, second = polls(times)[:2]
    assert first < times.after(second, -0.5) < second
    assert times.after(0.0, -0.5) <= first
