"""Who waits for an answer is kept until they have it, and nobody waits for the disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from bot.chat.answers.awaited import ACKNOWLEDGED_AT_ONCE, MOST_AT_ONCE, AwaitedAnswers
from bot.clock import Clock
from storage.engine.database import Database, StorageError, Transaction
from storage.engine.encryption import MasterKeys
from storage.people.unanswered import AwaitedAnswer, Unanswered


class HeldClock(Clock):
    """Time that passes at once, unless it is held."""

    def __init__(self) -> None:
        self.passes = asyncio.Event()
        self.passes.set()

    async def sleep(self, seconds: float) -> None:  # noqa: ARG002
        await self.passes.wait()
        await asyncio.sleep(0)


@dataclass
class Scene:
    """The store, how often it was written to, what keeps who waits, and the time that passes meanwhile."""

    store: Unanswered
    awaited: AwaitedAnswers
    writes: list[tuple[int, int]]
    clock: HeldClock

    async def settled(self) -> None:
        """Wait until nothing is left to write; an empty write comes after those under way."""
        await asyncio.sleep(0)  # a task that was just made begins
        while self.awaited._waiting or self.awaited._answered:
            await asyncio.sleep(0)
        await self.store.change((), ())

    async def ids(self) -> list[int]:
        """Who is kept."""
        await self.settled()
        return sorted(one.interaction_id for one in await self.store.take())

    async def written(self, count: int) -> None:
        """Wait until so many writes have begun; an empty one comes after them."""
        while len(self.writes) < count:
            await asyncio.sleep(0)
        await self.store.change((), ())

    def use(self, number: int, answered: asyncio.Event, ask_id: int | None = None) -> asyncio.Task[None]:
        """A command that is answered when that is set."""

        async def command() -> None:
            used: Any = SimpleNamespace(id=number, guild_id=1, user=SimpleNamespace(id=2), token=f"token-{number}")
            self.awaited.expect(used, "view", ask_id)
            await answered.wait()

        return asyncio.create_task(command())


@pytest.fixture
async def scene(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    store = Unanswered(database, MasterKeys.parse(MasterKeys.generate("first")))
    writes, change = [], store.change

    async def counted(waiting: Any, answered: Any) -> None:
        if waiting or answered:
            writes.append((len(waiting), len(answered)))
        await change(waiting, answered)

    monkeypatch.setattr(store, "change", counted)
    clock = HeldClock()
    awaited = AwaitedAnswers(store, clock)
    keeping = asyncio.create_task(awaited.run())
    yield Scene(store, awaited, writes, clock)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


@asynccontextmanager
async def busy_disk(database: Database) -> AsyncIterator[None]:
    """Another write goes on meanwhile, in the thread that writes."""
    over = threading.Event()

    async def long_write(_: Any) -> None:
        over.wait()

    blocking = asyncio.create_task(database.write(long_write, guild_id=None))
    try:
        yield
    finally:
        over.set()
        await blocking


async def test_a_command_is_kept_until_it_has_its_answer(scene: Scene) -> None:
    answered = asyncio.Event()
    command = scene.use(1, answered)
    assert await scene.ids() == [1]
    (kept,) = await scene.store.take()
    assert (kept.guild_id, kept.member_id, kept.ask_id, kept.matter, kept.token) == (1, 2, 1, "view", "token-1")
    answered.set()
    await command
    assert await scene.ids() == []


async def test_who_has_their_answer_is_dropped_together_with_who_waits_next(scene: Scene) -> None:
    scene.clock.passes.clear()
    answered = asyncio.Event()
    command = scene.use(1, answered)
    await scene.written(1)
    answered.set()
    await command
    for _ in range(20):
        await asyncio.sleep(0)
    assert scene.writes == [(1, 0)]
    scene.use(2, asyncio.Event())
    await scene.written(2)
    assert scene.writes == [(1, 0), (1, 1)]
    assert await scene.ids() == [2]


async def test_who_has_their_answer_while_nobody_else_waits_is_dropped_after_a_while(scene: Scene) -> None:
    scene.clock.passes.clear()
    answered = asyncio.Event()
    command = scene.use(1, answered)
    await scene.written(1)
    answered.set()
    await command
    scene.clock.passes.set()
    assert await scene.ids() == []
    assert scene.writes == [(1, 0), (0, 1)]


async def test_many_who_have_their_answers_are_dropped_at_once(scene: Scene) -> None:
    scene.clock.passes.clear()
    answered = asyncio.Event()
    commands = [scene.use(number, answered) for number in range(1, MOST_AT_ONCE + 4)]
    await scene.written(2)
    answered.set()
    await asyncio.gather(*commands)
    await scene.written(3)
    assert scene.writes == [(MOST_AT_ONCE, 0), (3, 0), (0, MOST_AT_ONCE)]


async def test_nothing_is_written_of_a_command_that_was_answered_before_it_could_be(
    scene: Scene, database: Database
) -> None:
    answered = asyncio.Event()
    async with busy_disk(database):
        scene.use(1, asyncio.Event())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        soon = scene.use(2, answered)
        answered.set()
        await soon
    assert await scene.ids() == [1]
    assert scene.writes == [(1, 0)]


async def test_whoever_acts_on_an_answer_waits_for_it_no_more_whichever_process_gave_it(
    scene: Scene, database: Database
) -> None:
    other = AwaitedAnswers(scene.store, scene.clock)
    keeping = asyncio.create_task(other.run())
    Scene(scene.store, other, scene.writes, scene.clock).use(1, asyncio.Event())
    await scene.written(1)
    scene.use(2, asyncio.Event(), ask_id=1)
    await scene.written(2)
    assert [row["interaction_id"] for row in await database.rows("SELECT interaction_id FROM unanswered")] == [2]
    keeping.cancel()


async def test_what_could_not_be_written_is_written_by_the_next_run(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Unanswered(database, MasterKeys.parse(MasterKeys.generate("first")))
    scene = Scene(store, AwaitedAnswers(store, HeldClock()), [], HeldClock())
    change, answered = store.change, asyncio.Event()
    await change([AwaitedAnswer(9, 1, 2, 9, "view", 0.0, "token-9")], [])
    scene.awaited._answered.add(9)

    async def refused(_: Any, __: Any) -> None:
        answered.set()
        await asyncio.wait({soon})
        raise StorageError("the disk is full")

    monkeypatch.setattr(store, "change", refused)
    soon, _ = scene.use(1, answered), scene.use(2, asyncio.Event())
    await asyncio.sleep(0)
    with pytest.raises(StorageError):
        await scene.awaited.run()
    monkeypatch.setattr(store, "change", change)
    again = asyncio.create_task(scene.awaited.run())
    assert await scene.ids() == [2]
    again.cancel()


async def test_who_may_have_been_kept_by_a_write_that_failed_is_dropped_after_their_answer(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Unanswered(database, MasterKeys.parse(MasterKeys.generate("first")))
    scene = Scene(store, AwaitedAnswers(store, HeldClock()), [], HeldClock())
    change, answered = store.change, asyncio.Event()

    async def unsettled(waiting: Any, done: Any) -> None:
        await change(waiting, done)
        raise StorageError("the connection was lost")

    monkeypatch.setattr(store, "change", unsettled)
    command = scene.use(1, answered)
    await asyncio.sleep(0)
    with pytest.raises(StorageError):
        await scene.awaited.run()
    monkeypatch.setattr(store, "change", change)
    answered.set()
    await command
    again = asyncio.create_task(scene.awaited.run())
    assert await scene.ids() == []
    again.cancel()


async def test_who_is_answered_as_the_bot_stops_is_dropped_although_a_write_is_under_way(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, go_on, answered = scene.store.change, asyncio.Event(), asyncio.Event()

    async def slow(waiting: Any, done: Any) -> None:
        await go_on.wait()
        await change(waiting, done)

    scene.clock.passes.clear()
    monkeypatch.setattr(scene.store, "change", slow)
    command = scene.use(1, answered)
    stopping = asyncio.create_task(scene.awaited.all_given(60.0))
    await asyncio.sleep(0.01)
    answered.set()
    await stopping
    go_on.set()
    await scene.written(2)
    assert scene.writes == [(1, 0), (0, 1)]
    assert command.done()


async def test_a_command_that_is_cancelled_with_the_bot_is_still_kept(scene: Scene) -> None:
    command = scene.use(1, asyncio.Event())
    assert await scene.ids() == [1]
    command.cancel()
    await asyncio.gather(command, return_exceptions=True)
    assert await scene.ids() == [1]


async def test_a_flood_of_commands_leaves_other_writes_their_turn(scene: Scene, database: Database) -> None:
    commands = [scene.use(number, asyncio.Event()) for number in range(1, 26)]
    while not scene.writes:
        await asyncio.sleep(0)
    other = list[int]()

    async def count(tx: Transaction) -> None:
        other.append(len(await tx.rows("SELECT 1 FROM unanswered")))

    await database.write(count, guild_id=1)
    assert other == [MOST_AT_ONCE]
    assert len(await scene.ids()) == len(commands)
    assert scene.writes == [(10, 0), (10, 0), (5, 0)]


async def test_what_comes_while_the_disk_is_busy_is_written_together_and_what_is_answered_by_then_is_not(
    scene: Scene, database: Database
) -> None:
    answered = asyncio.Event()
    async with busy_disk(database):
        scene.use(1, asyncio.Event())
        for _ in range(20):
            await asyncio.sleep(0)
        assert scene.writes == [(1, 0)]
        soon, *_ = [scene.use(number, answered if number == 2 else asyncio.Event()) for number in (2, 3, 4)]
        await asyncio.sleep(0)
        answered.set()
        await soon
    assert await scene.ids() == [1, 3, 4]
    assert scene.writes == [(1, 0), (2, 0)]


async def test_of_one_server_so_many_are_acknowledged_at_once_and_of_another_meanwhile(scene: Scene) -> None:
    acknowledged, gate = list[int](), asyncio.Event()

    async def command(number: int, guild_id: int) -> None:
        used: Any = SimpleNamespace(id=number, guild_id=guild_id, user=SimpleNamespace(id=2), token="token")
        async with scene.awaited.turn(used, "view"):
            acknowledged.append(guild_id)
            await gate.wait()

    flood = [asyncio.create_task(command(number, 1)) for number in range(200)]
    await asyncio.sleep(0)
    other = asyncio.create_task(command(200, 2))
    while 2 not in acknowledged:
        await asyncio.sleep(0)
    assert acknowledged.count(1) == ACKNOWLEDGED_AT_ONCE - ACKNOWLEDGED_AT_ONCE // 4
    gate.set()
    await asyncio.gather(other, *flood)
    assert acknowledged.count(1) == len(flood)


async def test_a_bot_that_is_stopped_waits_for_the_answers_that_are_due_and_not_for_ever(scene: Scene) -> None:
    answered, never = asyncio.Event(), asyncio.Event()
    command = scene.use(1, answered)
    stopping = asyncio.create_task(scene.awaited.all_given(10.0))
    await scene.settled()
    assert not stopping.done()
    scene.clock.passes.clear()
    answered.set()
    await stopping
    assert command.done()
    await scene.written(2)
    assert scene.writes == [(1, 0), (0, 1)]
    hanging = scene.use(2, never)
    await scene.awaited.all_given(0.01)
    hanging.cancel()
