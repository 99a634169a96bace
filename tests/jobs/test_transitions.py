"""From a row and an answer to what is written next: above all, what a job cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.costs import RAN, total
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
)
from bot.net.faults import Gone, NotAccepted, RateLimited
from bot.providers.base import MISSING, Accepted, Done, Failed
from storage.jobs.job import Position
from tests.jobs.steps.alone import VIDEO_URL, SteadyIntervals, job_in, named, staged
from tests.scripted import Scripted

CENT = Decimal("0.01")


def test_what_goes_wrong_again_and_again_is_told_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    job = job_in("running", remote="r")
    with caplog.at_level("INFO"):
        for faults in range(100):
            again(job, NotAccepted("503"), SteadyIntervals(), faults)
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == f"{job.code}: not_accepted: 503; again later (1 in a row)"
    assert [line.rpartition("(")[2] for line in told] == [f"{2**n} in a row)" for n in range(7)]


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
            "has_unnamed_costs": False,
            "position": Position("lipsync"),
            "handle": None,
            "remote": None,
            "submitted_at": None,
        },
    )


@pytest.mark.parametrize(
    ("stage", "cost", "unnamed"),
    [("face", None, True), ("face", CENT, False), ("face", Decimal(0), False), ("upload_video", None, False)],
)
def test_of_a_stage_that_is_done_it_is_kept_whether_its_cost_was_named(
    stage: str, cost: Decimal | None, unnamed: bool
) -> None:
    provider = named("first", Scripted, stage, "lipsync")
    done = stage_done(job_in("running", stage=stage, remote="r"), provider, Done({"it": "7"}, cost))
    assert done.changes["has_unnamed_costs"] is unnamed
    later = job_in("running", stage=stage, remote="r", has_unnamed_costs=True)
    assert stage_done(later, provider, Done({}, cost)).changes["has_unnamed_costs"]


def test_the_last_stage_ends_the_job_with_what_all_of_them_cost() -> None:
    job = job_in("running", stage="lipsync", remote="r", yields={"session_id": "7"}, cost_usd=CENT)
    decision = stage_done(job, face_first(), Done({"video_url": VIDEO_URL}, CENT))
    assert decision == Advance(
        "succeeded",
        {
            "yields": {"session_id": "7", "video_url": VIDEO_URL},
            "cost_usd": 2 * CENT,
            "has_unnamed_costs": False,
            "charge": "paid",
            "micros": 20_000,
            "spent_micros": 20_000,
        },
    )


def test_the_last_stages_cost_is_not_the_whole_where_a_stage_before_named_none() -> None:
    job = job_in("running", stage="lipsync", remote="r", has_unnamed_costs=True)
    for cost, at_least in ((CENT, 10_000), (Decimal(0), 0)):
        changes = stage_done(job, face_first(), Done({"video_url": VIDEO_URL}, cost)).changes
        assert (changes["charge"], changes["micros"], changes["cost_usd"]) == ("paid", at_least, cost)
        assert "spent_micros" not in changes


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
    assert "yields" not in told.changes


def test_an_accepted_stage_that_failed_without_a_word_of_its_cost_may_have_cost_something() -> None:
    told = failed(job_in("submitting", micros=140_000), "input_rejected")
    assert told.to == "failed"
    assert told.changes["charge"] == "unclear"
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
        {
            "failure": "never_sent",
            "detail": "",
            "cost_usd": None,
            "has_unnamed_costs": False,
            "charge": "free",
            "counted_at": None,
            "spent_micros": 0,
        },
        by=7,
    )


def test_a_job_that_ends_before_its_next_stage_is_taken_has_cost_what_the_others_did() -> None:
    job = job_in("queued", yields={"session_id": "7"}, cost_usd=CENT)
    for changes in (ended(job, "failed", "x").changes, ended(job, "failed", "x", cost_usd=Decimal(0)).changes):
        assert (changes["cost_usd"], changes["charge"]) == (CENT, "paid")
        assert (changes["micros"], changes["spent_micros"]) == (10_000, 10_000)


CHARGES: list[tuple[Callable[[], Advance], str]] = [
    (lambda: ended(job_in("queued"), "failed", "never_sent"), "free"),
    (lambda: ended(job_in("queued"), "cancelled", "cancelled"), "free"),
    (lambda: ended(job_in("running", remote="r"), "cancelled", "cancelled"), "free"),
    (lambda: ended(job_in("queued", yields={"session_id": "7"}), "failed", "bad_key"), "paid"),
    (lambda: ended(job_in("queued", yields={"session_id": "7"}), "cancelled", "cancelled"), "paid"),
    (lambda: ended(job_in("queued", yields={"session_id": "7"}, cost_usd=Decimal(0)), "failed", "bad_key"), "free"),
    (lambda: ended(job_in("queued", yields={"video_source": "x"}), "failed", "bad_key"), "free"),
    (lambda: ended(job_in("queued", restored=True), "failed", "restored"), "unclear"),
    (lambda: ended(job_in("queued", restored=True), "cancelled", "cancelled"), "unclear"),
    (lambda: ended(job_in("submitting"), "unknown", "unknown_outcome"), "unclear"),
    (lambda: ended(job_in("running", remote="r", cost_usd=CENT), "unknown", "gone"), "unclear"),
    (lambda: stage_failed(job_in("running", remote="r", restored=True), Failed("x", cost_usd=Decimal(0))), "free"),
    (lambda: stage_failed(job_in("running", remote="r"), Failed("cancelled_by_provider")), "unclear"),
    (lambda: stage_failed(job_in("running", remote="r", cost_usd=CENT), Failed("x")), "unclear"),
    (lambda: stage_failed(job_in("running", remote="r", cost_usd=Decimal(0)), Failed("x")), "unclear"),
    (
        lambda: stage_failed(job_in("running", remote="r", has_unnamed_costs=True), Failed("x", cost_usd=Decimal(0))),
        "paid",
    ),
    (lambda: stage_failed(job_in("running", remote="r"), Failed("x", cost_usd=CENT)), "paid"),
    (lambda: stage_failed(job_in("running", remote="r"), Failed(MISSING)), "unclear"),
    (lambda: stage_failed(job_in("running", remote="r"), Failed(MISSING, cost_usd=Decimal(0))), "unclear"),
    (lambda: stage_failed(job_in("running", remote="r"), Failed(MISSING, cost_usd=CENT)), "paid"),
]


@pytest.mark.parametrize(("decide", "charge"), CHARGES)
def test_whether_the_provider_charges_is_kept_as_it_is_known_at_the_end(
    decide: Callable[[], Advance], charge: str
) -> None:
    changes = decide().changes
    assert changes["charge"] == charge
    assert ("counted_at" in changes) == (charge == "free")


@pytest.mark.parametrize(
    ("cost", "charge"), [(Decimal(0), "free"), (CENT, "paid"), (Decimal(1), "paid"), (None, "paid")]
)
def test_a_video_is_free_only_where_the_provider_says_so(cost: Decimal | None, charge: str) -> None:
    done = stage_done(job_in("running", remote="r"), named("first"), Done({"video_url": VIDEO_URL}, cost))
    assert done.changes["charge"] == charge


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


def test_stages_of_one_name_take_as_long_at_one_provider_with_one_key_only() -> None:
    assert kind_of(replace(job_in("running", stage="face", section=3), key_id=7)) == "first/face/7"
