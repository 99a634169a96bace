"""Delays: quiet before the likely end, attentive around it, patient with faults."""

from __future__ import annotations

import random

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


@pytest.mark.parametrize("elapsed", [0.0, 1.0, 30.0, 60.0, 100.0, 200.0, 3000.0])
def test_an_unknown_kind_is_asked_every_two_to_ten_seconds(elapsed: float) -> None:
    delays = [Intervals().until_next_poll("text", elapsed) for _ in range(100)]
    assert min(delays) >= 0.9 * SOONEST
    assert max(delays) <= 1.1 * LATEST
    assert max(delays) - min(delays) > 0.1


def test_nothing_is_asked_before_jobs_of_the_kind_have_ever_ended() -> None:
    intervals = Intervals()
    for seconds in (100, 110, 120, 130, 140, 150):
        intervals.ended("text", seconds, watched=True)
    assert 0.9 * 90 <= intervals.until_next_poll("text", 0.0) <= 1.1 * 90
    assert intervals.until_next_poll("text", 88.0) <= 1.1 * LATEST
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
def test_jobs_of_which_nothing_is_known_are_no_ends_and_those_that_took_a_second_are() -> None:
    intervals = Intervals()
    for seconds, watched in [(3600.0, False)] * ENOUGH + [(100.0, True)] * ENOUGH:
        intervals.ended("text", seconds, watched=watched)
        intervals.ended("audio", 1.0 if not watched else seconds, watched=True)
    assert intervals.until_next_poll("text", 0.0) == pytest.approx(0.9 * 90)
    assert intervals.until_next_poll("audio", 0.0) <= SOONEST


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
def test_the_fast_end_is_that_of_the_fastest_tenth_of_the_last_twenty() -> None:
    intervals = Intervals()
    for seconds in (1.0, 1.0, 1.0, *range(400, 200, -10)):  # the first three are forgotten
        intervals.ended("text", seconds, watched=True)
    assert RECENT == 20
    assert intervals.until_next_poll("text", 30.0) == pytest.approx(0.9 * (0.9 * 230 - 30))


@pytest.mark.usefixtures("ranges")
def test_five_ends_are_enough() -> None:
    intervals = Intervals()
    for seconds in (104, 103, 102, 101, 100):
        intervals.ended("text", seconds, watched=True)
    assert ENOUGH == 5
    assert intervals.until_next_poll("text", 0.0) == pytest.approx(0.9 * 90)


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
