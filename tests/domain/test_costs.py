"""What a job counts and has cost at its end: reserved, spent, and not known are three things."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bot.domain.costs import counting
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
