"""Before a stage is sent, and what its answer proves: case by case, without a bot around it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from bot.domain.flows import Stage
from bot.domain.reuse import NAMES, SINCE
from bot.jobs.decision import Advance, Amend, Decision, Wait
from bot.jobs.intervals import CALL_SECONDS, HELD_BACK_SECONDS, LONGEST_RETRY_AFTER, LOOKUP_SECONDS
from bot.jobs.open_job import Delivering, OpenJob, Queued, Submitting
from bot.jobs.steps.submit import MEASURES
from bot.net.faults import (
    BadAddress,
    BadKey,
    CannotAttach,
    CannotHandOver,
    ContentRefused,
    Gone,
    HeldBack,
    InputRejected,
    Mistyped,
    NotAccepted,
    OutOfCredit,
    ProviderError,
    RateLimited,
    ResultMissing,
    TextInstead,
    UnknownOutcome,
    Unwritable,
)
from bot.net.transport import _may_leave
from bot.providers.base import Accepted, Failed, Submission
from storage.jobs.job import Fallback, Position
from tests.jobs.steps.alone import HTTP, KEY, VIDEO_URL, Alone, job_in, named, opened, staged
from tests.scripted import Findable, in_turn

LEFT = 3600.0  # seconds until the deadline of a job
SECOND = Fallback("second", job_in("queued").request.model_copy(update={"text": "for the second"}))
TAKEN_OVER = {"session_id": "7", SINCE: "5.0", NAMES: "session_id"}
PAID = {"session_id": "7"}
FACE = Stage("face", "", yields=("session_id",), kept_seconds=60.0)
LIPSYNC = Stage("lipsync", "", uses_kept=True)


def over(decision: Decision) -> tuple[str, str, str]:
    assert isinstance(decision, Advance)
    return decision.to, decision.changes["failure"], decision.changes["detail"]


def call(stage: str = "only") -> Submission:
    return Submission(stage, job_in("submitting").request, "h-1", {}, KEY)


def sent(**values: Any) -> OpenJob:
    return opened(job_in("submitting", **{"handle": "h-1", "key_id": 11, **values}))


async def answer(world: Alone, fault: object, job: OpenJob) -> Decision:
    """What is decided when the first provider answers like this."""
    world.first.on_submit = in_turn(fault)
    return await world.submit.send(job, call(job.job.position.stage))


async def test_a_stage_is_announced_before_it_leaves_with_an_id_and_the_key_that_sends_it() -> None:
    world = Alone()
    job = job_in("queued", yields={"a": "b"})
    decision = await world.submit(opened(job))
    assert isinstance(decision, Advance)
    handle = decision.changes["handle"]
    assert str(UUID(handle)) == handle
    yields = {"a": "b", "measured": "yes"}
    assert decision.changes == {"handle": handle, "key_id": 11, "yields": yields, "send_before": None}
    assert (decision.to, decision.at_once, decision.then) == ("submitting", True, 0.0)
    assert isinstance(decision.phase, Submitting)
    assert decision.phase.call == Submission("only", job.request, handle, yields, KEY)
    assert world.inputs.measures == [("only", HTTP)]
    assert world.first.submits == []


async def test_a_stage_that_has_an_id_already_is_sent_under_it() -> None:
    decision = await Alone().submit(opened(job_in("queued", handle="h-1")))
    assert isinstance(decision, Advance)
    assert isinstance(decision.phase, Submitting)
    assert decision.phase.call
    assert (decision.changes["handle"], decision.phase.call.handle) == ("h-1", "h-1")


async def test_when_other_providers_may_be_tried_is_not_forgotten_while_one_is() -> None:
    world, times = Alone(), {"second": 1600.0}
    decision = await world.submit(opened(job_in("queued"), Queued(not_before=times)))
    assert isinstance(decision, Advance)
    assert isinstance(decision.phase, Submitting)
    assert decision.phase.not_before == times
    decision = await world.submit(opened(job_in("queued"), Delivering()))
    assert isinstance(decision, Advance)
    assert isinstance(decision.phase, Submitting)
    assert decision.phase.not_before == {}


async def test_what_earlier_sections_have_made_is_brought_to_disk_first_and_once() -> None:
    world, phase = Alone(), Queued()
    job = opened(job_in("queued", yields={"1:video_url": VIDEO_URL}), phase)
    assert await world.submit(job) == Wait(0.0, fault=None)
    assert (world.gathered, phase.gathered) == ([(job.job.code, HTTP)], True)
    assert isinstance(await world.submit(job), Advance)
    await world.submit(opened(job_in("queued"), Queued()))
    await world.submit(opened(job.job, Delivering()))
    assert len(world.gathered) == 1


@pytest.mark.parametrize(
    ("seconds", "restored", "failure"), [(LEFT + 0.5, False, "never_sent"), (0.0, True, "restored")]
)
async def test_what_is_too_late_or_comes_from_a_backup_is_never_sent(
    seconds: float, restored: bool, failure: str
) -> None:
    world = Alone()
    world.clock.go_on(seconds)
    assert over(await world.submit(opened(job_in("queued", restored=restored)))) == ("failed", failure, "")


async def test_a_stage_may_be_sent_until_its_deadline() -> None:
    world = Alone()
    world.clock.go_on(LEFT)
    decision = await world.submit(opened(job_in("queued")))
    assert isinstance(decision, Advance)
    assert decision.to == "submitting"


async def test_a_stage_whose_yield_is_there_is_passed_over() -> None:
    world = Alone(first=staged(named("first"), FACE, LIPSYNC))
    decision = await world.submit(opened(job_in("queued", stage="face", yields=TAKEN_OVER)))
    assert decision == Amend({"position": Position("lipsync")})


@pytest.mark.parametrize(
    ("missing", "code"), [("provider", "no_key"), ("key", "no_key"), ("off", "bad_key"), ("removed", "no_key")]
)
async def test_without_a_key_that_works_the_job_ends_and_it_is_told_why(missing: str, code: str) -> None:
    world = Alone()
    world.keys.opened = None if missing == "key" else KEY
    world.keys.against = {"off": "bad_key", "removed": "no_key"}.get(missing, "")
    job = job_in("queued", provider="gone" if missing == "provider" else "first")
    assert over(await world.submit(opened(job))) == ("failed", code, "no key")
    assert world.keys.refusals == []  # no provider has refused it


async def test_without_a_key_that_works_the_next_provider_is_tried() -> None:
    world = Alone()
    world.keys.against = "out_of_credit"
    decision = await world.submit(opened(job_in("queued", fallbacks=(SECOND,), handle="h-1", key_id=3)))
    assert decision == Amend(
        {
            "provider": "second",
            "request": SECOND.request,
            "fallbacks": (),
            "key_id": None,
            "yields": {},
            "position": Position("only"),
            "handle": None,
            "remote": None,
            "submitted_at": None,
            "deadline_at": 4600.0,
        }
    )


async def test_a_speech_whose_length_cant_be_known_is_unknown_after_eight_tries() -> None:
    world = Alone()
    assert MEASURES == 8
    world.inputs.fault = ResultMissing("nothing there")
    assert await world.submit(opened(job_in("queued"), faults=6)) == Wait(70.0, fault=True)
    decision = await world.submit(opened(job_in("queued"), faults=7))
    assert over(decision) == ("unknown", "result_missing", "nothing there")


async def test_a_speech_that_cant_be_fetched_for_now_is_measured_later_however_long_that_takes() -> None:
    world = Alone()
    world.inputs.fault = NotAccepted("503")
    assert await world.submit(opened(job_in("queued"), faults=30)) == Wait(310.0, fault=True)


async def test_an_accepted_stage_is_asked_about_later() -> None:
    world = Alone()
    world.clock.go_on(50.0)
    assert await answer(world, Accepted("r-1"), sent()) == Advance(
        "running", {"remote": "r-1", "submitted_at": 1050.0}, then=5.0
    )
    assert world.intervals.asked == [("first/only/11", 0.0)]
    assert world.first.submits == [call()]


async def test_an_accepted_stage_that_failed_at_once_is_no_proof_that_nothing_was_charged() -> None:
    world = Alone()
    decision = await answer(world, Failed("bad_key", "refused", Decimal("0.05")), sent(fallbacks=(SECOND,)))
    assert over(decision) == ("failed", "bad_key", "refused")
    assert isinstance(decision, Advance)
    assert decision.changes["spent_micros"] == 50_000
    assert world.keys.refusals == ["bad_key"]


async def test_a_submission_whose_outcome_is_unknown_is_looked_up_where_that_can_be_done() -> None:
    world = Alone(first=named("first", Findable))
    assert await answer(world, UnknownOutcome("cut"), sent(fallbacks=(SECOND,))) == Wait(LOOKUP_SECONDS)


async def test_a_submission_whose_outcome_stays_unknown_is_sent_to_nobody_else() -> None:
    decision = await answer(Alone(), UnknownOutcome("cut"), sent(fallbacks=(SECOND,)))
    assert over(decision) == ("unknown", "unknown_outcome", "cut")


@pytest.mark.parametrize("stage", ["upload_video", "upload_audio"])
async def test_files_are_handed_over_by_the_bot_itself(stage: str) -> None:
    part = stage.removeprefix("upload_")
    world = Alone(first=named("first", Findable, stage, "only"))
    decision = await world.submit.send(sent(stage=stage), call(stage))
    assert isinstance(decision, Advance)
    assert decision.changes["yields"] == {f"{part}_source": f"{sent().job.code}/first/{stage}"}
    assert world.first.submits == []


@pytest.mark.parametrize("fault", [BadKey("401"), OutOfCredit("402"), InputRejected("422"), CannotHandOver("broken")])
async def test_a_refusal_that_waiting_wont_change_ends_the_job_free_of_charge(fault: ProviderError) -> None:
    world = Alone()
    decision = await answer(world, fault, sent())
    assert over(decision) == ("failed", fault.code, fault.detail)
    assert isinstance(decision, Advance)
    assert (decision.changes["counted_at"], decision.changes["spent_micros"]) == (None, 0)
    assert world.keys.refusals == [fault.code]


async def test_what_was_not_accepted_for_now_is_sent_again_later() -> None:
    decision = await answer(Alone(), RateLimited("429", 7.0), opened(sent().job, faults=2))
    assert decision == Advance("queued", note="rate_limited: 429", then=37.0, fault=True)


@pytest.mark.parametrize("fault", [BadKey("401"), OutOfCredit("402")])
async def test_a_job_whose_key_was_replaced_meanwhile_is_sent_with_the_new_one(fault: ProviderError) -> None:
    world = Alone()
    world.keys.is_new = True
    decision = await answer(world, fault, sent(fallbacks=(SECOND,)))
    assert decision == Advance("queued", {"fallbacks": ()}, note="the key was replaced meanwhile")
    assert world.keys.refusals == [fault.code]


async def test_a_new_key_helps_nothing_where_it_was_not_the_key_that_was_refused() -> None:
    world = Alone()
    world.keys.is_new = True
    assert over(await answer(world, InputRejected("422"), sent())) == ("failed", "input_rejected", "422")


async def test_what_was_paid_with_one_key_is_not_continued_with_another() -> None:
    world = Alone()
    world.keys.is_new = True
    assert over(await answer(world, BadKey("401"), sent(yields=PAID))) == ("failed", "bad_key", "401")


async def test_a_job_that_uses_what_another_account_has_paid_for_begins_anew_with_a_new_key() -> None:
    world = Alone(first=staged(named("first"), FACE, LIPSYNC))
    world.keys.is_new = True
    decision = await answer(world, BadKey("401"), sent(stage="lipsync", yields=TAKEN_OVER))
    assert isinstance(decision, Advance)
    assert (decision.to, decision.changes["position"], decision.changes["yields"]) == ("queued", Position("face"), {})


@pytest.mark.parametrize("fault", [InputRejected("422"), Gone("404")])
async def test_what_was_taken_over_and_may_be_gone_is_made_anew(fault: ProviderError) -> None:
    world = Alone(first=staged(named("first"), FACE, LIPSYNC))
    decision = await answer(world, fault, sent(stage="lipsync", yields=TAKEN_OVER, fallbacks=(SECOND,)))
    assert isinstance(decision, Advance)
    assert (decision.to, decision.changes["position"], decision.changes["yields"]) == ("queued", Position("face"), {})


@pytest.mark.parametrize(
    ("stage", "yields", "fault"),
    [
        ("lipsync", TAKEN_OVER, ContentRefused("1301")),
        ("lipsync", {}, InputRejected("422")),
        ("face", TAKEN_OVER, InputRejected("422")),
    ],
)
async def test_a_job_begins_anew_only_where_what_it_took_over_may_be_the_reason(
    stage: str, yields: dict[str, str], fault: ProviderError
) -> None:
    world = Alone(first=staged(named("first"), FACE, LIPSYNC))
    assert over(await answer(world, fault, sent(stage=stage, yields=yields))) == ("failed", fault.code, fault.detail)


async def turned(world: Alone, fault: ProviderError, job: OpenJob) -> Advance:
    decision = await answer(world, fault, job)
    assert isinstance(decision, Advance)
    assert (decision.to, decision.changes["provider"]) == ("queued", "second")
    return decision


async def test_on_proof_that_it_was_not_taken_the_next_provider_gets_its_own_request() -> None:
    job = sent(fallbacks=(SECOND,), remote="r", submitted_at=1.0, yields={"video_message": "12", "video_source": "x"})
    decision = await turned(Alone(), InputRejected("422"), job)
    assert decision.changes == {
        "provider": "second",
        "request": SECOND.request,
        "fallbacks": (),
        "key_id": None,
        "yields": {"video_message": "12"},
        "position": Position("only"),
        "handle": None,
        "remote": None,
        "submitted_at": None,
        "deadline_at": 4600.0,
    }
    assert decision.note == "first: input_rejected: 422"
    assert (decision.then, decision.fault, decision.phase) == (0.0, True, Queued())


@pytest.mark.parametrize(
    ("fault", "comes_back"), [(NotAccepted("503"), True), (RateLimited("429"), True), (OutOfCredit("402"), False)]
)
async def test_a_provider_that_may_take_it_later_comes_after_all_others(fault: ProviderError, comes_back: bool) -> None:
    job = sent(fallbacks=(SECOND, replace(SECOND, provider="third")))
    decision = await turned(Alone(), fault, job)
    first = [Fallback("first", job.job.request)] if comes_back else []
    assert decision.changes["fallbacks"] == (replace(SECOND, provider="third"), *first)


async def test_a_busy_provider_is_not_tried_before_it_allows_it_and_a_quarter_of_an_hour_is_enough() -> None:
    world = Alone()
    job = opened(sent(fallbacks=(SECOND,)).job, Submitting(not_before={"third": 7.0}))
    decision = await turned(world, RateLimited("429", 600.0), job)
    assert decision.phase == Queued(not_before={"first": 1600.0, "third": 7.0})
    decision = await turned(world, RateLimited("429", 1e9), job)
    assert decision.phase == Queued(not_before={"first": 1000.0 + LONGEST_RETRY_AFTER, "third": 7.0})
    decision = await turned(world, RateLimited("429"), opened(job.job, Delivering()))
    assert decision.phase == Queued(not_before={"first": 1000.0})
    decision = await turned(world, NotAccepted("503"), job)
    assert decision.phase == Queued(not_before={"third": 7.0})


async def test_the_next_provider_is_tried_no_sooner_than_it_allowed_itself() -> None:
    job = opened(sent(fallbacks=(SECOND,)).job, Submitting(not_before={"second": 1250.0}))
    assert (await turned(Alone(), NotAccepted("503"), job)).then == 250.0
    assert job.phase == Submitting(not_before={"second": 1250.0})
    world = Alone()
    world.clock.go_on(-1000.0)  # it may have begun just now
    assert (await turned(world, NotAccepted("503"), sent(fallbacks=(SECOND,)))).then == 0.0


@pytest.mark.parametrize(("faults", "seconds"), [(0, 0.0), (1, 0.0), (2, 10.0), (4, 30.0)])
async def test_once_all_of_them_were_asked_there_is_a_pause_that_grows(faults: int, seconds: float) -> None:
    two_more = (SECOND, replace(SECOND, provider="third"))
    world, job = Alone(), opened(sent(fallbacks=two_more).job, faults=faults)
    assert (await turned(world, NotAccepted("503"), job)).then == seconds
    assert world.intervals.backoffs == ([faults - 1] if seconds else [])


@pytest.mark.parametrize(
    ("counted_at", "until"), [(1000.0, 4600.0), (2000.0, 2000.0 + CALL_SECONDS), (None, 1000.0 + CALL_SECONDS)]
)
async def test_the_next_provider_gets_its_time_from_when_the_job_began(counted_at: float | None, until: float) -> None:
    job = sent(fallbacks=(SECOND,), counted_at=counted_at, deadline_at=4600.0 if counted_at == 1000.0 else 10.0)
    assert (await turned(Alone(), NotAccepted("503"), job)).changes["deadline_at"] == until


@pytest.mark.parametrize(
    ("fault", "values"),
    [
        (Unwritable("the disk is full"), {}),
        (ContentRefused("1301"), {}),
        (Gone("404"), {}),
        (NotAccepted("503"), {"yields": PAID}),
        (BadKey("401"), {"yields": PAID}),
    ],
)
async def test_on_a_fault_of_ours_a_refused_content_or_after_a_paid_stage_no_other_is_tried(
    fault: ProviderError, values: dict[str, Any]
) -> None:
    decision = await answer(Alone(), fault, sent(fallbacks=(SECOND,), **values))
    assert isinstance(decision, Advance)
    assert "provider" not in decision.changes


def kinds(fault: type[ProviderError] = ProviderError) -> list[type[ProviderError]]:
    """Every kind of fault that there is."""
    return [
        one for kind in fault.__subclasses__() for one in (kind, *kinds(kind)) if one.__module__ == fault.__module__
    ]


PROOFS = {NotAccepted, RateLimited, TextInstead, BadKey, BadAddress, OutOfCredit, InputRejected, Mistyped}
OF_OURS = {CannotHandOver, CannotAttach}


@pytest.mark.parametrize("kind", kinds())
async def test_another_provider_is_tried_on_proof_alone(kind: type[ProviderError]) -> None:
    decision = await answer(Alone(), kind("why"), sent(fallbacks=(SECOND,)))
    assert isinstance(decision, Advance)
    assert (decision.changes.get("provider") == "second") is (kind in PROOFS | OF_OURS)


@pytest.mark.parametrize("kind", kinds())
async def test_without_another_provider_only_what_had_no_effect_is_sent_again(kind: type[ProviderError]) -> None:
    decision = await answer(Alone(), kind("why"), sent())
    assert isinstance(decision, Advance)
    expected = "queued" if issubclass(kind, NotAccepted) else "unknown" if kind is UnknownOutcome else "failed"
    assert decision.to == expected


async def test_the_row_says_until_when_an_announced_stage_may_be_sent() -> None:
    world = Alone()
    world.lease.left = 12.5
    decision = await world.submit(opened(job_in("queued")))
    assert isinstance(decision, Advance)
    assert decision.changes["send_before"] == 1012.5


async def test_what_is_too_late_to_be_sent_is_in_line_again_with_the_same_provider_and_no_fault() -> None:
    world = Alone()
    announced = await world.submit(opened(job_in("queued", fallbacks=(SECOND,))))
    assert isinstance(announced, Advance)
    world.first.on_submit = lambda _: Accepted("r") if _may_leave.get()() else HeldBack("too late")
    world.lease.is_open = False
    job = opened(job_in("submitting", handle="h", fallbacks=(SECOND,)), announced.phase)
    decision = await world.submit.send(job, call())
    assert decision == Advance("queued", note="it was too late to send it", then=HELD_BACK_SECONDS)
    assert world.keys.refusals == []
