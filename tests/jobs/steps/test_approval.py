"""A job waits for a moderator's yes until its time is over, and to the second."""

from __future__ import annotations

import pytest

from bot.jobs.decision import Advance, Decision, Wait
from bot.jobs.intervals import CALL_SECONDS
from bot.jobs.steps.approval import Approval
from bot.words.refusals.jobs import NotWaiting
from storage.jobs.job import State
from tests.app.still_clock import StillClock
from tests.jobs.steps.alone import job_in, opened

FREE = {"cost_usd": None, "counted_at": None, "spent_micros": 0, "charge": "free", "has_unnamed_costs": False}
LEFT = 3600.0  # seconds until the deadline of a job


def after(seconds: float) -> Approval:
    clock = StillClock()
    clock.go_on(seconds)
    return Approval(clock)


@pytest.mark.parametrize(
    ("seconds", "decision"),
    [
        (0.0, Wait(LEFT + 1.0)),
        (LEFT, Wait(1.0)),
        (LEFT + 0.5, Advance("failed", {"failure": "approval_expired", "detail": "", **FREE})),
    ],
)
async def test_a_held_job_ends_free_of_charge_when_nobody_has_answered_in_time(
    seconds: float, decision: Decision
) -> None:
    assert await after(seconds)(opened(job_in("held", counted_at=None))) == decision


def test_an_approved_job_gets_its_time_from_then_on() -> None:
    decision = after(LEFT).approve(opened(job_in("held")), by=7)
    assert decision == Advance("queued", {"deadline_at": 1000.0 + LEFT + CALL_SECONDS}, by=7)


def test_a_denied_job_is_cancelled_free_of_charge_by_whom_it_was_denied() -> None:
    decision = after(LEFT).deny(opened(job_in("held", counted_at=None)), by=7)
    assert decision == Advance("cancelled", {"failure": "denied", "detail": "", **FREE}, by=7)


@pytest.mark.parametrize(("state", "seconds"), [("queued", 0.0), ("cancelled", 0.0), ("held", LEFT + 0.5)])
def test_a_job_that_does_not_wait_any_more_is_neither_approved_nor_denied(state: State, seconds: float) -> None:
    approval, job = after(seconds), opened(job_in(state))
    with pytest.raises(NotWaiting, match=job.job.code):
        approval.approve(job, by=7)
    with pytest.raises(NotWaiting):
        approval.deny(job, by=7)
