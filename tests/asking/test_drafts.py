"""What waits for a person's yes: not for long, nobody else's, and given once, by whichever process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.asking.drafts import MOST_PENDING, Draft, Pending, PendingDrafts
from bot.clock import Clock
from bot.domain.ask import Asker
from storage.people.unfinished import WAITING_SECONDS
from tests.asking.test_service import ask_of
from tests.world import World

ANN, BEN = 2001, 2002


class StandingClock(Clock):
    """Time that passes when it is told to."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at


class Kept:
    """The thing under test, and what fell out of it."""

    def __init__(self) -> None:
        self.clock = StandingClock()
        self.dropped: list[str] = []
        self.pending: Pending[str] = Pending(self.clock, self.dropped.append)


def test_what_is_kept_can_be_taken_once_by_its_owner() -> None:
    kept = Kept()
    kept.pending.keep(1, ANN, "a")
    assert kept.pending.take(1, ANN) == "a"
    assert kept.pending.take(1, ANN) is None
    assert kept.dropped == []


def test_nobody_else_can_take_it_and_trying_does_not_lose_it() -> None:
    kept = Kept()
    kept.pending.keep(1, ANN, "a")
    kept.pending.keep(2, BEN, "b")
    assert kept.pending.take(1, BEN) is None
    assert kept.pending.take(3, ANN) is None
    assert kept.pending.take(1, ANN) == "a"
    assert kept.pending.take(2, BEN) == "b"


def test_only_the_newest_of_a_person_is_kept() -> None:
    kept = Kept()
    kept.pending.keep(1, ANN, "older")
    kept.pending.keep(2, ANN, "newer")
    assert kept.dropped == ["older"]
    assert kept.pending.take(1, ANN) is None
    assert kept.pending.take(2, ANN) == "newer"


def test_it_is_kept_for_fifteen_minutes_and_no_longer() -> None:
    kept = Kept()
    kept.pending.keep(1, ANN, "a")
    kept.clock.at = 60.0
    kept.pending.keep(2, BEN, "b")
    kept.clock.at = WAITING_SECONDS
    assert kept.pending.take(1, ANN) is None
    assert kept.dropped == ["a"]
    kept.clock.at += 59.0
    assert kept.pending.take(2, BEN) == "b"


def test_a_sweep_tells_of_what_is_too_old() -> None:
    kept = Kept()
    kept.pending.keep(1, ANN, "a")
    kept.pending.sweep()
    assert kept.dropped == []
    kept.clock.at = WAITING_SECONDS
    kept.pending.sweep()
    assert kept.dropped == ["a"]


def test_the_oldest_of_too_many_falls_out() -> None:
    kept = Kept()
    for number in range(MOST_PENDING + 1):
        kept.pending.keep(number, number, str(number))
    assert kept.dropped == ["0"]
    assert kept.pending.take(0, 0) is None
    assert kept.pending.take(1, 1) == "1"


def test_somebody_who_asks_again_is_not_the_oldest_any_more() -> None:
    kept = Kept()
    for number in range(MOST_PENDING):
        kept.pending.keep(number, number, str(number))
    kept.pending.keep(MOST_PENDING, 0, "again")
    kept.pending.keep(MOST_PENDING + 1, MOST_PENDING + 1, "one more")
    assert kept.dropped == ["0", "1"]
    assert kept.pending.take(MOST_PENDING, 0) == "again"


class Process:
    """One of several processes on one database."""

    def __init__(self, world: World) -> None:
        self.clock = StandingClock()
        self.here: Pending[Draft] = Pending(self.clock, Draft.throw_away)
        self.drafts = PendingDrafts(world.parts.stores.unfinished, self.here, world.parts.incoming, world.clock)


async def test_any_process_is_given_what_waits_and_only_one_of_them(world: World, tmp_path: Path) -> None:
    one, other = Process(world), Process(world)
    ask = ask_of(world, ANN)
    await one.drafts.keep(Draft(ask, tmp_path))
    found = await other.drafts.find(world.guild.id, Asker(ANN), ask.interaction_id)
    assert found
    assert found.ask == ask
    taken = await other.drafts.take(world.guild.id, Asker(ANN), ask.interaction_id)
    assert taken
    assert taken.ask == ask
    assert taken.folder != tmp_path
    assert await one.drafts.take(world.guild.id, Asker(ANN), ask.interaction_id) is None
    assert not tmp_path.exists()


async def test_a_stored_draft_is_its_owners_and_waits_fifteen_minutes(world: World, tmp_path: Path) -> None:
    one, other = Process(world), Process(world)
    ask = ask_of(world, ANN)
    await one.drafts.keep(Draft(ask, tmp_path / "a"))
    assert await other.drafts.find(world.guild.id, Asker(BEN), ask.interaction_id) is None
    assert await other.drafts.take(world.guild.id, Asker(BEN), ask.interaction_id) is None
    assert await other.drafts.find(world.guild.id, Asker(ANN), ask.interaction_id)
    world.clock.skipped += WAITING_SECONDS
    assert await other.drafts.find(world.guild.id, Asker(ANN), ask.interaction_id) is None
    assert await other.drafts.take(world.guild.id, Asker(ANN), ask.interaction_id) is None
    assert await world.parts.database.rows("SELECT 1 FROM unfinished")
    await world.parts.stores.unfinished.sweep(now=world.clock.now())
    assert not await world.parts.database.rows("SELECT 1 FROM unfinished")


async def test_a_draft_that_another_version_wrote_otherwise_is_gone_and_breaks_nothing(world: World) -> None:
    rows, other = world.parts.stores.unfinished, Process(world)
    await rows.keep("draft", "{}", guild_id=world.guild.id, member_id=ANN, interaction_id=1, now=world.clock.now())
    assert await other.drafts.find(world.guild.id, Asker(ANN), 1) is None
    assert await other.drafts.take(world.guild.id, Asker(ANN), 1) is None


async def test_who_is_forgotten_has_no_draft(world: World, tmp_path: Path) -> None:
    one = Process(world)
    await one.drafts.keep(Draft(ask_of(world, ANN), tmp_path))
    await world.parts.stores.privacy.forget(ANN, now=world.clock.now())
    assert not await world.parts.database.rows("SELECT 1 FROM unfinished")


@pytest.mark.parametrize("again", [False, True])
async def test_a_draft_of_a_clip_that_is_used_again_comes_back_whole(world: World, tmp_path: Path, again: bool) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    (row,) = await world.parts.database.rows("SELECT id FROM jobs")
    earlier = await world.parts.stores.jobs.get(world.guild.id, row["id"])
    ask = replace(ask_of(world, ANN), earlier=earlier if again else None)
    await Process(world).drafts.keep(Draft(ask, tmp_path))
    taken = await Process(world).drafts.take(world.guild.id, Asker(ANN), ask.interaction_id)
    assert taken
    assert taken.ask == ask
