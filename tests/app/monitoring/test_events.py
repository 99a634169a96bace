"""What is told of a move: how long the job was in what it has left, and how long its stage took."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.app.monitoring.events import LONGEST_REMOTE, JobMoved
from bot.domain.job import Job
from storage.jobs.job import Position, State
from tests.jobs.steps.alone import job_in

RUNNING = job_in("running", remote="r", submitted_at=1100.0)


def moved(before: Job | None, to: State, at: float = 1130.0, **changes: Any) -> JobMoved:
    """The move to that state."""
    return JobMoved(before, at, replace(before or job_in("queued"), state=to, **changes))


@pytest.mark.parametrize(
    ("before", "seconds"),
    [
        (None, None),
        (replace(RUNNING, moved_at=1128.5), 1.5),
        (RUNNING, 30.0),
        (job_in("held"), 130.0),
        (job_in("queued"), None),  # it may have been anything before
        (job_in("submitting"), None),
        (job_in("succeeded", ended_at=1129.0), 1.0),
        (replace(RUNNING, moved_at=1131.0), 0.0),  # by the clock of another machine
    ],
)
def test_it_says_how_long_the_job_was_in_the_state_that_it_has_left(before: Job | None, seconds: float | None) -> None:
    assert moved(before, "failed").seconds == seconds


SENT = replace(job_in("submitting"), moved_at=1120.0)


@pytest.mark.parametrize(
    ("move", "seconds"),
    [
        (moved(RUNNING, "succeeded"), 30.0),
        (moved(RUNNING, "failed"), 30.0),
        (moved(RUNNING, "queued", position=Position("next")), 30.0),
        (moved(SENT, "queued", position=Position("next")), 10.0),
        (moved(SENT, "succeeded"), 10.0),
        (moved(SENT, "running"), None),
        (moved(SENT, "queued"), None),
        (moved(SENT, "failed"), None),
        (moved(job_in("succeeded", ended_at=1129.0), "succeeded", closed_at=1130.0), 1.0),
    ],
)
def test_a_stage_has_taken_what_lies_between_its_request_and_its_end(move: JobMoved, seconds: float | None) -> None:
    assert move.stage_seconds == seconds


def test_it_tells_of_the_stage_that_was_left_and_not_of_the_next() -> None:
    facts = moved(RUNNING, "queued", position=Position("next", 2), remote=None, cost_usd=Decimal("0.05")).facts()
    assert facts == {
        "job": RUNNING.code,
        "server": str(RUNNING.guild_id),
        "provider": "first",
        "key": RUNNING.key_id,
        "stage": "only",
        "from": "running",
        "to": "queued",
        "handle": RUNNING.handle,
        "remote": "r",
        "cost_usd": 0.05,
        "charge": None,
        "seconds": 30.0,
        "age": 130.0,
        "failure": None,
    }


def test_what_was_free_cost_nothing_and_what_nobody_knows_is_none() -> None:
    assert moved(RUNNING, "failed", charge="free").facts()["cost_usd"] == 0.0
    assert moved(RUNNING, "unknown", charge="unclear").facts()["cost_usd"] is None


def test_an_id_that_a_provider_makes_longer_than_any_is_cut() -> None:
    remote = moved(replace(RUNNING, remote="x" * 5000), "failed").facts()["remote"]
    assert remote == "x" * LONGEST_REMOTE
