"""What waits for a person's yes: few, the newest, not for long, and nobody else's."""

from __future__ import annotations

from bot.asking.drafts import MOST_PENDING, PENDING_SECONDS, Pending
from bot.clock import Clock

ANN, BEN = 2001, 2002


class StandingClock(Clock):
    """Time that passes when it is told to."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at


class Kept:
    """The thing under test, and what fell out of it."""

    def __init__(self) -> None:
        self.clock = StandingClock()
        self.dropped: list[str] = []
        self.pending: Pending[str] = Pending(self.clock, self.dropped.append)


def test_what_is_kept_can_be_taken_once_by_its_owner() -> None:
    kept = Kept()
    kept.pending.keep(1, ANN, "a")
    assert kept.pending.take(1, ANN) == "a"
    assert kept.pending.take(1, ANN) is None
    assert kept.dropped == []


def test_nobody_else_can_take_it_and_trying_does_not_lose_it() -> None:
    kept = Kept()
    kept.pending.keep(1, ANN, "a")
    kept.pending.keep(2, BEN, "b")
    assert kept.pending.take(1, BEN) is None
    assert kept.pending.take(3, ANN) is None
    assert kept.pending.take(1, ANN) == "a"
    assert kept.pending.take(2, BEN) == "b"


def test_only_the_newest_of_a_person_is_kept() -> None:
    kept = Kept()
    kept.pending.keep(1, ANN, "older")
    kept.pending.keep(2, ANN, "newer")
    assert kept.dropped == ["older"]
    assert kept.pending.take(1, ANN) is None
    assert kept.pending.take(2, ANN) == "newer"


def test_it_is_kept_for_fifteen_minutes_and_no_longer() -> None:
    kept = Kept()
    kept.pending.keep(1, ANN, "a")
    kept.clock.at = 60.0
    kept.pending.keep(2, BEN, "b")
    kept.clock.at = PENDING_SECONDS
    assert kept.pending.take(1, ANN) is None
    assert kept.dropped == ["a"]
    kept.clock.at += 59.0
    assert kept.pending.take(2, BEN) == "b"


def test_a_sweep_tells_of_what_is_too_old() -> None:
    kept = Kept()
    kept.pending.keep(1, ANN, "a")
    kept.pending.sweep()
    assert kept.dropped == []
    kept.clock.at = PENDING_SECONDS
    kept.pending.sweep()
    assert kept.dropped == ["a"]


def test_the_oldest_of_too_many_falls_out() -> None:
    kept = Kept()
    for number in range(MOST_PENDING + 1):
        kept.pending.keep(number, number, str(number))
    assert kept.dropped == ["0"]
    assert kept.pending.take(0, 0) is None
    assert kept.pending.take(1, 1) == "1"


def test_somebody_who_asks_again_is_not_the_oldest_any_more() -> None:
    kept = Kept()
    for number in range(MOST_PENDING):
        kept.pending.keep(number, number, str(number))
    kept.pending.keep(MOST_PENDING, 0, "again")
    kept.pending.keep(MOST_PENDING + 1, MOST_PENDING + 1, "one more")
    assert kept.dropped == ["0", "1"]
    assert kept.pending.take(MOST_PENDING, 0) == "again"
