"""What a job counts and has cost at its end: reserved, spent, and not known are three things."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bot.domain.costs import Charge, begun, charge, counting, in_usd, micros, milliseconds
from bot.domain.reuse import NAMES, SINCE
from storage.jobs.damaged import DAMAGED
from storage.jobs.job import State
from tests.words.test_job_card import a_job

FREE = {"counted_at": None, "spent_micros": 0}


def ended(state: State, *, price: str | None = None, whole: bool = True, **changes: Any) -> dict[str, Any]:
    job = a_job("running", remote="r", micros=140_000)
    request = job.request.model_copy(update={"price_usd": None if price is None else Decimal(price)})
    cost = changes.pop("cost_usd", None)
    return counting(
        a_job("running", remote="r", micros=140_000, request=request),
        state,
        whole_cost=whole,
        cost_usd=None if cost is None else Decimal(cost),
        **changes,
    )


@pytest.mark.parametrize("state", ["succeeded", "failed", "unknown"])
def test_what_was_reserved_for_the_dearest_is_not_told_as_the_price_of_another(state: State) -> None:
    assert ended(state, failure="gone") == {"micros": 0}
    assert ended(state, price="0.0588", failure="gone") == {"micros": 58_800}


def test_what_was_said_is_spent() -> None:
    assert ended("succeeded", price="0.05", cost_usd="0.0462") == {"micros": 46_200, "spent_micros": 46_200}
    assert ended("failed", cost_usd="0.05", failure="x") == {"micros": 50_000, "spent_micros": 50_000}


def test_the_cost_of_some_steps_is_the_least_and_not_the_whole() -> None:
    assert ended("succeeded", price="0.05", cost_usd="0.01", whole=False) == {"micros": 50_000}
    assert ended("succeeded", cost_usd="0.01", whole=False) == {"micros": 10_000}


def test_a_free_video_counts_as_a_video_and_costs_nothing() -> None:
    assert ended("succeeded", price="0", cost_usd="0") == {"micros": 0, "spent_micros": 0}


def test_what_ended_without_a_video_and_free_of_charge_counts_nothing() -> None:
    assert ended("failed", price="0.05", cost_usd="0", failure="provider_failed") == FREE
    assert ended("cancelled", price="0.05", failure="cancelled") == FREE


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


PAID = {"session_id": "7"}


@pytest.mark.parametrize(
    ("state", "values", "expected"),
    [
        # A moderator has settled it, whatever else is known.
        ("unknown", {"settled_at": 5.0, "counted_at": 1.0, "cost_usd": Decimal(0)}, "paid"),
        ("unknown", {"settled_at": 5.0, "counted_at": None, "cost_usd": Decimal(1)}, "free"),
        # Nobody knows, whatever the first steps have cost.
        ("unknown", {"cost_usd": Decimal(0)}, "unclear"),
        ("unknown", {"cost_usd": Decimal(1)}, "unclear"),
        # What the provider says of it is told.
        ("failed", {"cost_usd": Decimal(0), "remote": "r"}, "free"),
        ("failed", {"cost_usd": Decimal("0.01")}, "paid"),
        ("succeeded", {"cost_usd": Decimal(0)}, "free"),
        # Nothing is said of it.
        ("succeeded", {}, "paid"),
        ("cancelled", {"yields": PAID}, "paid"),
        ("cancelled", {"remote": "r"}, "free"),
        ("cancelled", {}, "free"),
        ("cancelled", {"failure": "cancelled_by_provider", "remote": "r"}, "unclear"),
        ("cancelled", {"restored": True}, "unclear"),
        ("failed", {}, "free"),
        ("failed", {"remote": "r"}, "unclear"),
        ("failed", {"yields": PAID}, "unclear"),
        ("failed", {"restored": True}, "unclear"),
        # Of a row that can't be read, only what was never sent is known to be free.
        ("failed", {"position": DAMAGED}, "unclear"),
        ("failed", {"position": DAMAGED, "counted_at": None}, "free"),
    ],
)
def test_whether_a_provider_charges_is_told_as_far_as_it_is_known(
    state: State, values: dict[str, Any], expected: Charge
) -> None:
    assert charge(a_job(state, **values)) == expected


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


def test_without_the_whole_cost_the_larger_of_price_and_what_is_known_counts() -> None:
    assert ended("failed", price="0.05", cost_usd="0.08", whole=False, failure="x") == {"micros": 80_000}
    assert ended("succeeded", price="0", cost_usd="0", whole=False) == {"micros": 0, "spent_micros": 0}
