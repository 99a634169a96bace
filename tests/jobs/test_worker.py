"""The worker: many jobs, bad providers, lost answers, deadlines, and flows of several calls."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from bot.jobs.steps.poll import MOST_WORDS
from bot.net.faults import BadKey, Gone, NotAccepted, ProviderError, RateLimited, UnknownOutcome
from bot.providers.base import Accepted, Done, Waiting
from tests.scripted import Findable, Scripted, in_turn, outcome, row, scripted, start, until
from tests.world import World


async def test_fifty_jobs_at_a_provider_that_misbehaves_all_end_and_none_is_paid_twice(world: World) -> None:
    await world.add_key()
    faults = world.sandbox.faults
    world.sandbox.runs.queue_seconds = world.sandbox.runs.work_seconds = 0.02
    faults.add("answer", "POST", "*/models/*", status=429, times=10, headers={"Retry-After": "3"})
    faults.add("answer", "POST", "*/models/*", status=429, times=5)
    faults.add("answer", "POST", "*/models/*", status=500, times=3)
    faults.add("cut after", "POST", "*/models/*", times=3)
    faults.add("truncate", "POST", "*/models/*", times=2)
    for status in (500, 502, 503, 429):
        faults.add("answer", "GET", "*/status", status=status, times=10)
    faults.add("answer", "GET", "*/status", status=200, body="<html>", times=10)
    faults.add("cut before", "GET", "*/status", times=10)
    faults.add("drip", "GET", "*/result", times=5)
    faults.add("answer", "GET", "*/files/*", status=503, times=5)
    await asyncio.gather(*(start(world, number, "runcomfy") for number in range(50)))
    await world.quiet(90)
    posts = [world.outcomes(thread) for thread in world.channel.threads]
    assert [len(found) for found in posts] == [1] * 50
    with_video = sum(bool(found[0].attachments) for found in posts)
    unknown = sum("can't tell whether it took the job" in found[0].content for found in posts)
    assert (with_video, unknown) == (42, 8)
    assert len(world.sandbox.runs.ledger) == 42 + 5  # three cuts and two torn answers were accepted, the 500s were not
    assert len({run.id for run in world.sandbox.runs.ledger}) == len(world.sandbox.runs.ledger)


async def test_a_provider_that_hangs_delays_no_other_providers_jobs(world: World) -> None:
    await world.add_key()
    stuck = scripted(world)
    forever = asyncio.Event()
    stuck.on_submit = lambda _: forever.wait()
    for number in range(100):
        await start(world, number)
    await start(world, 500, "runcomfy")
    await until(lambda: any(world.outcomes(thread) for thread in world.channel.threads))
    assert 1 < len(stuck.submits) < 100  # bounded, and still hanging
    stuck.on_submit = lambda _: Accepted("later")
    forever.set()


async def test_three_calls_run_in_order_and_each_gets_what_the_earlier_ones_yielded(world: World) -> None:
    provider = scripted(world, Scripted, "face", "speech", "lipsync")
    job = await start(world)
    assert (await outcome(world)).attachments
    assert [call.stage for call in provider.submits] == ["face", "speech", "lipsync"]
    assert provider.submits[2].yields == {"face_id": "id-of-face", "speech_id": "id-of-speech"}
    assert len({call.handle for call in provider.submits}) == 3
    assert [remote for _, remote in provider.polls] == ["remote-face", "remote-speech", "remote-lipsync"]
    assert (await row(world, job)).cost_usd == Decimal("0.02")


async def test_a_call_that_answers_at_once_needs_no_poll(world: World) -> None:
    provider = scripted(world, Scripted, "face", "lipsync")
    provider.on_submit = lambda call: (
        Done({"session_id": "850508686686064678"}) if call.stage == "face" else Accepted("r")
    )
    await start(world)
    assert (await outcome(world)).attachments
    assert [stage for stage, _ in provider.polls] == ["lipsync"]
    assert provider.submits[1].yields == {"session_id": "850508686686064678"}


async def test_proof_of_non_acceptance_is_tried_again_with_the_same_handle(world: World) -> None:
    provider = scripted(world)
    provider.on_submit = in_turn(NotAccepted("refused"), RateLimited("slow", 5.0), Accepted("r"))
    await start(world)
    assert (await outcome(world)).attachments
    assert len(provider.submits) == 3
    assert len({call.handle for call in provider.submits}) == 1


async def test_an_unknown_outcome_is_never_sent_again_and_says_so(world: World) -> None:
    provider = scripted(world)
    provider.on_submit = in_turn(UnknownOutcome("read timeout"))
    job = await start(world)
    said = (await outcome(world)).content
    assert "I won't send it again" in said
    assert "is not known" in said
    assert len(provider.submits) == 1
    assert (await row(world, job)).state == "unknown"


async def test_a_lost_submission_is_found_again_where_the_provider_can_look_it_up(world: World) -> None:
    provider = scripted(world, Findable)
    provider.on_submit = in_turn(UnknownOutcome("reset"))
    provider.on_find = in_turn(None, NotAccepted("503"), Accepted("found"))
    await start(world)
    assert (await outcome(world)).attachments
    assert len(provider.submits) == 1
    assert provider.lookups == [provider.submits[0].handle] * 3
    assert provider.polls[-1] == ("only", "found")


async def test_only_a_submission_that_stays_unknown_to_the_provider_is_sent_again(world: World) -> None:
    provider = scripted(world, Findable)
    provider.on_submit = in_turn(UnknownOutcome("reset"), Accepted("second try"))
    await start(world)
    assert (await outcome(world)).attachments
    assert len(provider.lookups) == 3
    assert len({call.handle for call in provider.submits}) == 1


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (BadKey("401"), "doesn't accept this server's key"),
        (Gone("404"), "doesn't know this job"),
    ],
)
async def test_a_definite_refusal_ends_the_job_uncharged(world: World, fault: ProviderError, sentence: str) -> None:
    provider = scripted(world)
    provider.on_submit = in_turn(fault)
    await start(world)
    said = (await outcome(world)).content
    assert sentence in said
    assert "Nothing was charged." in said
    assert len(provider.submits) == 1


async def test_a_job_that_the_provider_never_takes_ends_at_its_deadline_uncharged(world: World) -> None:
    provider = scripted(world)
    provider.on_submit = in_turn(RateLimited("busy", 20.0))
    await start(world)
    await until(lambda: provider.submits)
    world.clock.skipped += 3600
    said = (await outcome(world)).content
    assert "couldn't bring this to" in said
    assert "Nothing was charged." in said


async def test_a_run_that_never_ends_is_unknown_at_its_deadline(world: World) -> None:
    provider = scripted(world)
    provider.on_poll = lambda *_: Waiting()
    job = await start(world)
    await until(lambda: provider.polls)
    world.clock.skipped += 3600
    await world.quiet()
    assert "It may still finish and charge" in world.outcomes()[0].content
    assert (await row(world, job)).state == "unknown"


async def test_a_run_that_ended_while_the_bot_was_away_too_long_is_delivered(world: World) -> None:
    provider = scripted(world)
    finished = provider.on_poll("only", "")
    provider.on_poll = lambda *_: Waiting()
    await start(world)
    await until(lambda: provider.polls)
    provider.on_poll = lambda *_: finished
    world.clock.skipped += 7200
    assert (await outcome(world)).attachments


async def test_a_late_run_is_asked_about_more_than_once_where_asking_fails(world: World) -> None:
    provider = scripted(world)
    finished = provider.on_poll("only", "")
    provider.on_poll = lambda *_: Waiting()
    await start(world)
    await until(lambda: provider.polls)
    provider.on_poll = in_turn(RateLimited("429", 1.0), NotAccepted("503"), finished)
    world.clock.skipped += 7200
    assert (await outcome(world)).attachments


async def test_a_late_run_about_which_nobody_answers_is_unknown(world: World) -> None:
    provider = scripted(world)
    provider.on_poll = lambda *_: Waiting()
    job = await start(world)
    await until(lambda: provider.polls)
    provider.on_poll = in_turn(NotAccepted("503"))
    world.clock.skipped += 7200
    await world.quiet()
    assert (await row(world, job)).state == "unknown"


@pytest.mark.parametrize(("found", "state"), [(Accepted("found"), "succeeded"), (None, "unknown")])
async def test_a_lost_submission_is_looked_up_once_more_when_it_is_late(
    world: World, found: Accepted | None, state: str
) -> None:
    provider = scripted(world, Findable)
    provider.on_submit = in_turn(UnknownOutcome("reset"))
    provider.on_find = in_turn(NotAccepted("503"))
    job = await start(world)
    await until(lambda: provider.lookups)
    provider.on_find = in_turn(found)
    world.clock.skipped += 7200
    await world.quiet()
    assert (await row(world, job)).state == state
    assert len(provider.submits) == 1


async def test_a_run_is_gone_only_when_the_provider_says_so_repeatedly(world: World) -> None:
    provider = scripted(world)
    finished = provider.on_poll("only", "")
    provider.on_poll = in_turn(Gone("404"), Gone("404"), finished)
    await start(world)
    assert (await outcome(world)).attachments
    provider.on_poll = in_turn(Gone("404"))
    job = await start(world, 2)
    await world.quiet()
    assert (await row(world, job)).state == "unknown"


async def test_a_key_that_goes_bad_while_a_run_goes_on_does_not_end_it(world: World) -> None:
    provider = scripted(world)
    finished = provider.on_poll("only", "")
    provider.on_poll = in_turn(BadKey("401"), BadKey("401"), finished)
    await start(world)
    assert (await outcome(world)).attachments


async def test_a_dead_link_is_replaced_by_a_fresh_one(world: World) -> None:
    provider = scripted(world)
    finished = provider.on_poll("only", "")
    provider.on_poll = in_turn(Done({"video_url": f"{world.sandbox.url}/files/expired.mp4"}), finished)
    await start(world)
    assert (await outcome(world)).attachments


async def test_a_video_that_cannot_be_had_ends_in_a_sentence(world: World) -> None:
    provider = scripted(world)
    provider.on_poll = lambda *_: Done({"video_url": f"{world.sandbox.url}/files/never.mp4"})
    await start(world)
    assert "couldn't download it" in (await outcome(world)).content


async def test_a_fault_of_ours_in_one_job_ends_no_other(world: World) -> None:
    await world.add_key()
    provider = scripted(world)
    provider.on_poll = in_turn(ZeroDivisionError("a bug"), Waiting(), provider.on_poll("only", ""))
    await start(world)
    await start(world, 2, "runcomfy")
    await world.quiet()
    assert all(world.outcomes(thread)[0].attachments for thread in world.channel.threads)


async def test_a_removed_key_ends_jobs_that_were_not_sent_yet(world: World) -> None:
    await world.add_key()
    world.sandbox.faults.add("answer", "POST", "*/models/*", status=429, times=99)
    await world.text()
    await world.moderator.slash(world.channel, "lipsync-admin key remove", provider="runcomfy")
    said = (await outcome(world)).content
    assert "I have no key of this server" in said
    assert "Nothing was charged." in said


async def test_the_same_interaction_delivered_twice_makes_one_job(world: World) -> None:
    scripted(world)
    results = await asyncio.gather(start(world, 1), start(world, 1), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["AlreadyAsked", "Job"]
    await world.quiet()
    assert len(world.channel.threads) == 1


async def test_a_draining_worker_accepts_nothing_more(world: World) -> None:
    scripted(world)
    await world.client.services.worker.drain()
    with pytest.raises(Exception, match="I'm being restarted"):
        await start(world)


async def test_a_status_word_that_no_document_knows_is_logged_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    provider = scripted(world)
    strange, done = Waiting(word="pondering"), provider.on_poll("only", "")
    for number in range(2):
        provider.on_poll = in_turn(strange, strange, done)
        await start(world, number)
        await world.quiet()
    assert [record.message for record in caplog.records if "pondering" in record.message] == [
        "scripted says 'pondering', which no document knows; taken as still running"
    ]


async def test_of_a_provider_that_always_says_another_word_a_few_are_remembered(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    provider = scripted(world)
    words, done = (
        [f"{number} pondering {'x' * 10_000}" for number in range(3 * MOST_WORDS)],
        provider.on_poll("only", ""),
    )
    provider.on_poll = in_turn(*(Waiting(word=word) for word in words), done)
    await start(world)
    await world.quiet()
    told = [record.message for record in caplog.records if "pondering" in record.message]
    assert len(told) == MOST_WORDS
    assert max(map(len, told)) < 200
