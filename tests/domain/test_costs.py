"""What a job counts and has cost at its end: reserved, spent, and not known are three things."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bot.domain.costs import begun, counting, has_unnamed_costs, in_usd, micros, milliseconds
from bot.domain.reuse import NAMES, SINCE
from storage.jobs.job import Charge, State
from tests.words.test_job_card import a_job

PRICE = Decimal("0.0588")


def ended(state: State, last: Charge, cost: str | None = None, *, unnamed: bool = False, **row: Any) -> dict[str, Any]:
    """What the row of a job says then for which 0.14 dollars were reserved, and whose provider named 0.0588."""
    request = a_job().request.model_copy(update={"price_usd": row.pop("price", PRICE)})
    job = a_job("running", remote="r", micros=140_000, request=request, **row)
    named = None if cost is None else Decimal(cost)
    said = counting(job, state, last, named, has_unnamed_costs=unnamed)
    return {name: value for name, value in said.items() if name not in {"cost_usd", "has_unnamed_costs"}}


@pytest.mark.parametrize(("state", "charge"), [("succeeded", "paid"), ("failed", "unclear"), ("unknown", "unclear")])
def test_what_was_reserved_for_the_dearest_is_not_told_as_the_price_of_another(state: State, charge: Charge) -> None:
    assert ended(state, charge, price=None) == {"charge": charge, "micros": 0}
    assert ended(state, charge) == {"charge": charge, "micros": 58_800}


def test_what_was_said_is_spent() -> None:
    assert ended("succeeded", "paid", "0.0462") == {"charge": "paid", "micros": 46_200, "spent_micros": 46_200}
    assert ended("failed", "paid", "0.05") == {"charge": "paid", "micros": 50_000, "spent_micros": 50_000}


@pytest.mark.parametrize("cost", ["0.02", "0"])
def test_the_cost_of_the_last_step_is_the_least_and_not_the_whole(cost: str) -> None:
    last: Charge = "paid" if Decimal(cost) else "free"
    assert ended("succeeded", last, cost, unnamed=True) == {"charge": "paid", "micros": 58_800}
    assert ended("succeeded", last, cost, unnamed=True, price=None) == {
        "charge": "paid",
        "micros": int(Decimal(cost) * 1_000_000),
    }


def test_the_cost_of_the_steps_before_is_the_whole_where_the_last_one_was_not_taken() -> None:
    known = Decimal("0.01")
    assert ended("failed", "free", cost_usd=known) == {"charge": "paid", "micros": 10_000, "spent_micros": 10_000}
    assert ended("failed", "unclear", cost_usd=known) == {"charge": "unclear", "micros": 58_800}


def test_steps_that_were_free_say_nothing_of_one_that_is_not_known() -> None:
    assert ended("failed", "unclear", cost_usd=Decimal(0)) == {"charge": "unclear", "micros": 58_800}


def test_a_free_video_counts_as_a_video_and_costs_nothing() -> None:
    assert ended("succeeded", "free", "0") == {"charge": "free", "micros": 0, "spent_micros": 0}


def test_what_ended_without_a_video_and_free_of_charge_counts_nothing() -> None:
    free = {"charge": "free", "counted_at": None, "spent_micros": 0}
    assert ended("failed", "free", "0") == free
    assert ended("cancelled", "free") == free


def test_a_row_that_says_nothing_of_its_steps_tells_by_what_they_have_yielded() -> None:
    assert has_unnamed_costs(a_job(yields={"session_id": "1"}))
    assert not has_unnamed_costs(a_job(yields={"session_id": "1"}, cost_usd=Decimal("0.01")))
    assert not has_unnamed_costs(a_job(yields={"video_source": "https://x/upload.mp4"}))
    assert has_unnamed_costs(a_job(yields={}, cost_usd=Decimal("0.01"), has_unnamed_costs=True))


@pytest.mark.parametrize(
    ("usd", "expected"), [("0", 0), ("0.05", 50_000), ("0.0000001", 1), ("1.0000001", 1_000_001), (None, 0)]
)
def test_an_amount_counts_in_millionths_rounded_up(usd: str | None, expected: int) -> None:
    assert micros(None if usd is None else Decimal(usd)) == expected


def test_an_amount_in_yuan_is_turned_into_dollars_at_the_operators_rate_and_rounded_up() -> None:
    rate = Decimal("0.14")
    assert in_usd(Decimal("0.385"), "CNY", rate) == Decimal("0.0539")
    assert in_usd(Decimal("0.385"), "USD", rate) == Decimal("0.385")
    assert in_usd(Decimal("0.00001"), "CNY", rate) == Decimal("0.000002")


@pytest.mark.parametrize(("seconds", "expected"), [(None, 0), (5.0, 5000), (4.0004, 4000), (4.0006, 4001)])
def test_a_videos_length_counts_in_milliseconds(seconds: float | None, expected: int) -> None:
    request = a_job().request
    video = request.video.model_copy(update={"seconds": seconds})
    assert milliseconds(request.model_copy(update={"video": video})) == expected


@pytest.mark.parametrize(
    ("yields", "expected"),
    [
        ({}, False),
        ({"video_source": "x", "video_message": "1", "audio_source": "y", "audio_message": "2"}, False),
        ({"1:audio_source": "y", "2:audio_message": "2"}, False),
        ({"video_source": "x", "session_id": "7"}, True),
        ({"2:ran": "1"}, True),
        ({"session_id": "7", SINCE: "1.0", NAMES: "session_id"}, False),
        ({"session_id": "7", "audio_id": "9", SINCE: "1.0", NAMES: "session_id"}, True),
    ],
)
def test_a_job_has_begun_once_a_stage_is_done_that_may_have_cost_something(
    yields: dict[str, str], expected: bool
) -> None:
    assert begun(a_job(yields=yields)) is expected
