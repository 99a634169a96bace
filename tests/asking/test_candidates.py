"""Which provider is taken, what stands against the others, and what happens when the first one doesn't take it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.domain.ask import Ask, Asker, Place
from bot.domain.fixes import Fixes
from bot.domain.media_facts import MediaFacts
from bot.domain.request import Media
from bot.fair_queue import Owned
from bot.jobs import intervals
from bot.jobs.intervals import CALL_SECONDS
from bot.jobs.steps import submit
from bot.jobs.steps.submit import Submit
from bot.net.faults import (
    BadKey,
    ContentRefused,
    Gone,
    InputRejected,
    NotAccepted,
    OutOfCredit,
    RateLimited,
    UnknownOutcome,
    Unwritable,
)
from bot.providers.base import Accepted, Done, Failed, Submission
from bot.words import job_details
from tests.canned import canned_look, hold_work
from tests.scripted import CLIP, Findable, Scripted, in_turn, outcome, row, scripted, start, started, until
from tests.world import World, answer

RUNNINGHUB = ["rh-canary-0001", "ai"]


def two(world: World) -> tuple[Scripted, Scripted]:
    return scripted(world, name="first"), scripted(world, name="second")


def facts_of_the_clip(world: World, **changes: Any) -> None:
    """Let the bot find something else in clips."""

    async def look(media: Media, into: Path, owner: Owned) -> MediaFacts:
        found = await canned_look(media, into, owner)
        values = {
            **{field: getattr(found, field) for field in MediaFacts.__slots__},
            **(changes if found.width else {}),
        }
        return MediaFacts(**values)

    world.parts.incoming.look = look  # type: ignore[method-assign]


async def test_the_first_key_in_the_servers_order_is_taken(world: World) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    await world.add_key()
    said = answer(await world.moderator.slash(world.channel, "lipsync-admin key list"))
    assert said.index("RunningHub") < said.index("RunComfy")
    moved = await world.moderator.slash(world.channel, "lipsync-admin key order", provider="runcomfy", place=1)
    assert answer(moved).index("RunComfy") < answer(moved).index("RunningHub")
    await world.text(text="A line that is long enough to be spoken.")
    await world.quiet()
    assert [run.account for run in world.sandbox.runs.ledger] == ["rc-canary-key-0001"]


async def test_what_the_first_cannot_do_goes_to_the_next(world: World) -> None:
    await world.add_key()
    await world.fill_key_form("runninghub", RUNNINGHUB)
    facts_of_the_clip(world, seconds=12.4)
    await world.text(text="A line that is long enough to be spoken.")
    await world.quiet()
    assert {run.account for run in world.sandbox.runs.ledger} == {"rh-canary-0001"}


async def test_a_refusal_says_of_each_provider_everything_that_stands_against_it(world: World) -> None:
    await world.add_key()
    await world.fill_key_form("runninghub", RUNNINGHUB)
    facts_of_the_clip(world, seconds=75.0, width=640, height=360)
    said = await world.text(text="x" * 130)
    runcomfy = next(line for line in said.splitlines() if "**RunComfy**" in line)
    assert "it takes sides of 720 to 1920 pixels, and the clip has 640×360" in runcomfy
    assert "it speaks at most 120 characters at once, and this text has 130" in runcomfy
    runninghub = next(line for line in said.splitlines() if "**RunningHub**" in line)
    assert "it takes clips of 2 to 60 s, and this one has 75.0 s" in runninghub
    assert "characters" not in runninghub
    assert world.sandbox.runs.ledger == []


async def test_a_provider_that_was_asked_for_is_the_only_one_tried(world: World) -> None:
    first, second = two(world)
    first.on_submit = in_turn(OutOfCredit("402"))
    await start(world, provider="first")
    assert "is out of credit" in (await outcome(world)).content
    assert second.submits == []


@pytest.mark.parametrize(
    "fault", [NotAccepted("refused"), RateLimited("429", 600), BadKey("401"), OutOfCredit("402"), InputRejected("422")]
)
async def test_on_proof_that_it_was_not_taken_the_next_one_is_tried(world: World, fault: Exception) -> None:
    first, second = two(world)
    first.on_submit = in_turn(fault)
    job = await start(world, provider=None)
    assert (await outcome(world)).attachments
    assert (len(first.submits), len(second.submits)) == (1, 1)
    assert (await row(world, job)).provider == "second"
    assert "second" in world.card_text().lower() or "Done" in world.card_text()


async def test_where_the_bots_own_disk_is_full_no_other_is_tried(world: World) -> None:
    first, second = two(world)
    first.on_submit = in_turn(Unwritable("the disk takes no more"), Accepted("r"))
    await start(world, provider=None)
    assert (await outcome(world)).attachments
    assert (len(first.submits), len(second.submits)) == (2, 0)


@pytest.mark.parametrize("fault", [UnknownOutcome("cut"), ContentRefused("1301"), Gone("404")])
async def test_on_doubt_or_a_refused_content_no_other_is_tried(world: World, fault: Exception) -> None:
    first, second = two(world)
    first.on_submit = in_turn(fault)
    await start(world, provider=None)
    assert not (await outcome(world)).attachments
    assert (len(first.submits), len(second.submits)) == (1, 0)


async def test_once_a_stage_may_have_cost_something_no_other_provider_is_tried(world: World) -> None:
    first, second = scripted(world, Scripted, "face", "lipsync", name="first"), scripted(world, name="second")
    paid = Done({"session_id": "1"}, Decimal("0.01"))
    first.on_submit = lambda call: paid if call.stage == "face" else InputRejected("no")
    await start(world, provider=None)
    assert "First charged $0.01." in (await outcome(world)).content
    assert second.submits == []


async def test_after_a_stage_that_was_accepted_and_failed_at_once_no_other_is_tried(world: World) -> None:
    first, second = scripted(world, Scripted, "face", "lipsync", name="first"), scripted(world, name="second")
    first.on_submit = in_turn(Failed("input_rejected", "no face found in the clip"))
    job = await start(world, provider=None)
    said = (await outcome(world)).content
    assert "First can't use this clip" in said
    assert "Whether First charges for it is not known" in said
    assert second.submits == []
    ended = await row(world, job)
    assert (ended.state, ended.failure) == ("failed", "input_rejected")
    assert ended.counted_at is not None


async def test_what_an_accepted_stage_says_of_its_cost_is_told(world: World) -> None:
    first = scripted(world, name="first")
    first.on_submit = in_turn(Failed("input_rejected", cost_usd=Decimal("0.007")))
    await start(world, provider=None)
    assert "First charged $0.007." in (await outcome(world)).content


async def test_a_stage_that_is_done_and_yielded_nothing_may_have_cost_something_too(world: World) -> None:
    first, second = scripted(world, Scripted, "face", "lipsync", name="first"), scripted(world, name="second")
    first.on_submit = lambda call: Done({}) if call.stage == "face" else InputRejected("no")
    await start(world, provider=None)
    assert "First charges for the steps that were done before." in (await outcome(world)).content
    assert second.submits == []


async def test_two_busy_providers_are_tried_in_turn_and_neither_before_it_allowed(world: World) -> None:
    first, second = two(world)
    times: dict[str, list[float]] = {"first": [], "second": []}

    def busy(name: str, wait: float) -> Any:
        def reply(_: Submission) -> object:
            times[name].append(world.clock.monotonic())
            return RateLimited("429", wait) if len(times[name]) == 1 else Accepted("r")

        return reply

    first.on_submit, second.on_submit = busy("first", 120.0), busy("second", 300.0)
    await start(world, provider=None)
    assert (await outcome(world)).attachments
    assert times["second"][0] - times["first"][0] < 60
    assert times["first"][1] - times["first"][0] >= 120
    assert len(times["second"]) == 1


async def test_two_busy_providers_are_given_up_at_the_deadline(world: World) -> None:
    first, second = two(world)
    first.on_submit = second.on_submit = in_turn(RateLimited("429", 20.0))
    await start(world, provider=None)
    for times in (1, 2):
        await until(lambda times=times: len(second.submits) >= times)  # type: ignore[misc]
        world.clock.skipped += 0.6 * CALL_SECONDS
    assert "couldn't bring this to" in (await outcome(world)).content


async def test_a_provider_that_makes_it_in_parts_gets_the_time_for_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.fill_key_form("runninghub", RUNNINGHUB)
    await world.add_key()
    monkeypatch.setattr(world.parts.providers["runninghub"], "submit", refuse)
    place, video = Place(world.guild.id, world.channel.id, ""), CLIP.model_copy(update={"url": world.sandbox.url})
    text, fixes = "This is a sentence. " * 15, Fixes(frozenset({"split"}))
    ask = Ask(place, Asker(world.member.id), 9000, video, text=text, voice="en:AOT", fixes=fixes)
    job = await started(world, ask)
    assert job.deadline_at == job.created_at + CALL_SECONDS
    await world.quiet()
    turned = await row(world, job)
    assert turned.provider == "runcomfy"
    calls = len(turned.request.calls)
    assert calls > 1
    assert turned.deadline_at == job.created_at + calls * CALL_SECONDS


async def refuse(_: Submission) -> None:
    raise OutOfCredit("402")


async def test_a_provider_that_asks_for_an_endless_wait_is_tried_again_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in (intervals, submit):
        monkeypatch.setattr(user, "LONGEST_RETRY_AFTER", 60.0)
    first, second = two(world)
    first.on_submit = in_turn(RateLimited("429", float("inf")), Accepted("r"))
    second.on_submit = in_turn(NotAccepted("down"))
    await start(world, provider=None)
    assert (await outcome(world)).attachments
    assert len(first.submits) == 2


async def test_after_a_lost_submission_no_other_provider_is_tried(world: World) -> None:
    first, second = scripted(world, Findable, name="first"), scripted(world, name="second")
    first.on_submit = in_turn(UnknownOutcome("cut"), RateLimited("429", 1), Accepted("r"))
    await start(world, provider=None)
    assert (await outcome(world)).attachments
    assert second.submits == []
    assert len(first.lookups) == 3


async def test_a_job_whose_key_was_replaced_while_it_was_being_refused_goes_on_with_the_new_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.add_key("rc-the-older-0001")
    refuse, send = [True], Submit._sent

    async def refused_once(submit: Submit, job: Any, provider: Any, call: Submission) -> Any:
        if refuse.pop() if refuse else False:
            await world.add_key("rc-the-newer-0002")
            raise BadKey("401")
        return await send(submit, job, provider, call)

    monkeypatch.setattr(Submit, "_sent", refused_once)
    await world.text()
    assert (await outcome(world)).attachments
    assert [run.account for run in world.sandbox.runs.ledger] == ["rc-the-newer-0002"]


async def test_the_cheapest_is_taken_where_the_server_wants_that(world: World) -> None:
    first, second, third = (scripted(world, name=name) for name in ("first", "second", "third"))
    first.asks, second.asks, third.asks = None, Decimal("0.2"), Decimal("0.1")
    said = await world.moderator.slash(world.channel, "lipsync-admin key choose", take="cheapest")
    assert answer(said)
    third.on_submit = in_turn(NotAccepted("down"))
    job = await start(world, provider=None)
    await outcome(world)
    assert (len(third.submits), len(second.submits), len(first.submits)) == (1, 1, 0)
    assert (await row(world, job)).provider == "second"


async def test_a_key_that_is_refused_is_switched_off_and_its_moderators_are_told_once(world: World) -> None:
    await world.add_key()
    world.sandbox.faults.add("answer", "POST", "*/models/*", status=401, body="{}", times=1)
    await world.text()
    said = (await outcome(world)).content
    assert "doesn't accept this server's key" in said
    assert "Nothing was charged." in said
    assert "**Switched off**: the provider doesn't accept it" in answer(
        await world.moderator.slash(world.channel, "lipsync-admin key list")
    )
    refused = await world.text()
    assert "switched off: RunComfy (the provider doesn't accept it). Nothing was charged." in refused
    await until(lambda: told(world))
    assert len(told(world)) == 1
    assert "RunComfy key ending **…0001**" in told(world)[0]
    tested = await world.moderator.slash(world.channel, "lipsync-admin key test", provider="runcomfy")
    assert "works, and is switched on" in answer(tested)
    assert "is on its way" in await world.text()
    await world.quiet()
    assert len(told(world)) == 1


async def test_a_key_without_credit_is_switched_off_and_the_next_provider_makes_the_video(world: World) -> None:
    await world.add_key("rc-poor-0001")
    await world.fill_key_form("runninghub", RUNNINGHUB)
    await world.text(text="A line that is long enough to be spoken.")
    assert (await outcome(world)).attachments
    listed = answer(await world.moderator.slash(world.channel, "lipsync-admin key list"))
    assert "**Switched off**: its account is out of credit" in listed
    await until(lambda: told(world))


async def test_a_test_that_fails_leaves_the_key_switched_off(world: World) -> None:
    await world.add_key()
    world.sandbox.faults.add("answer", "POST", "*/models/*", status=401, body="{}", times=1)
    await world.text()
    await world.quiet()
    world.sandbox.faults.add("answer", "GET", "*/models/*", status=401, body="{}", times=1)
    tested = await world.moderator.slash(world.channel, "lipsync-admin key test", provider="runcomfy")
    assert "RunComfy refused it" in answer(tested)
    assert "switched off" in await world.text()


async def test_polls_that_are_refused_again_and_again_switch_the_key_off_too(world: World) -> None:
    await world.add_key()
    world.sandbox.faults.add("answer", "GET", "*/result*", status=402, body="{}", times=4)
    await world.text()
    await until(lambda: told(world))
    await world.quiet()
    assert "its account is out of credit" in told(world)[0]


async def test_one_refused_poll_does_not_switch_a_key_off(world: World) -> None:
    await world.add_key()
    world.sandbox.faults.add("answer", "GET", "*/status", status=403, body="<html>blocked</html>", times=2)
    await world.text()
    assert (await outcome(world)).attachments
    assert "Switched off" not in answer(await world.moderator.slash(world.channel, "lipsync-admin key list"))


async def test_a_replaced_key_finishes_the_jobs_that_it_started(world: World) -> None:
    go_on = hold_work(world.sandbox.runs)
    await world.add_key("rc-the-older-0001")
    await world.text()
    await until(lambda: world.sandbox.runs.ledger)
    await world.add_key("rc-the-newer-0002")
    assert await stored_hints(world) == ["0001", "0002"]
    go_on.set()
    assert (await outcome(world)).attachments
    await until_stored(world, ["0002"])


async def test_a_removed_key_finishes_the_jobs_that_it_started_and_is_then_erased(world: World) -> None:
    go_on = hold_work(world.sandbox.runs)
    await world.add_key()
    await world.text()
    await until(lambda: world.sandbox.runs.ledger)
    removed = await world.moderator.slash(world.channel, "lipsync-admin key remove", provider="runcomfy")
    assert "It is erased when the last job that it started has ended." in answer(removed)
    assert "no provider key" in await world.text()
    go_on.set()
    assert (await outcome(world)).attachments
    await until_stored(world, [])


async def test_voices_are_those_that_the_servers_own_providers_accept(world: World) -> None:
    offered = await world.member.autocomplete(world.channel, "lipsync text", "voice", "")
    assert offered == []
    await world.add_key()
    sunny = await world.member.autocomplete(world.channel, "lipsync text", "voice", "sunny")
    assert [choice["value"] for choice in sunny] == ["en:genshin_vindi2"]
    await world.fill_key_form("runninghub", RUNNINGHUB)
    sunny = await world.member.autocomplete(world.channel, "lipsync text", "voice", "sunny")
    assert [choice["value"] for choice in sunny] == ["en:genshin_vindi2", "zh:genshin_vindi2", "zh:ai_kaiya"]


async def test_providers_are_offered_by_the_servers_keys_with_auto_first(world: World) -> None:
    await world.add_key()
    offered = await world.member.autocomplete(world.channel, "lipsync text", "provider", "")
    assert [choice["value"] for choice in offered] == ["auto", "runcomfy"]
    assert "is on its way" in await world.text(provider="auto")
    await world.quiet()


def told(world: World) -> list[str]:
    """What the moderator was sent directly."""
    sent = [
        call.json["content"]
        for call in world.env.http_requests
        if call.method == "POST" and call.path.endswith("/messages") and isinstance(call.json, dict)
    ]
    return [text for text in sent if text and "is switched off" in text]


async def stored_hints(world: World) -> list[str]:
    rows = await world.parts.database.rows("SELECT hint FROM keys ORDER BY id")
    return [row["hint"] for row in rows]


async def until_stored(world: World, hints: list[str]) -> None:
    """Wait for the keys that are to be left: one is erased right after its last job was closed."""

    async def left() -> bool:
        return await stored_hints(world) == hints

    await until(left)


async def test_what_another_provider_would_have_asked_is_reserved_and_not_reported_as_spent(world: World) -> None:
    first, second = two(world)
    first.asks = Decimal("0.14")
    first.on_submit = in_turn(InputRejected("no"))
    second.on_poll = in_turn(Done(dict(second.on_poll("only", "r").yields)))
    job = await start(world, provider=None)
    assert job.micros == 140_000
    await world.quiet()
    made = await row(world, job)
    assert (made.provider, made.micros, made.spent_micros) == ("second", 0, None)
    (line,) = await world.parts.stores.ledger.month(world.guild.id, 0.0, world.clock.now() + 1)
    assert (line.micros, line.spent, line.unpriced) == (0, 0, 1)
    assert job_details.money(made) == "price not known"


async def test_what_a_provider_says_it_charged_is_reported_as_spent(world: World) -> None:
    first = scripted(world, name="first")
    first.asks = Decimal("0.14")
    first.on_poll = in_turn(Done(first.on_poll("only", "r").yields, Decimal("0.05")))
    job = await start(world, provider=None)
    await world.quiet()
    assert job_details.money(await row(world, job)) == "$0.05"
    (line,) = await world.parts.stores.ledger.month(world.guild.id, 0.0, world.clock.now() + 1)
    assert (line.micros, line.spent, line.unpriced) == (50_000, 50_000, 0)
