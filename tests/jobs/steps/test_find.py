"""What may have been sent is never sent again before its provider has denied it often enough."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.jobs.decision import Advance, Wait
from bot.jobs.intervals import LOOKUP_SECONDS
from bot.jobs.open_job import Submitting
from bot.jobs.steps.find import CLOCKS_DIFFER
from bot.jobs.transitions import CONFIRMATIONS
from bot.net.client import REQUEST_SECONDS
from bot.net.faults import NotAccepted, UnknownOutcome
from bot.providers.base import Accepted, Done
from storage.jobs.job import Fallback
from tests.jobs.steps.alone import KEY, VIDEO_URL, Alone, job_in, named, opened
from tests.scripted import Findable, in_turn

SENT = job_in("submitting", handle="h-1", key_id=11)
LOST = "the answer to the submission was lost"


def alone() -> Alone:
    return Alone(first=named("first", Findable))


def test_a_provider_must_deny_a_job_three_times() -> None:
    assert CONFIRMATIONS == 3


async def test_what_was_announced_leaves_once_whatever_comes_of_it() -> None:
    world = alone()
    world.first.on_submit = in_turn(Accepted("r-1"))
    announced = await world.submit(opened(job_in("queued")))
    assert isinstance(announced, Advance)
    job = opened(SENT, announced.phase)
    assert await world.find(job) == Advance("running", {"remote": "r-1", "submitted_at": 1000.0}, then=5.0)
    assert isinstance(job.phase, Submitting)
    assert job.phase.call is None
    assert await world.find(job) == Wait(LOOKUP_SECONDS)
    assert (len(world.first.submits), world.first.lookups) == (1, ["h-1"])


async def test_a_lost_submission_that_is_found_goes_on_without_being_sent_again() -> None:
    world = alone()
    world.first.on_find = in_turn(Accepted("r-9"))
    assert await world.find(opened(SENT)) == Advance("running", {"remote": "r-9", "submitted_at": 1000.0}, then=5.0)
    assert world.intervals.asked == [("first/only/11", 0.0)]
    assert (world.first.submits, world.first.lookups) == ([], ["h-1"])


async def test_it_is_looked_up_at_its_stage_with_its_own_handle_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    world, asked = alone(), list[object]()

    async def find(*given: object) -> None:
        asked.append(given)

    monkeypatch.setattr(world.first, "find", find)
    await world.find(opened(SENT))
    assert asked == [("only", "h-1", KEY)]


async def test_only_after_the_last_denial_it_is_sent_again_and_to_nobody_else() -> None:
    world = alone()
    job = opened(job_in("submitting", handle="h-1", fallbacks=(Fallback("second", SENT.request),)))
    decisions = [await world.find(job) for _ in range(CONFIRMATIONS)]
    assert decisions == [
        Wait(LOOKUP_SECONDS),
        Wait(LOOKUP_SECONDS),
        Advance("queued", {"fallbacks": ()}, note="never arrived"),
    ]


async def test_a_lookup_that_fails_is_made_again() -> None:
    world = alone()
    world.first.on_find = in_turn(NotAccepted("503"))
    assert await world.find(opened(SENT, faults=9)) == Wait(100.0, fault=True)


@pytest.mark.parametrize("at", [0.0, 3600.0])
async def test_until_its_deadline_it_is_looked_up_as_often_as_it_takes(at: float) -> None:
    world = alone()
    world.clock.go_on(at)
    assert await world.find(opened(SENT)) == Wait(LOOKUP_SECONDS)


async def test_after_its_deadline_one_denial_leaves_it_unknown() -> None:
    world = alone()
    world.clock.go_on(3600.5)
    decision = await world.find(opened(SENT))
    assert isinstance(decision, Advance)
    assert (decision.to, decision.changes["failure"], decision.changes["detail"]) == (
        "unknown",
        "unknown_outcome",
        LOST,
    )
    assert "counted_at" not in decision.changes


async def test_after_its_deadline_it_is_looked_up_all_the_same_and_may_be_found() -> None:
    world = alone()
    world.clock.go_on(3600.5)
    world.first.on_find = in_turn(Done({"video_url": VIDEO_URL}, Decimal("0.05")))
    decision = await world.find(opened(SENT))
    assert isinstance(decision, Advance)
    assert (decision.to, decision.changes["spent_micros"]) == ("succeeded", 50_000)


async def test_after_its_deadline_the_third_lookup_that_fails_in_a_row_leaves_it_unknown() -> None:
    world = alone()
    world.clock.go_on(3600.5)
    world.first.on_find = in_turn(NotAccepted("503"))
    assert await world.find(opened(SENT, faults=1)) == Wait(20.0, fault=True)
    decision = await world.find(opened(SENT, faults=2))
    assert isinstance(decision, Advance)
    assert (decision.to, decision.changes["detail"]) == ("unknown", LOST)


async def test_where_lost_submissions_cant_be_looked_up_it_is_unknown_at_once() -> None:
    world = Alone()
    decision = await world.find(opened(SENT))
    assert isinstance(decision, Advance)
    assert (decision.to, decision.changes["failure"], decision.changes["detail"]) == (
        "unknown",
        "unknown_outcome",
        LOST,
    )
    assert world.first.lookups == []


@pytest.mark.parametrize("missing", ["provider", "key", "handle"])
async def test_what_there_is_nothing_to_look_up_with_is_unknown(missing: str) -> None:
    world = alone()
    world.keys.opened = None if missing == "key" else KEY
    job = job_in(
        "submitting",
        handle=None if missing == "handle" else "h",
        provider="gone" if missing == "provider" else "first",
    )
    decision = await world.find(opened(job))
    assert isinstance(decision, Advance)
    assert (decision.to, decision.changes["failure"]) == ("unknown", "unknown_outcome")
    assert decision.changes["detail"] == "there is no key to look it up with"
    assert world.first.lookups == []


async def test_handing_over_is_free_and_simply_done_again() -> None:
    decision = await alone().find(opened(job_in("submitting", stage="upload_video", handle="h"), faults=2))
    assert decision == Advance("queued", note="handing over is free", then=20.0)


ANNOUNCED = job_in("submitting", handle="h-1", key_id=11, send_before=1010.0)


async def test_while_another_process_may_send_it_and_its_request_may_arrive_a_denial_proves_nothing() -> None:
    world = alone()
    job = opened(ANNOUNCED)
    assert [await world.find(job) for _ in range(5)] == [Wait(LOOKUP_SECONDS)] * 5
    world.clock.go_on(10.0 + REQUEST_SECONDS + CLOCKS_DIFFER)
    assert await world.find(job) == Wait(LOOKUP_SECONDS)
    assert isinstance(job.phase, Submitting)
    assert job.phase.lookups == 0
    world.clock.go_on(0.1)
    assert [await world.find(job) for _ in range(CONFIRMATIONS)] == [
        Wait(LOOKUP_SECONDS),
        Wait(LOOKUP_SECONDS),
        Advance("queued", {"fallbacks": ()}, note="never arrived"),
    ]


async def test_while_another_process_may_send_it_it_goes_on_as_soon_as_it_is_found() -> None:
    world = alone()
    world.first.on_find = in_turn(None, Accepted("r-9"))
    job = opened(ANNOUNCED)
    await world.find(job)
    assert await world.find(job) == Advance("running", {"remote": "r-9", "submitted_at": 1000.0}, then=5.0)


async def test_whoever_has_sent_it_needs_not_wait_for_its_own_request() -> None:
    world = alone()
    world.first.on_submit = in_turn(UnknownOutcome("reset"))
    announced = await world.submit(opened(job_in("queued")))
    assert isinstance(announced, Advance)
    job = opened(ANNOUNCED, announced.phase)
    assert [await world.find(job) for _ in range(CONFIRMATIONS + 1)] == [
        *[Wait(LOOKUP_SECONDS)] * CONFIRMATIONS,
        Advance("queued", {"fallbacks": ()}, note="never arrived"),
    ]
