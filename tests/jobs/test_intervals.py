"""Delays: quiet before the likely end, attentive around it, patient with faults."""

from __future__ import annotations

import random
from random import Random
from statistics import fmean, quantiles

import pytest

from bot.domain.edits import ClipEdit
from bot.domain.request import Section
from bot.jobs.intervals import (
    CALL_SECONDS,
    ENOUGH,
    LATEST,
    LONGEST_BACKOFF,
    LONGEST_RETRY_AFTER,
    RECENT,
    SOONEST,
    Intervals,
    deadline,
)
from tests.jobs.steps.alone import job_in


@pytest.fixture
def ranges(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, float]]:
    """From which ranges delays are drawn; it is always the lower end."""
    found: list[tuple[float, float]] = []

    def lowest(low: float, high: float) -> float:
        found.append((low, high))
        return low

    monkeypatch.setattr(random, "uniform", lowest)
    return found


def learned(*ends: float) -> Intervals:
    """What has seen jobs that took so long."""
    intervals = Intervals()
    for seconds in ends:
        intervals.ended("text", seconds, watched=True)
    return intervals


def seeded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the same delays every time."""
    monkeypatch.setattr(random, "uniform", Random(7).uniform)


def noticed(intervals: Intervals, seconds: float) -> tuple[float, int]:
    """How much later the end of a job is noticed that takes so long, and after how many polls; it is learned from."""
    elapsed, polls = intervals.until_next_poll("text", 0.0), 1
    while elapsed < seconds:
        elapsed += intervals.until_next_poll("text", elapsed)
        polls += 1
    intervals.ended("text", elapsed, watched=polls > 1)
    return elapsed - seconds, polls


@pytest.mark.parametrize("elapsed", [0.0, 1.0, 30.0, 60.0, 100.0, 200.0, 3000.0])
def test_an_unknown_kind_is_asked_every_two_to_ten_seconds(elapsed: float) -> None:
    delays = [Intervals().until_next_poll("text", elapsed) for _ in range(100)]
    assert min(delays) >= 0.9 * SOONEST
    assert max(delays) <= 1.1 * LATEST
    assert max(delays) - min(delays) > 0.1


def test_nothing_is_asked_long_before_jobs_of_the_kind_have_ever_ended() -> None:
    intervals = Intervals()
    for seconds in (100, 110, 120, 130, 140, 150):
        intervals.ended("text", seconds, watched=True)
    assert 50 <= intervals.until_next_poll("text", 0.0) <= 100
    assert intervals.until_next_poll("text", 100.0) <= 1.1 * LATEST
    assert intervals.until_next_poll("audio", 0.0) <= 1.1 * SOONEST


def test_jobs_that_were_over_when_they_were_asked_about_first_do_not_tell_how_long_they_took() -> None:
    intervals = Intervals()
    for _ in range(RECENT):
        intervals.ended("text", 3600.0, watched=False)  # the bot was down for an hour
    assert intervals.until_next_poll("text", 0.0) <= 1.1 * SOONEST


def test_where_jobs_are_over_at_their_first_poll_the_next_ones_are_polled_sooner_and_sooner() -> None:
    intervals, first_poll = Intervals(), 0.0
    for _ in range(RECENT):
        intervals.ended("text", 100.0, watched=True)
    for _ in range(200):  # from now on, each takes 20 seconds
        first_poll = intervals.until_next_poll("text", 0.0)
        intervals.ended("text", first_poll, watched=False)
    assert first_poll < 20.0


@pytest.mark.usefixtures("ranges")
def test_what_was_over_before_most_others_end_says_that_the_first_poll_comes_too_late() -> None:
    early, late = learned(100.0, 110.0, 120.0, 130.0, 140.0), learned(100.0, 110.0, 120.0, 130.0, 140.0)
    first = early.until_next_poll("text", 0.0)
    early.ended("text", first, watched=False)
    late.ended("text", 121.0, watched=False)  # the bot may have been down
    assert late.until_next_poll("text", 0.0) == first
    assert early.until_next_poll("text", 0.0) < 0.9 * first


def test_an_end_lies_between_the_poll_that_noticed_it_and_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    seeded(monkeypatch)
    intervals, jobs = Intervals(), Random(3)
    for _ in range(300):
        noticed(intervals, jobs.gauss(455.0, 90.0))
    ends = intervals._ends["text"]
    assert sum(ends) / len(ends) == pytest.approx(455.0, abs=45.0)


def test_a_few_ends_prove_nothing_yet() -> None:
    intervals = Intervals()
    for _ in range(ENOUGH - 1):
        intervals.ended("text", 500.0, watched=True)
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


def test_the_range_of_a_backoff_doubles_with_each_fault_up_to_a_minute(ranges: list[tuple[float, float]]) -> None:
    assert {Intervals().after_fault(faults) for faults in (0, 1, 2, 5, 6, 5000)} == {0.5}
    assert ranges == [(0.5, high) for high in (1.0, 2.0, 4.0, 32.0, 60.0, 60.0)]
    assert Intervals().after_fault(1, 7.0) == 7.0


@pytest.mark.parametrize(("elapsed", "seconds"), [(0.0, 2.0), (33.0, 2.0), (100.0, 6.0), (166.0, 9.96), (200.0, 10.0)])
def test_the_longer_a_stage_has_run_the_seldomer_it_is_asked_about(
    ranges: list[tuple[float, float]], elapsed: float, seconds: float
) -> None:
    assert Intervals().until_next_poll("text", elapsed) == pytest.approx(0.9 * seconds)
    assert ranges == [(0.9, 1.1)]


@pytest.mark.usefixtures("ranges")
def test_the_last_twenty_ends_count() -> None:
    lasting = [float(seconds) for seconds in range(400, 200, -10)]
    assert RECENT == 20
    first_poll = learned(*lasting).until_next_poll("text", 0.0)
    assert learned(1.0, 1.0, 1.0, *lasting).until_next_poll("text", 0.0) == pytest.approx(first_poll, rel=0.02)


@pytest.mark.usefixtures("ranges")
def test_five_ends_are_enough() -> None:
    intervals = learned(104, 103, 102, 101, 100)
    assert ENOUGH == 5
    assert 80.0 < intervals.until_next_poll("text", 0.0) < 100.0


@pytest.mark.usefixtures("ranges")
def test_a_job_that_is_later_than_all_others_is_asked_about_as_one_of_which_nothing_is_known() -> None:
    for elapsed in (300.0, 3000.0):
        assert learned(104, 103, 102, 101, 100).until_next_poll("text", elapsed) == pytest.approx(0.9 * LATEST)


@pytest.mark.usefixtures("ranges")
def test_jobs_that_end_when_they_like_are_asked_about_no_oftener_than_all_others() -> None:
    intervals = learned(*[5.0] * RECENT)
    assert min(intervals.until_next_poll("text", elapsed / 10) for elapsed in range(100)) >= 0.9 * SOONEST


def test_when_all_jobs_take_longer_at_once_that_is_learned_within_twenty_of_them() -> None:
    intervals = learned(*[100.0] * RECENT)
    for _ in range(RECENT):
        intervals.ended("text", 400.0, watched=True)
    assert 300.0 < intervals.until_next_poll("text", 0.0) < 450.0


def test_what_earlier_runs_have_seen_is_known_at_once() -> None:
    intervals = Intervals()
    intervals.recall([("text", 100.0 + number, True) for number in range(ENOUGH)])
    intervals.recall([("audio", 100.0, False)] * ENOUGH)  # the bot was down
    assert intervals.until_next_poll("text", 0.0) > 50.0
    assert intervals.until_next_poll("audio", 0.0) <= 1.1 * SOONEST


def test_ends_of_jobs_that_take_eight_minutes_are_noticed_within_seconds_and_with_few_polls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seeded(monkeypatch)
    intervals, jobs = Intervals(), Random(3)
    lags, polls = zip(*[noticed(intervals, jobs.lognormvariate(6.1, 0.25)) for _ in range(2_000)][RECENT:], strict=True)
    assert fmean(polls) < 17
    assert fmean(lags) < 8.0
    assert quantiles(lags, n=100)[98] < 30.0


def test_many_jobs_resumed_at_once_are_spread(ranges: list[tuple[float, float]]) -> None:
    Intervals().spread(30.0)
    assert ranges == [(0.0, 30.0)]


def test_a_job_gets_an_hour_for_each_of_its_calls() -> None:
    request = job_in("queued").request
    assert CALL_SECONDS == 3600
    assert deadline(request, 500.0) == 4100.0
    edit = ClipEdit(seconds=5.0, width=1280, height=720, most_bytes=1000)
    sections = tuple(Section(text=text, clip=edit) for text in ("one", "two", "three"))
    assert deadline(request.model_copy(update={"sections": sections}), 500.0) == 11_300.0
