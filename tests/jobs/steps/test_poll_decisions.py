"""What a poll's answer makes of a job, and what a cancellation does: case by case, without a bot around it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from bot.jobs.decision import Advance, Wait
from bot.jobs.intervals import LOOKUP_SECONDS, MISSING_PATIENCE
from bot.jobs.open_job import OpenJob, Polling
from bot.net.faults import BadKey, Gone, NotAccepted, OutOfCredit
from bot.providers.base import MISSING, Answer, Credentials, Done, Failed, Waiting
from bot.words.refusals.jobs import NotCancellable, NothingToCancel
from storage.jobs.job import State
from storage.jobs.stage_times import NOT_WATCHED
from tests.jobs.steps.alone import HTTP, KEY, VIDEO_URL, Alone, job_in, named, opened
from tests.scripted import Scripted, in_turn

LEFT = 3600.0  # seconds until the deadline of a job
FREE = {
    "detail": "",
    "cost_usd": None,
    "counted_at": None,
    "spent_micros": 0,
    "charge": "free",
    "has_unnamed_costs": False,
}


def running(**values: Any) -> OpenJob:
    return opened(job_in("running", **{"remote": "r-1", "handle": "h", "submitted_at": 900.0, **values}))


def polled(decision: object) -> tuple[str, str | None, str | None]:
    assert isinstance(decision, Advance)
    return decision.to, decision.changes.get("failure"), decision.changes.get("detail")


async def test_a_stage_is_asked_about_by_its_remote_with_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    world, asked = Alone(), list[object]()

    async def poll(*given: object) -> Waiting:
        asked.append(given)
        return Waiting()

    monkeypatch.setattr(world.first, "poll", poll)
    await world.poll(running(stage="lipsync"))
    assert asked == [("lipsync", "r-1", KEY)]


async def test_the_next_poll_depends_on_how_long_the_stage_has_run() -> None:
    world = Alone()
    world.first.on_poll = in_turn(Waiting(position=4))
    job = running()
    assert await world.poll(job) == Wait(5.0)
    assert world.intervals.asked == [("first/only/1", 100.0)]
    assert job.position == 4
    await world.poll(running(submitted_at=None))
    assert world.intervals.asked[1:] == [("first/only/1", 0.0)]


async def test_how_long_a_stage_has_run_is_remembered_when_it_ends_well_and_only_then() -> None:
    world = Alone()
    world.clock.go_on(50.0)
    assert polled(await world.poll(running()))[0] == "succeeded"
    await world.poll(running(submitted_at=None))
    world.first.on_poll = in_turn(Waiting(), Failed("provider_failed"))
    await world.poll(running())
    await world.poll(running())
    assert world.intervals.ends == [("first/only/1", 150.0), ("first/only/1", 0.0)]


async def test_what_was_over_when_it_was_first_asked_about_is_noted_as_such_in_its_history() -> None:
    world, job = Alone(), running()
    decision = await world.poll(job)
    assert isinstance(decision, Advance)
    assert decision.note == NOT_WATCHED
    world.first.on_poll = in_turn(Waiting(), Done({"video_url": VIDEO_URL}))
    await world.poll(job)
    decision = await world.poll(job)
    assert isinstance(decision, Advance)
    assert decision.note == ""
    assert world.intervals.watched == [False, True]


async def test_a_stage_that_failed_costs_what_the_provider_says_and_its_key_is_looked_at() -> None:
    world = Alone()
    world.first.on_poll = in_turn(Failed("out_of_credit", "empty", Decimal("0.05")))
    decision = await world.poll(running())
    assert polled(decision) == ("failed", "out_of_credit", "empty")
    assert isinstance(decision, Advance)
    assert decision.changes["spent_micros"] == 50_000
    assert world.keys.refusals == ["out_of_credit"]


async def test_a_stage_may_run_until_the_deadline_and_not_longer() -> None:
    world = Alone()
    world.first.on_poll = in_turn(Waiting())
    world.clock.go_on(LEFT)
    assert await world.poll(running()) == Wait(5.0)
    world.clock.go_on(0.5)
    assert polled(await world.poll(running())) == ("unknown", "took_too_long", "")


async def test_after_the_deadline_a_video_that_is_made_is_taken_all_the_same() -> None:
    world = Alone()
    world.clock.go_on(LEFT + 0.5)
    assert polled(await world.poll(running()))[0] == "succeeded"


async def test_a_poll_that_fails_is_made_again_and_after_the_deadline_three_times_in_a_row_at_most() -> None:
    world = Alone()
    world.first.on_poll = in_turn(NotAccepted("503"))
    job = running()
    job.faults = 7
    assert await world.poll(job) == Wait(80.0, fault=True)
    world.clock.go_on(LEFT + 0.5)
    job.faults = 1
    assert await world.poll(job) == Wait(20.0, fault=True)
    job.faults = 2
    assert polled(await world.poll(job)) == ("unknown", "took_too_long", "")


async def test_what_a_provider_says_three_times_in_a_row_is_believed() -> None:
    world = Alone()
    world.first.on_poll = in_turn(BadKey("401"))
    job = running()
    for refusals in ([], [], ["bad_key"], ["bad_key", "bad_key"]):
        assert await world.poll(job) == Wait(10.0, fault=True)
        assert world.keys.refusals == refusals


async def test_a_job_that_its_provider_does_not_know_is_unknown_after_three_times_in_a_row() -> None:
    world = Alone()
    gone, busy = Gone("404"), NotAccepted("503")
    world.first.on_poll = in_turn(gone, gone, busy, gone, gone, Waiting(), gone, gone, gone)
    job = running()
    for _ in range(8):
        assert isinstance(await world.poll(job), Wait)
    assert world.keys.refusals == []
    assert polled(await world.poll(job)) == ("unknown", "gone", "404")
    assert world.keys.refusals == ["gone"]


async def test_different_faults_in_a_row_are_no_word_that_is_said_three_times() -> None:
    world = Alone()
    world.first.on_poll = in_turn(BadKey("401"), OutOfCredit("402"), BadKey("401"), OutOfCredit("402"))
    job = running()
    for _ in range(4):
        await world.poll(job)
    assert world.keys.refusals == []


async def test_a_missing_result_is_looked_for_again_for_ten_minutes() -> None:
    world = Alone()
    world.first.on_poll = in_turn(Failed(MISSING, "no video"))
    job = running()
    assert await world.poll(job) == Wait(LOOKUP_SECONDS)
    world.clock.go_on(MISSING_PATIENCE)
    assert await world.poll(job) == Wait(LOOKUP_SECONDS)
    assert world.keys.refusals == []
    world.clock.go_on(0.5)
    assert polled(await world.poll(job)) == ("unknown", "result_missing", "no video")
    assert world.keys.refusals == [MISSING]


async def test_a_missing_result_is_looked_for_until_the_deadline_at_most() -> None:
    world = Alone()
    world.first.on_poll = in_turn(Failed(MISSING, "no video"))
    world.clock.go_on(LEFT)
    job = running()
    assert await world.poll(job) == Wait(LOOKUP_SECONDS)
    world.clock.go_on(0.5)
    assert polled(await world.poll(job)) == ("unknown", "result_missing", "no video")


async def test_a_status_word_that_no_document_knows_is_logged_once_for_each_provider(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = Alone()
    world.first.on_poll = world.second.on_poll = in_turn(Waiting(word="Simmering" + 60 * "g"))
    with caplog.at_level(logging.WARNING):
        for provider in ("first", "first", "second"):
            await world.poll(running(provider=provider))
        world.first.on_poll = in_turn(Waiting())
        await world.poll(running())
    assert [record.args for record in caplog.records] == [
        (provider, "Simmering" + 41 * "g") for provider in ("first", "second")
    ]


async def test_a_job_in_another_phase_is_polled_from_the_beginning() -> None:
    world = Alone()
    world.first.on_poll = in_turn(Waiting(position=2))
    job = running()
    job.phase = opened(job_in("queued")).phase
    await world.poll(job)
    assert job.phase == Polling(position=2, watched=True)


async def test_it_is_told_of_an_end_whether_the_job_was_seen_under_way_before() -> None:
    world = Alone()
    await world.poll(running())
    job = running()
    world.first.on_poll = in_turn(Waiting(), Done({"video_url": VIDEO_URL}))
    await world.poll(job)
    await world.poll(job)
    assert world.intervals.watched == [False, True]


@pytest.mark.parametrize("missing", ["provider", "key", "remote"])
async def test_without_provider_key_or_remote_nothing_is_asked(missing: str, caplog: pytest.LogCaptureFixture) -> None:
    world = Alone()
    world.keys.opened = None if missing == "key" else KEY
    job = running(provider="gone") if missing == "provider" else running()
    if missing == "remote":
        job = running(remote=None)
    with caplog.at_level(logging.INFO):
        assert await world.poll(job) == Wait(10.0, fault=True)
    assert "not_accepted: no key to ask with; again later" in caplog.text
    assert isinstance(job.phase, Polling)
    assert job.phase.same_fault == ("not_accepted", 1)
    assert world.first.polls == []


async def test_a_finished_jobs_result_is_asked_for_anew() -> None:
    world = Alone()
    job = job_in("succeeded", section=2, remote="r-1", yields={"1:video_url": "a", "2:video_url": "b"})
    assert await world.poll.yields_again(job) == {"1:video_url": "a", "2:video_url": VIDEO_URL}
    world.first.on_poll = in_turn(Waiting())
    assert await world.poll.yields_again(job) == job.yields
    assert await world.poll.http(job) is HTTP


@pytest.mark.parametrize("state", ["held", "queued"])
@pytest.mark.parametrize(("by", "code"), [(42, "cancelled"), (7, "cancelled_by_moderator")])
async def test_a_job_that_was_not_sent_is_cancelled_free_of_charge_and_it_is_told_by_whom(
    state: State, by: int, code: str
) -> None:
    world = Alone()
    assert await world.poll.cancel(opened(job_in(state)), by=by) == Advance(
        "cancelled", {"failure": code, **FREE}, by=by
    )
    assert world.first.polls == []


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled", "unknown"])
async def test_there_is_nothing_to_cancel_once_a_job_has_ended(state: State) -> None:
    with pytest.raises(NothingToCancel, match="LS-"):
        await Alone().poll.cancel(opened(job_in(state)), by=42)


class Stoppable(Scripted):
    """Can be stopped, as a test says."""

    can_cancel = True
    answer: bool | Exception = True

    async def cancel(self, stage: str, remote: str, credentials: Credentials) -> bool:
        assert (stage, remote, credentials) == ("only", "r-1", KEY)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def stoppable(answer: bool | Exception) -> Alone:
    provider = named("first", Stoppable)
    assert isinstance(provider, Stoppable)
    provider.answer = answer
    return Alone(first=provider)


async def test_a_running_job_is_cancelled_only_when_its_provider_has_stopped_it() -> None:
    decision = await stoppable(True).poll.cancel(running(), by=42)
    assert polled(decision) == ("cancelled", "cancelled", "")


@pytest.mark.parametrize("answer", [False, NotAccepted("503")])
async def test_what_can_not_be_known_to_be_stopped_is_not_cancelled(answer: bool | Exception) -> None:
    with pytest.raises(NotCancellable, match="First has already started on LS-"):
        await stoppable(answer).poll.cancel(running(), by=42)


async def test_a_provider_that_stops_nothing_is_not_asked_to() -> None:
    with pytest.raises(NotCancellable, match="First"):
        await Alone().poll.cancel(running(), by=42)


@pytest.mark.parametrize("missing", ["provider", "key", "remote"])
async def test_without_provider_key_or_remote_a_running_job_cant_be_stopped(missing: str) -> None:
    world = stoppable(True)
    world.keys.opened = None if missing == "key" else KEY
    job = running(provider="gone") if missing == "provider" else running()
    if missing == "remote":
        job = running(remote=None)
    with pytest.raises(NotCancellable, match="gone" if missing == "provider" else "First"):
        await world.poll.cancel(job, by=42)


class Together(Scripted):
    """Answers about two stages in one call, as often as it was let."""

    polls_at_once = 2

    def __init__(self, url: str, stages: tuple[str, ...] = ("only",)) -> None:
        super().__init__(url, stages)
        self.asked: list[tuple[list[str], Credentials]] = []
        self.calls = asyncio.Semaphore(0)
        self.answers: Mapping[str, Answer] = {}
        self.fault: Exception | None = None

    async def poll_many(self, remotes: Sequence[str], credentials: Credentials) -> Mapping[str, Answer]:
        self.asked.append((list(remotes), credentials))
        await self.calls.acquire()
        if self.fault:
            raise self.fault
        return {remote: self.answers.get(remote, Waiting()) for remote in remotes if remote != "left out"}


def together() -> tuple[Alone, Together]:
    provider = named("first", Together)
    assert isinstance(provider, Together)
    return Alone(first=provider), provider


async def begun(world: Alone, *jobs: OpenJob) -> list[asyncio.Task[object]]:
    tasks: list[asyncio.Task[object]] = [asyncio.ensure_future(world.poll(job)) for job in jobs]
    await quiet()
    return tasks


async def quiet() -> None:
    """Let everybody come as far as they can."""
    for _ in range(9):
        await asyncio.sleep(0)


def let(provider: Together, calls: int = 99) -> None:
    for _ in range(calls):
        provider.calls.release()


async def test_jobs_of_one_key_are_asked_about_together_as_many_as_fit_and_each_once() -> None:
    world, provider = together()
    jobs = [running(remote=f"r-{number}") for number in range(6)]
    provider.answers = {"r-0": Failed("provider_failed"), "r-5": Done({"video_url": VIDEO_URL})}
    tasks = await begun(world, *jobs)
    let(provider)
    decisions = await asyncio.gather(*tasks)
    assert provider.asked == [(["r-0"], KEY), (["r-1", "r-2"], KEY), (["r-3", "r-4"], KEY), (["r-5"], KEY)]
    assert [polled(decisions[number])[0] for number in (0, 5)] == ["failed", "succeeded"]
    assert decisions[1:5] == [Wait(5.0)] * 4


async def test_keys_and_providers_are_never_asked_about_together() -> None:
    world, provider = together()
    tasks = await begun(world, running(remote="r-0", key_id=1), running(remote="r-1", key_id=2))
    assert [remotes for remotes, _ in provider.asked] == [["r-0"], ["r-1"]]
    let(provider)
    await asyncio.gather(*tasks)


async def test_whoever_comes_late_is_part_of_its_own_call_though_others_wait_longer() -> None:
    world, provider = together()
    tasks = await begun(world, *(running(remote=f"r-{number}") for number in range(4)))
    tasks[1].cancel()
    tasks[2].cancel()
    let(provider)
    assert await tasks[3] == Wait(5.0)
    assert provider.asked[-1][0][-1] == "r-3"


async def test_a_fault_of_the_one_call_is_everybodys_and_what_it_says_nothing_about_is_asked_again() -> None:
    world, provider = together()
    let(provider)
    assert await world.poll(running(remote="left out")) == Wait(10.0, fault=True)
    provider.fault = Gone("404")
    job = running()
    for _ in range(2):
        assert await world.poll(job) == Wait(10.0, fault=True)
    assert polled(await world.poll(job)) == ("unknown", "gone", "404")


async def test_a_call_that_is_given_up_leaves_nobody_waiting(caplog: pytest.LogCaptureFixture) -> None:
    world, provider = together()
    first, second, third = await begun(world, *(running(remote=f"r-{number}") for number in range(3)))
    let(provider, 1)
    assert await first == Wait(5.0)
    await quiet()
    assert [remotes for remotes, _ in provider.asked] == [["r-0"], ["r-1", "r-2"]]
    second.cancel()
    with caplog.at_level(logging.INFO):
        async with asyncio.timeout(60):
            assert await third == Wait(10.0, fault=True)
    assert "not_accepted: the call was given up; again later" in caplog.text
