"""Who waits for an answer is kept until they have it, and nobody waits for the disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from bot.chat.answers.awaited import ACKNOWLEDGED_AT_ONCE, MOST_AT_ONCE, AwaitedAnswers
from bot.clock import Clock
from storage.engine.database import Database, Transaction
from storage.engine.encryption import MasterKeys
from storage.people.unanswered import Unanswered


@dataclass
class Scene:
    """The store, how often it was written to, and what keeps who waits."""

    store: Unanswered
    awaited: AwaitedAnswers
    writes: list[tuple[int, int]]

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

    def use(self, number: int, answered: asyncio.Event) -> asyncio.Task[None]:
        """A command that is answered when that is set."""

        async def command() -> None:
            used: Any = SimpleNamespace(id=number, guild_id=1, user=SimpleNamespace(id=2), token=f"token-{number}")
            self.awaited.expect(used, "view")
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
    awaited = AwaitedAnswers(store, Clock())
    keeping = asyncio.create_task(awaited.run())
    yield Scene(store, awaited, writes)
    keeping.cancel()


async def test_a_command_is_kept_until_it_has_its_answer(scene: Scene) -> None:
    answered = asyncio.Event()
    command = scene.use(1, answered)
    assert await scene.ids() == [1]
    (kept,) = await scene.store.take()
    assert (kept.guild_id, kept.member_id, kept.ask_id, kept.matter, kept.token) == (1, 2, 1, "view", "token-1")
    answered.set()
    await command
    assert await scene.ids() == []


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
    busy, answered = threading.Event(), asyncio.Event()

    async def long_write(_: Any) -> None:
        busy.wait()  # in the thread that writes

    blocking = asyncio.create_task(database.write(long_write, guild_id=None))
    scene.use(1, asyncio.Event())
    for _ in range(20):
        await asyncio.sleep(0)
    assert scene.writes == [(1, 0)]
    soon, *_ = [scene.use(number, answered if number == 2 else asyncio.Event()) for number in (2, 3, 4)]
    await asyncio.sleep(0)
    answered.set()
    await soon
    busy.set()
    await blocking
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
    answered.set()
    await stopping
    assert command.done()
    hanging = scene.use(2, never)
    await scene.awaited.all_given(0.01)
    hanging.cancel()
