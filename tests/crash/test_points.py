"""Each point is aimed at in its turn, and hit where it was aimed at."""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.crash.points import POINTS, Aim, Point, aims


def test_every_point_is_aimed_at_in_its_turn_and_half_of_the_kills_take_the_main_process_alone() -> None:
    found = aims(Random(1), 10 * len(POINTS))
    assert Counter(aim.point for aim in found) == dict.fromkeys(POINTS, 10)
    assert {aim.point for aim in found[: len(POINTS)]} == set(POINTS)
    assert 0.4 < sum(aim.alone for aim in found) / len(found) < 0.6


def test_an_aim_is_hit_at_the_nth_passing_of_its_point_and_at_no_other() -> None:
    aim = Aim(Point("post", "before"), nth=2)
    assert not aim.passed("post", "before", "the first")
    assert not aim.passed("post", "after", "the first")
    assert aim.passed("post", "before", "the second")
    assert aim.hit == "the second"
    assert not aim.passed("post", "before", "the third")
