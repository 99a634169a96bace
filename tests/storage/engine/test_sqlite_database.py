"""SQLite's writer: a unit of work is one call into its thread, and those that wait at the same time share a COMMIT."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from storage.engine import sqlite_database
from storage.engine.database import Conflict, Transaction
from storage.engine.sqlite import open_database
from storage.engine.sqlite_database import SqliteDatabase
from tests.fresh_database import make_database

PUT = "INSERT INTO facts (name, value) VALUES (:name, 'x')"
who: ContextVar[str] = ContextVar("who")


class File:
    """A database file with what its writer is asked to run. With `commits` cleared, a COMMIT waits until it is set."""

    def __init__(self, path: Path, connection: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self.path = path
        self.connection = connection
        self.database = SqliteDatabase(connection, reader)
        self.threads: set[int] = set()
        self.statements: list[str] = []
        self.commits, self.committing = threading.Event(), threading.Event()
        self.commits.set()

    def note(self, statement: str) -> None:
        self.threads.add(threading.get_ident())
        self.statements.append(statement)
        if statement == "COMMIT":
            self.committing.set()
            self.commits.wait()

    def stored(self) -> list[str]:
        """The names in it, in their order, as another program reads them."""
        with closing(sqlite3.connect(self.path)) as connection:
            return [name for (name,) in connection.execute("SELECT name FROM facts ORDER BY rowid")]

    async def put(self, name: str) -> str:
        """Store a name; it."""
        await self.database.write(lambda tx: tx.row(PUT, name=name), guild_id=None)
        return name

    async def put_all(self, *names: str) -> list[str | BaseException]:
        """Store them at once; what came of each."""
        return await asyncio.gather(*map(self.put, names), return_exceptions=True)


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[File]:
    """An empty database."""
    path = make_database(tmp_path / "bot.db")
    async with (
        aiosqlite.connect(path, isolation_level=None) as connection,
        aiosqlite.connect(path, isolation_level=None) as reader,
    ):
        file = File(path, connection, reader)
        await file.connection.set_trace_callback(file.note)
        yield file
        file.commits.set()


def refuse(statement: str) -> Callable[..., int]:
    """What lets SQLite refuse to begin, commit or roll back."""

    def judge(action: int, what: str | None, *_: object) -> int:
        is_refused = action == sqlite3.SQLITE_TRANSACTION and what == statement
        return sqlite3.SQLITE_DENY if is_refused else sqlite3.SQLITE_OK

    return judge


async def test_a_unit_of_work_is_one_call_into_the_thread_however_many_statements_it_has(
    file: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, threads = list[Any](), set[int]()
    execute: Any = aiosqlite.Connection._execute

    async def counting(connection: aiosqlite.Connection, *given: Any) -> Any:
        calls.append(given)
        return await execute(connection, *given)

    async def work(tx: Transaction) -> str:
        for name in "abc":
            await tx.row(PUT, name=name)
            threads.add(threading.get_ident())
        return "done"

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counting)
    assert await file.database.write(work, guild_id=None) == "done"
    assert len(calls) == 1
    assert threads == file.threads
    assert file.stored() == ["a", "b", "c"]


async def test_those_that_wait_at_the_same_time_share_a_commit_in_their_order(file: File) -> None:
    assert await file.put_all(*"abcdef") == list("abcdef")
    assert file.statements.count("COMMIT") == 1
    assert file.stored() == list("abcdef")


async def test_those_that_come_during_a_commit_share_the_next(file: File) -> None:
    file.commits.clear()
    first = asyncio.create_task(file.put("a"))
    await asyncio.to_thread(file.committing.wait)
    others = asyncio.gather(*map(file.put, "bcd"))
    for _ in range(10):
        await asyncio.sleep(0)
    file.commits.set()
    await asyncio.gather(first, others)
    assert file.statements.count("COMMIT") == 2
    assert file.stored() == list("abcd")


async def test_of_three_the_one_that_raises_is_undone_alone(file: File) -> None:
    async def fail(tx: Transaction) -> None:
        await tx.row(PUT, name="undone")
        raise RuntimeError("on purpose")

    results = await asyncio.gather(
        file.put("a"), file.database.write(fail, guild_id=None), file.put("b"), return_exceptions=True
    )
    assert isinstance(results[1], RuntimeError)
    assert (results[0], results[2]) == ("a", "b")
    assert file.statements.count("COMMIT") == 1
    assert file.stored() == ["a", "b"]


async def test_nothing_is_told_before_the_commit_not_even_a_refusal(file: File) -> None:
    file.commits.clear()
    writes = [asyncio.create_task(file.put(name)) for name in ("a", "a", "b")]
    await asyncio.to_thread(file.committing.wait)
    for _ in range(10):
        await asyncio.sleep(0)
    assert not any(write.done() for write in writes)
    assert file.stored() == []
    file.commits.set()
    first, second, third = await asyncio.gather(*writes, return_exceptions=True)
    assert (first, third) == ("a", "b")
    assert isinstance(second, Conflict)


async def test_a_commit_that_fails_fails_all_of_them_and_the_next_are_committed(file: File) -> None:
    told: list[Any] = []
    await file.connection.set_authorizer(refuse("COMMIT"))
    results = await asyncio.gather(
        file.database.write(lambda tx: tx.row(PUT, name="a"), guild_id=None, committed=told.append),
        *map(file.put, ("b", "b")),  # the second one is refused for a row that is never committed
        return_exceptions=True,
    )
    await file.connection.set_authorizer(None)
    assert [str(result) for result in results] == ["not authorized"] * 3
    assert all(isinstance(result, sqlite3.DatabaseError) for result in results)
    assert told == []
    assert file.stored() == []
    assert await file.put_all("b", "c") == ["b", "c"]
    assert file.stored() == ["b", "c"]


async def test_where_sqlite_takes_back_the_whole_transaction_none_of_it_is_told_as_committed(file: File) -> None:
    async def clash(tx: Transaction) -> None:
        await tx.row(PUT.replace("INSERT", "INSERT OR ROLLBACK"), name="a")

    first, second, third = await asyncio.gather(
        file.put("a"), file.database.write(clash, guild_id=None), file.put("b"), return_exceptions=True
    )
    assert isinstance(first, Conflict)
    assert first is second
    assert third == "b"
    assert file.stored() == ["b"]


async def test_what_goes_on_after_sqlite_took_the_transaction_back_is_not_told_as_committed(file: File) -> None:
    async def clash(tx: Transaction) -> None:
        await tx.row(PUT, name="a")
        with pytest.raises(Conflict):
            await tx.row(PUT.replace("INSERT", "INSERT OR ROLLBACK"), name="a")

    with pytest.raises(sqlite3.OperationalError, match="no such savepoint"):
        await file.database.write(clash, guild_id=None)
    assert file.stored() == []


async def test_where_another_program_holds_the_file_all_that_wait_are_told_so(file: File) -> None:
    await file.connection.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(file.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert [str(result) for result in await file.put_all("a", "b")] == ["database is locked"] * 2
    assert await file.put_all("a", "b") == ["a", "b"]


@pytest.mark.parametrize(("bound", "value", "commits"), [("MOST_UNITS", 3, 3), ("ENOUGH_SECONDS", 0.0, 7)])
async def test_a_commit_is_shared_by_so_many_and_for_so_long_that_nobody_waits_long_for_it(
    file: File, monkeypatch: pytest.MonkeyPatch, bound: str, value: float, commits: int
) -> None:
    monkeypatch.setattr(sqlite_database, bound, value)
    assert await file.put_all(*"abcdefg") == list("abcdefg")
    assert file.statements.count("COMMIT") == commits
    assert file.stored() == list("abcdefg")


async def test_whoever_gave_up_waiting_takes_nothing_from_the_others(file: File) -> None:
    file.commits.clear()
    first, second = (
        asyncio.create_task(file.database._transact(lambda tx, name=name: tx.row(PUT, name=name), None))  # type: ignore[misc]
        for name in "ab"
    )
    await asyncio.to_thread(file.committing.wait)
    first.cancel()  # as at the end of the process
    file.commits.set()
    await second
    with pytest.raises(asyncio.CancelledError):
        await first
    assert file.stored() == ["a", "b"]


@pytest.mark.parametrize(
    "wait",
    [
        lambda _: asyncio.sleep(0),
        lambda _: asyncio.sleep(1),
        lambda _: asyncio.Event().wait(),
        lambda file: file.database.rows("SELECT 1"),
    ],
)
async def test_a_unit_of_work_that_awaits_anything_else_is_told_so_and_undone(
    file: File, wait: Callable[[File], Awaitable[Any]]
) -> None:
    async def work(tx: Transaction) -> None:
        await tx.row(PUT, name="undone")
        await wait(file)

    with pytest.raises(TypeError, match="a unit of work may await nothing but its transaction"):
        await file.database.write(work, guild_id=None)
    assert await file.put("a") == "a"
    assert file.stored() == ["a"]


async def test_a_unit_of_work_sees_the_context_of_its_caller(file: File) -> None:
    async def work(tx: Transaction) -> None:
        await tx.row(PUT, name=who.get())

    async def write(name: str) -> None:
        who.set(name)
        await file.database.write(work, guild_id=None)

    await asyncio.gather(*map(write, "ab"))
    assert file.stored() == ["a", "b"]


async def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    async with open_database(make_database(tmp_path / "bot.db")) as database:
        row = await database.write(lambda tx: tx.row("PRAGMA synchronous"), guild_id=None)
    assert row
    assert row["synchronous"] == 2  # FULL


async def test_a_write_on_a_closed_database_is_refused(tmp_path: Path) -> None:
    async with open_database(make_database(tmp_path / "bot.db")) as database:
        pass
    with pytest.raises(ValueError, match="no active connection"):
        await database.write(lambda tx: tx.row("SELECT 1"), guild_id=None)
