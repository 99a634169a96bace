"""From a row and an answer to what is written next: above all, what a job cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.costs import RAN
from bot.domain.flows import Stage
from bot.domain.job import Job
from bot.domain.reuse import NAMES, SINCE
from bot.jobs.decision import Advance, Amend, Wait
from bot.jobs.transitions import (
    again,
    answered,
    begun_anew,
    ended,
    kind_of,
    passed_over,
    stage_done,
    stage_failed,
    total,
)
from bot.net.faults import Gone, NotAccepted, RateLimited
from bot.providers.base import MISSING, Accepted, Done, Failed
from storage.jobs.job import Position
from tests.jobs.steps.alone import VIDEO_URL, SteadyIntervals, job_in, named, staged
from tests.scripted import Scripted

CENT = Decimal("0.01")


def face_first() -> Scripted:
    return named("first", Scripted, "face", "lipsync")


@pytest.mark.parametrize(
    ("known", "more", "sum_"),
    [
        (None, None, None), (None, CENT, CENT), (CENT, None, CENT), (CENT, CENT, 2 * CENT),
        (Decimal(0), CENT, CENT), (None, Decimal(0), Decimal(0)),
    ],
)  # fmt: skip
def test_costs_add_up_and_stay_unknown_while_nothing_is_said(
    known: Decimal | None, more: Decimal | None, sum_: Decimal | None
) -> None:
    assert total(known, more) == sum_


def test_a_stage_that_is_done_hands_what_it_yielded_and_cost_to_the_next() -> None:
    job = job_in("running", stage="face", remote="r", handle="h", submitted_at=1000.0, cost_usd=CENT)
    decision = stage_done(job, face_first(), Done({"session_id": "7"}, CENT))
    assert decision == Advance(
        "queued",
        {
            "yields": {"session_id": "7"},
            "cost_usd": 2 * CENT,
            "position": Position("lipsync"),
            "handle": None,
            "remote": None,
            "submitted_at": None,
        },
    )


def test_the_last_stage_ends_the_job_with_what_all_of_them_cost() -> None:
    job = job_in("running", stage="lipsync", remote="r", yields={"session_id": "7"}, cost_usd=CENT)
    decision = stage_done(job, face_first(), Done({"video_url": VIDEO_URL}, CENT))
    assert decision == Advance(
        "succeeded",
        {
            "yields": {"session_id": "7", "video_url": VIDEO_URL},
            "cost_usd": 2 * CENT,
            "micros": 20_000,
            "spent_micros": 20_000,
        },
    )


def test_a_last_stage_that_says_no_cost_leaves_open_what_the_job_has_cost() -> None:
    job = job_in("running", stage="lipsync", remote="r", cost_usd=CENT)
    decision = stage_done(job, face_first(), Done({"video_url": VIDEO_URL}))
    assert decision.changes["cost_usd"] == CENT
    assert decision.changes["micros"] == 10_000
    assert "spent_micros" not in decision.changes


def test_of_a_stage_that_yielded_nothing_it_is_kept_that_it_ran() -> None:
    job = job_in("running", stage="face", section=2, remote="r", yields={"1:face_id": "1"})
    provider = staged(face_first(), Stage("face", "", section=2), Stage("lipsync", "", section=2))
    assert stage_done(job, provider, Done({})).changes["yields"] == {"1:face_id": "1", "2:ran": RAN["ran"]}


def test_an_address_that_is_none_is_not_kept_and_what_is_no_address_is_kept_as_it_is() -> None:
    done = Done({"video_url": "not an address", "session_id": "not an address"})
    kept = stage_done(job_in("running", remote="r"), named("first"), done).changes["yields"]
    assert kept == {"video_url": "", "session_id": "not an address"}


def test_an_accepted_stage_is_remembered_with_the_moment_and_asked_about_later() -> None:
    job = job_in("submitting", handle="h")
    assert answered(job, named("first"), Accepted("r-1"), now=1234.0, then=7.0) == Advance(
        "running", {"remote": "r-1", "submitted_at": 1234.0}, then=7.0
    )


def test_a_stage_that_is_done_at_once_is_not_asked_about() -> None:
    decision = answered(job_in("submitting"), named("first"), Done({"video_url": VIDEO_URL}, CENT), now=1.0, then=7.0)
    assert (decision.to, decision.then) == ("succeeded", 0.0)
    assert decision.changes["spent_micros"] == 10_000


@pytest.mark.parametrize(("fault", "seconds"), [(NotAccepted("503"), 30.0), (RateLimited("429", 7.0), 37.0)])
def test_a_call_that_had_no_effect_is_made_again_and_not_before_the_provider_allows_it(
    fault: NotAccepted, seconds: float
) -> None:
    assert again(job_in("running"), fault, SteadyIntervals(), 2) == Wait(seconds, fault=True)


def failed(job: Job, reason: str, cost: str | None = None) -> Advance:
    return stage_failed(job, Failed(reason, "why", None if cost is None else Decimal(cost)))


def test_an_accepted_stage_that_failed_counts_as_much_as_the_provider_says() -> None:
    job = job_in("running", remote="r", cost_usd=CENT)
    told = failed(job, "provider_failed", "0.05")
    assert (told.to, told.changes["failure"], told.changes["detail"]) == ("failed", "provider_failed", "why")
    assert (told.changes["cost_usd"], told.changes["spent_micros"]) == (Decimal("0.06"), 60_000)
    assert told.changes["yields"] == {}


def test_an_accepted_stage_that_failed_without_a_word_of_its_cost_may_have_cost_something() -> None:
    told = failed(job_in("submitting", micros=140_000), "input_rejected")
    assert told.to == "failed"
    assert told.changes["yields"] == RAN  # it has no remote, so only this says that it was accepted
    assert "counted_at" not in told.changes
    assert "spent_micros" not in told.changes


def test_what_is_made_and_missing_is_unknown_and_not_failed() -> None:
    assert failed(job_in("running", remote="r"), MISSING).to == "unknown"


@pytest.mark.parametrize(("state", "to"), [("running", "cancelled"), ("submitting", "failed")])
def test_what_the_provider_cancelled_ends_as_cancelled_only_where_that_is_a_legal_move(state: Any, to: str) -> None:
    assert failed(job_in(state, remote="r"), "cancelled_by_provider").to == to


def test_a_job_that_was_never_sent_counts_nothing_in_the_end() -> None:
    decision = ended(job_in("queued"), "failed", "never_sent", by=7)
    assert decision == Advance(
        "failed",
        {"failure": "never_sent", "detail": "", "cost_usd": None, "counted_at": None, "spent_micros": 0},
        by=7,
    )


def test_a_job_that_ends_after_a_paid_stage_has_cost_at_least_that() -> None:
    job = job_in("queued", yields={"session_id": "7"}, cost_usd=CENT)
    assert ended(job, "failed", "x", "said").changes == {
        "failure": "x", "detail": "said", "cost_usd": CENT, "micros": 10_000,
    }  # fmt: skip
    whole = ended(job, "failed", "x", cost_usd=Decimal(0)).changes
    assert (whole["cost_usd"], whole["micros"], whole["spent_micros"]) == (CENT, 10_000, 10_000)


def test_a_stage_that_an_earlier_job_has_done_is_passed_over() -> None:
    assert passed_over(job_in("queued", stage="face"), face_first()) == Amend({"position": Position("lipsync")})
    assert passed_over(job_in("queued", stage="lipsync"), face_first()) == Amend({"position": Position("lipsync")})


def test_beginning_anew_keeps_what_the_job_itself_has_paid_for() -> None:
    taken_over = {"session_id": "7", SINCE: "5.0", NAMES: "session_id"}
    provider = staged(face_first(), Stage("face", "", yields=("session_id",)), Stage("lipsync", "", uses_kept=True))
    job = replace(job_in("submitting", stage="lipsync", handle="h"), yields={**taken_over, "audio_id": "9"})
    assert begun_anew(job, provider, Gone("no such session")) == Advance(
        "queued",
        {"position": Position("face"), "yields": {"audio_id": "9"}, "handle": None, "fallbacks": ()},
        note="gone: no such session",
    )


def test_stages_of_one_name_take_as_long_at_one_provider_only() -> None:
    assert kind_of(job_in("running", stage="face", section=3)) == "first/face"
