"""Whatever fails inside the bot, a job ends with a sentence; what was paid for is kept, and nothing is paid twice."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.chat.card import Cards
from bot.chat.result_post import ResultPosts
from bot.domain.job import Claims, Job
from bot.net.client import Http
from bot.net.faults import RateLimited, UnknownOutcome
from bot.providers.base import Accepted, Waiting
from bot.words.refusals.jobs import NotWaiting
from storage.jobs.claims import Claims as ClaimsStore
from storage.jobs.job_events import Stale
from tests.cogs.test_jobs import shown
from tests.scripted import Findable, Scripted, in_turn, outcome, row, scripted, start, until
from tests.world import World, answer, open_world

DAY = 86_400.0


def bug(*_: object) -> ZeroDivisionError:
    """What no step expects."""
    return ZeroDivisionError("a bug")


def failing(call: Callable[..., Awaitable[Any]], *faults: Exception) -> tuple[Callable[..., Awaitable[Any]], list[Any]]:
    """The call, which fails so before it works, and what it still has to fail with."""
    left = list(faults)

    async def fail(*given: Any, **named: Any) -> Any:
        if left:
            raise left.pop(0)
        return await call(*given, **named)

    return fail, left


def given_up(caplog: pytest.LogCaptureFixture, job: Job) -> list[str]:
    """What whoever runs the bot is told of a job that was given up."""
    return [record.getMessage() for record in caplog.records if f"{job.code}: given up" in record.getMessage()]


async def long_after(world: World) -> None:
    """A month later."""
    world.clock.skipped += 30 * DAY


async def test_a_poll_that_never_stops_failing_inside_the_bot_ends_as_unknown(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    provider = scripted(world)
    provider.on_poll = bug
    job = await start(world)
    await until(lambda: len(provider.polls) > 1)
    await long_after(world)
    assert "Something went wrong inside the bot" in (await outcome(world)).content
    ended = await row(world, job)
    assert (ended.state, ended.failure) == ("unknown", "internal")
    assert ended.closed_at is not None
    (said,) = given_up(caplog, job)
    assert "given up in state running" in said
    assert len(provider.submits) == 1


async def test_a_fault_inside_the_bot_is_survived_until_the_deadline(world: World) -> None:
    provider = scripted(world)
    provider.on_poll = in_turn(*(bug() for _ in range(6)), provider.on_poll("only", ""))
    await start(world)
    assert (await outcome(world)).attachments


async def test_a_submission_that_fails_inside_the_bot_is_never_made_again(world: World) -> None:
    provider = scripted(world)
    provider.on_submit = bug
    job = await start(world)
    assert "can't tell whether it took the job" in (await outcome(world)).content
    assert (await row(world, job)).state == "unknown"
    assert len(provider.submits) == 1


async def test_a_lookup_that_never_stops_failing_inside_the_bot_ends_as_unknown(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    provider = scripted(world, Findable)
    provider.on_submit, provider.on_find = in_turn(UnknownOutcome("reset")), bug
    job = await start(world)
    await until(lambda: len(provider.lookups) > 1)
    await long_after(world)
    assert "Something went wrong inside the bot" in (await outcome(world)).content
    assert (await row(world, job)).state == "unknown"
    assert len(given_up(caplog, job)) == 1
    assert len(provider.submits) == 1


async def test_a_job_that_fails_inside_the_bot_before_it_is_sent_ends_uncharged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        tried.append(None)
        raise bug()

    tried: list[None] = []
    monkeypatch.setattr(Cards, "open", fail)
    provider = scripted(world)
    job = await start(world)
    await until(lambda: len(tried) > 1)
    await long_after(world)
    await world.quiet()
    (said,) = world.outcomes(world.channel)
    assert "Something went wrong inside the bot" in said.content
    assert "Nothing was charged." in said.content
    assert (await row(world, job)).state == "failed"
    assert provider.submits == []


async def test_a_cancel_that_fails_inside_the_bot_leaves_the_job_to_go_on(world: World) -> None:
    class Cancellable(Scripted):
        can_cancel = True

        async def cancel(self, *_: Any) -> bool:
            raise bug()

    provider = scripted(world, Cancellable)
    finished = provider.on_poll("only", "")
    provider.on_poll = lambda *_: Waiting()
    job = await start(world)
    await until(lambda: provider.polls)
    with pytest.raises(ZeroDivisionError):
        await world.client.services.worker.cancel(await row(world, job), by=world.member.id)
    provider.on_poll = lambda *_: finished
    assert (await outcome(world)).attachments


async def test_a_job_that_moved_meanwhile_and_cannot_be_read_again_at_once_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = world.parts.stores.jobs
    stale, _ = failing(jobs.move, Stale())
    unreadable, left = failing(jobs.get, sqlite3.OperationalError("disk I/O error"))
    provider = scripted(world)
    monkeypatch.setattr(jobs, "move", stale)
    monkeypatch.setattr(jobs, "get", unreadable)
    await start(world)
    assert (await outcome(world)).attachments
    assert left == []
    assert len(provider.submits) == 1


async def test_a_stage_that_this_version_does_not_know_ends_the_job_as_unknown_at_its_deadline(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    provider = scripted(world)
    finished = provider.on_poll("only", "")
    provider.on_poll = lambda *_: Waiting()
    job = await start(world)
    await until(lambda: provider.polls)
    renamed = type(provider)(f"{world.sandbox.url}/files/made.mp4", ("renamed",))
    renamed.on_poll = lambda *_: finished
    world.parts.providers[provider.name] = renamed
    await until(lambda: len(renamed.polls) > 1)
    world.clock.skipped += 3600.0
    assert "Something went wrong inside the bot" in (await outcome(world)).content
    assert (await row(world, job)).state == "unknown"
    assert len(renamed.polls) < 20
    assert renamed.submits == []
    assert len(given_up(caplog, job)) == 1


@pytest.mark.parametrize("sentence_too", [False, True])
async def test_a_paid_video_whose_posting_never_stops_failing_is_kept_for_whoever_asked_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, *, sentence_too: bool
) -> None:
    post = ResultPosts.post

    async def fail(posts: ResultPosts, job: Job, rung: Any, parcel: Any) -> Any:
        if parcel or sentence_too:
            raise bug()
        return await post(posts, job, rung, parcel)

    monkeypatch.setattr(ResultPosts, "post", fail)
    scripted(world)
    job = await start(world)
    await until(lambda: any("failed inside the bot" in said for said in caplog.messages))
    world.clock.skipped += 2 * DAY
    await world.quiet()
    ended = await row(world, job)
    assert (ended.state, ended.failure) == ("succeeded", "kept")
    if not sentence_too:
        assert "It is kept for you until" in world.outcomes()[0].content
    told = await shown(world)
    fetched = await world.member.click(told.response, label=f"Get {job.code}")
    assert f"The full video of {job.code}" in answer(fetched)


async def test_a_paid_video_that_was_never_fetched_is_not_said_to_be_kept(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise bug()

    monkeypatch.setattr(Http, "download", fail)
    scripted(world)
    job = await start(world)
    await until(lambda: any("failed inside the bot" in said for said in caplog.messages))
    world.clock.skipped += 2 * DAY
    assert "couldn't download it" in (await outcome(world)).content
    assert (await row(world, job)).kept_until is None


@pytest.mark.parametrize("past_the_deadline", [False, True])
async def test_what_the_database_cannot_take_for_a_while_is_written_later_and_not_paid_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch, *, past_the_deadline: bool
) -> None:
    jobs, provider = world.parts.stores.jobs, scripted(world)
    move, refused, is_locked = jobs.move, [0], [False]

    async def locked(*given: Any, **named: Any) -> Any:
        if is_locked[0]:
            refused[0] += 1
            raise sqlite3.OperationalError("database is locked")
        return await move(*given, **named)

    def taken(_: object) -> Accepted:
        is_locked[0] = True
        return Accepted("paid-for")

    monkeypatch.setattr(jobs, "move", locked)
    provider.on_submit = taken
    job = await start(world)
    await until(lambda: refused[0] >= 2)
    if past_the_deadline:
        world.clock.skipped += 7200.0
    await until(lambda: refused[0] >= 8)
    assert (await row(world, job)).state == "submitting"
    is_locked[0] = False
    assert (await outcome(world)).attachments
    assert provider.polls == [("only", "paid-for")]
    assert len(provider.submits) == 1


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """What was left open is not read before this is set."""
    begun, left_open = asyncio.Event(), ClaimsStore.left_open

    async def late(claims: Claims) -> AsyncIterator[Any]:
        await begun.wait()
        async for jobs in left_open(claims):
            yield jobs

    monkeypatch.setattr(ClaimsStore, "left_open", late)
    return begun


async def test_a_command_that_comes_before_the_open_jobs_are_read_makes_one_card_and_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reading: asyncio.Event
) -> None:
    opened, opened_for = Cards.open, list[int]()

    async def counting(cards: Cards, job: Job, **how: Any) -> Any:
        opened_for.append(job.id)
        return await opened(cards, job, **how)

    monkeypatch.setattr(Cards, "open", counting)
    async with open_world(tmp_path) as world:
        worker = world.client.services.worker
        provider = scripted(world)
        made, provider.on_poll = provider.on_poll, lambda *_: Waiting()
        job = await start(world)
        await until(lambda: provider.polls)
        held = worker.held[job.id]
        assert not worker.resumed.is_set()
        reading.set()
        await until(worker.resumed.is_set)
        assert worker.held[job.id] is held
        provider.on_poll = made
        assert (await outcome(world)).attachments
        assert (opened_for, len(provider.submits)) == ([job.id], 1)
        assert len([message for message in world.channel.history() if message.flags.components_v2]) == 1


async def test_a_button_that_is_pressed_before_the_open_jobs_are_read_does_not_wait_for_them(
    tmp_path: Path, reading: asyncio.Event
) -> None:
    async with open_world(tmp_path) as world:
        worker = world.client.services.worker
        provider = scripted(world)
        provider.on_submit = in_turn(RateLimited("busy", 900.0))
        job = await start(world)
        await until(lambda: provider.submits)
        async with worker.held[job.id].stepping:
            worker.held.drop(worker.held[job.id])  # as if an earlier life had left it
        await worker.cancel(await row(world, job), by=world.member.id)
        assert not worker.resumed.is_set()
        await world.quiet()
        reading.set()
        await until(worker.resumed.is_set)
        await world.quiet()
        ended = await row(world, job)
        assert (ended.state, ended.closed_at is not None, worker.open_jobs) == ("cancelled", True, 0)
        assert len(world.outcomes()) == 1


async def test_a_button_that_does_nothing_before_the_open_jobs_are_read_loses_no_job(
    tmp_path: Path, reading: asyncio.Event
) -> None:
    async with open_world(tmp_path) as world:
        worker = world.client.services.worker
        provider = scripted(world)
        made, provider.on_poll = provider.on_poll, lambda *_: Waiting()
        job = await start(world)
        await until(lambda: provider.polls)
        async with worker.held[job.id].stepping:
            worker.held.drop(worker.held[job.id])
        with pytest.raises(NotWaiting):
            await worker.deny(await row(world, job), by=world.moderator.id)
        reading.set()
        await until(worker.resumed.is_set)
        provider.on_poll = made
        assert (await outcome(world)).attachments
