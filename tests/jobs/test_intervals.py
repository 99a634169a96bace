"""Delays: quiet before the likely end, attentive around it, patient with faults."""

from __future__ import annotations

import pytest

from bot.jobs.intervals import ENOUGH, LATEST, LONGEST_BACKOFF, LONGEST_RETRY_AFTER, SOONEST, Intervals


@pytest.mark.parametrize("elapsed", [0.0, 1.0, 30.0, 60.0, 100.0, 200.0, 3000.0])
def test_an_unknown_kind_is_asked_every_two_to_ten_seconds(elapsed: float) -> None:
    delays = [Intervals().until_next_poll("text", elapsed) for _ in range(100)]
    assert min(delays) >= 0.9 * SOONEST
    assert max(delays) <= 1.1 * LATEST
    assert max(delays) - min(delays) > 0.1


def test_nothing_is_asked_before_jobs_of_the_kind_have_ever_ended() -> None:
    intervals = Intervals()
    for seconds in (100, 110, 120, 130, 140, 150):
        intervals.ended("text", seconds)
    assert 0.9 * 90 <= intervals.until_next_poll("text", 0.0) <= 1.1 * 90
    assert intervals.until_next_poll("text", 88.0) <= 1.1 * LATEST
    assert intervals.until_next_poll("audio", 0.0) <= 1.1 * SOONEST


def test_a_few_ends_prove_nothing_yet() -> None:
    intervals = Intervals()
    for _ in range(ENOUGH - 1):
        intervals.ended("text", 500.0)
    assert intervals.until_next_poll("text", 0.0) <= 1.1 * SOONEST


def test_faults_in_a_row_back_off_with_jitter_up_to_a_bound() -> None:
    intervals = Intervals()
    assert max(intervals.after_fault(1) for _ in range(100)) <= 2.0
    many = [intervals.after_fault(50) for _ in range(200)]
    assert max(many) <= LONGEST_BACKOFF
    assert max(many) > LONGEST_BACKOFF / 2
    assert min(many) < LONGEST_BACKOFF / 2


def test_a_provider_that_names_a_time_is_not_asked_sooner() -> None:
    assert min(Intervals().after_fault(1, retry_after=30.0) for _ in range(50)) >= 30.0
    assert Intervals().after_fault(1, retry_after=1e9) <= LONGEST_RETRY_AFTER
