"""How often a whole accepted command asks its database, from the interaction to the answer that is given: each
statement of a server far away is a round trip.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from math import inf
from types import FrameType
from typing import Any

import pytest

from cogs.interactions import defer
from storage.engine.database import Database
from storage.engine.sqlite_database import SqliteDatabase, SqliteTransaction
from tests.world import World

MOST_STATEMENTS = 12
MOST_WRITES = 3  # whoever waits is kept, and who was answered before is dropped; the job; its card
# What other tasks do for it: who waits is kept, and the job's card is noted.
BESIDE = {"Unanswered.change", "Jobs.amend"}
COMMAND: ContextVar[bool] = ContextVar("command", default=False)


class Asked:
    """What is asked for in the command's own task, and besides for it."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.writes: list[str] = []
        self.is_answered = False

    def is_for_it(self) -> bool:
        if self.is_answered:
            return False
        return COMMAND.get() or any(name.partition(".<locals>")[0] in BESIDE for name in _functions())

    def noting(self, rows: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def noted(asked: Any, sql: str, **parameters: object) -> Any:
            if self.is_for_it():
                self.statements.append(" ".join(sql.split())[:100])
            return await rows(asked, sql, **parameters)

        return noted

    def counting(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def counted(asked: Any, work: Any, **named: Any) -> Any:
            if self.is_for_it():
                self.writes.append(work.__qualname__)
            return await write(asked, work, **named)

        return counted


def _functions() -> Iterator[str]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame.f_code.co_qualname
        frame = frame.f_back


async def test_one_of_many_accepted_commands_asks_its_database_no_more_often_than_it_has_to(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.chat.answers.awaited.LINGER_SECONDS", inf)
    await world.add_key()
    assert "is on its way" in await world.text()
    async with asyncio.timeout(60):
        while not world.client.services.awaited_answers._answered:
            await asyncio.sleep(0)
    asked = Asked()

    async def deferred(*given: Any, **named: Any) -> None:
        COMMAND.set(True)
        await defer(*given, **named)

    monkeypatch.setattr("cogs.lipsync.defer", deferred)
    for queries in (SqliteTransaction, SqliteDatabase):
        monkeypatch.setattr(queries, "rows", asked.noting(queries.rows))
    monkeypatch.setattr(Database, "write", asked.counting(Database.write))
    assert "is on its way" in await world.text()
    asked.is_answered = True
    assert len(asked.statements) <= MOST_STATEMENTS, "\n".join([*asked.statements, *asked.writes])
    assert len(asked.writes) <= MOST_WRITES, asked.writes
