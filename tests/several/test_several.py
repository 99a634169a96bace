"""Several real processes on one PostgreSQL: every job is done once, whichever of them dies, freezes or is asked."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from bot.chat.custom_ids import APPROVE_PREFIX, CANCEL_PREFIX, DENY_PREFIX
from tests.app.test_run import CLIP
from tests.canned import hold_work
from tests.crash.people import buttons_in
from tests.discord_server.state import State
from tests.several.fleet import LEASE, Fleet, open_fleet
from tests.storage.engines import Schema

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def fleet(postgres: Mapping[Schema, str], tmp_path: Path) -> AsyncIterator[Fleet]:
    async with open_fleet(postgres["newest schema"], tmp_path) as opened:
        yield opened


def done_once(fleet: Fleet, count: int) -> None:
    """So many videos were made and posted, each once."""
    assert len(fleet.sandbox.runs.ledger) == count
    outcomes = fleet.discord.outcomes()
    assert (len(outcomes), sum(bool(message["attachments"]) for message in outcomes)) == (count, count)


async def test_what_one_process_hears_others_make_and_of_two_that_do_each_job_is_one_s(fleet: Fleet) -> None:
    await fleet.working(2)
    await fleet.gateway()
    go_on = hold_work(fleet.sandbox.runs)
    await fleet.ask(6)
    await fleet.running()
    assert {job.owner for job in await fleet.jobs()} <= set(await fleet.lives())
    go_on.set()
    await fleet.over()
    done_once(fleet, 6)


async def test_with_one_role_each_a_job_goes_from_one_to_the_next_as_its_steps_are_theirs(fleet: Fleet) -> None:
    for roles in ("worker", "media"):
        await fleet.working(1, roles)
    await fleet.gateway()
    await fleet.ask_for_edit()
    await fleet.over()
    done_once(fleet, 1)
    rows = await fleet.database.rows("SELECT stage FROM job_events WHERE to_state = 'submitting' ORDER BY at")
    assert [row["stage"] for row in rows] == ["upload_video", "text"]


async def test_what_one_leaves_to_another_is_taken_without_waiting_for_the_next_look(fleet: Fleet) -> None:
    fleet.settings["LOOK"] = "600"
    for roles in ("worker", "media"):
        await fleet.working(1, roles)
    await fleet.gateway()
    await fleet.ask_for_edit()
    await fleet.ask()
    await fleet.over()
    done_once(fleet, 2)


async def test_edits_that_wait_are_shared_by_those_that_edit(fleet: Fleet) -> None:
    await fleet.gateway()
    for _ in range(10):
        await fleet.ask_for_edit()
    await fleet.working(2)

    async def both_have_some() -> bool:
        return len({job.owner for job in await fleet.jobs() if job.closed_at is None} & set(await fleet.lives())) == 2

    await fleet.until(both_have_some)
    await fleet.over(120.0)
    done_once(fleet, 10)


async def test_the_jobs_of_a_process_that_was_killed_go_on_in_another_when_its_lease_is_over(fleet: Fleet) -> None:
    (killed,) = await fleet.working(1)
    await fleet.gateway()
    go_on = hold_work(fleet.sandbox.runs)
    await fleet.ask(3)
    await fleet.running()
    await fleet.working(1)
    killed.kill()
    before = {job.owner for job in await fleet.jobs()}

    async def taken_over() -> bool:
        return not before & {job.owner for job in await fleet.jobs()}

    await fleet.until(taken_over, seconds=LEASE + 10.0)
    go_on.set()
    await fleet.over()
    done_once(fleet, 3)


async def test_a_process_that_was_frozen_past_its_lease_ends_itself_and_does_nothing_more(fleet: Fleet) -> None:
    (frozen,) = await fleet.working(1)
    await fleet.gateway()
    go_on = hold_work(fleet.sandbox.runs)
    await fleet.ask(3)
    await fleet.running()
    await fleet.working(1)
    before = {job.owner for job in await fleet.jobs()}
    frozen.send_signal(signal.SIGSTOP)

    async def taken_over() -> bool:
        return not before & {job.owner for job in await fleet.jobs()}

    await fleet.until(taken_over, seconds=LEASE + 10.0)
    frozen.send_signal(signal.SIGCONT)
    go_on.set()
    assert await asyncio.wait_for(frozen.wait(), 60) == 1
    assert "the lease is lost" in fleet.log(frozen)
    await fleet.over()
    done_once(fleet, 3)


async def test_a_process_that_is_asked_to_stop_hands_its_jobs_over_at_once(fleet: Fleet) -> None:
    (stopped,) = await fleet.working(1)
    await fleet.gateway()
    go_on = hold_work(fleet.sandbox.runs)
    await fleet.ask(3)
    await fleet.running()
    (before,) = {job.owner for job in await fleet.jobs()}
    await fleet.working(1)
    stopped.terminate()

    async def handed_over() -> bool:
        return before not in await fleet.lives()

    await fleet.until(handed_over)

    async def taken_over() -> bool:
        return {job.owner for job in await fleet.jobs()} <= set(await fleet.lives())

    await fleet.until(taken_over, seconds=LEASE)
    assert await asyncio.wait_for(stopped.wait(), 60) == 0
    go_on.set()
    await fleet.over()
    done_once(fleet, 3)


async def test_cancel_is_true_in_a_process_that_does_not_own_the_job(fleet: Fleet) -> None:
    await fleet.working(1)
    await fleet.gateway()
    fleet.sandbox.faults.add("answer", "POST", "*/models/*", status=429, times=99, headers={"Retry-After": "300"})
    await fleet.ask()

    async def waits() -> bool:
        events = await fleet.database.rows("SELECT 1 FROM job_events WHERE note LIKE '%rate_limited%'")
        return bool(events)

    await fleet.until(waits)
    ((card, button),) = buttons_in(fleet.discord.state.messages.values(), CANCEL_PREFIX)
    pressed = await fleet.discord.people.click(card, button)
    assert "cancelled" in await pressed.answer()
    await fleet.over()
    (job,) = await fleet.jobs()
    assert (job.state, job.failure) == ("cancelled", "cancelled")
    assert fleet.sandbox.runs.ledger == []
    assert len(fleet.discord.outcomes()) == 1


@pytest.mark.parametrize("choice", ["Approve", "Deny"])
async def test_a_moderators_answer_is_heard_at_once_by_the_process_that_waits_for_it(
    fleet: Fleet, choice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, guilds = fleet.discord.state, fleet.stores.guilds
    await guilds.log_to(state.guild_id, state.channel_id, by=1, now=0.0)
    await guilds.approve(state.guild_id, "always", 0, by=1, now=0.0)
    await fleet.working(1)
    await fleet.gateway()
    as_member = State.as_member
    with monkeypatch.context() as ordinary:
        ordinary.setattr(State, "as_member", lambda *who: {**as_member(*who), "permissions": "2048"})
        asked = await fleet.discord.people.slash("lipsync text", video=CLIP, text="Hello", voice="Sunny")
        assert "moderator" in await asked.answer()

    prefix = {"Approve": APPROVE_PREFIX, "Deny": DENY_PREFIX}[choice]

    async def waits() -> bool:
        return any(buttons_in(state.messages.values(), prefix)) and (await fleet.jobs())[0].owner in await fleet.lives()

    await fleet.until(waits)
    ((card, button),) = buttons_in(state.messages.values(), prefix)
    await (await fleet.discord.people.click(card, button)).answer()
    await fleet.over()
    (job,) = await fleet.jobs()
    assert job.state == ("succeeded" if choice == "Approve" else "cancelled")
    assert len(fleet.sandbox.runs.ledger) == (1 if choice == "Approve" else 0)
    assert len(fleet.discord.outcomes()) == 1
