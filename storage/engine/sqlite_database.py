"""One open file of SQLite's.

One connection writes, in a thread of its own; another only reads: two tasks that share a connection statement by
statement roll back each other's acknowledged writes. In the thread no statement suspends, so a unit of work runs to its
end in one call, and those that wait at the same time share one COMMIT. How each ended is told only after that.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import copy_context
from typing import Any, Generic, NoReturn, TypeVar, cast

import aiosqlite

from storage.engine.database import Conflict, Database, Row, Transaction
from storage.engine.parameters import storable

T = TypeVar("T")

MOST_UNITS, ENOUGH_SECONDS = 64, 0.05  # of one COMMIT: so many units of work at most, none begun later than that
_AWAITS_MORE = "a unit of work may await nothing but its transaction"


class SqliteTransaction(Transaction):
    """A unit of work, in the thread of the connection that writes."""

    skip_locked = ""  # there is no other one

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, **parameters: object) -> Sequence[Row]:
        """Run one statement; all rows it returns. `Conflict` when a constraint refuses it."""
        try:
            return self._connection.execute(sql, storable(parameters)).fetchall()
        except sqlite3.IntegrityError as error:
            raise Conflict(str(error)) from error

    async def skip_ids(self, table: str, count: int) -> None:
        """Give the next `count` ids of the table to no row."""
        await self.row("UPDATE sqlite_sequence SET seq = seq + :count WHERE name = :table", count=count, table=table)

    async def notify(self) -> None:
        """Wake nobody: there is no other process."""


class SqliteDatabase(Database):
    """One open database file. It has one writer at a time, whichever server a write is about: in the order in which
    they come.
    """

    is_alone = True

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        super().__init__()
        self._writer = writer
        self._reader = reader
        self._waiting: deque[_Unit[Any]] = deque()
        self._committing: asyncio.Task[None] | None = None

    async def rows(self, sql: str, **parameters: object) -> Sequence[Row]:
        """What is committed, from the read-only connection."""
        return await read(self._reader, sql, parameters)

    async def history(self) -> str | None:
        """None: a file has one only."""
        return None

    async def listen(self, wake: Callable[[], object]) -> None:  # noqa: ARG002
        """Wait until cancelled: there is no other process."""
        await asyncio.Event().wait()

    async def _transact(self, work: Callable[[Transaction], Awaitable[T]], guild_id: int | None) -> T:  # noqa: ARG002
        unit = _Unit(work)
        self._waiting.append(unit)
        if self._committing is None or self._committing.done():
            self._committing = asyncio.create_task(self._commit_all())
        return await unit.told

    async def _commit_all(self) -> None:
        writer = self._writer
        while self._waiting:
            units = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_UNITS))]
            try:
                # In the writer's thread. Whatever aiosqlite offers publicly is made of this, a statement at a time.
                ended = await writer._execute(_commit_together, writer._conn, units)  # type: ignore[no-untyped-call] # noqa: SLF001
            except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits for them hears of it
                ended = len(units)
                for unit in units:
                    unit.error = error
            for unit in units[:ended]:
                unit.tell()
            self._waiting.extendleft(reversed(units[ended:]))


async def read(connection: aiosqlite.Connection, sql: str, parameters: Mapping[str, object]) -> Sequence[Row]:
    """Run one statement on a connection that only reads; all rows it returns."""
    return list(await connection.execute_fetchall(sql, storable(parameters)))


class _Unit(Generic[T]):
    """A unit of work with what came of it, which is told once that is committed."""

    error: BaseException | None = None
    _result: T

    def __init__(self, work: Callable[[Transaction], Awaitable[T]]) -> None:
        self.told: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._work = work
        self._context = copy_context()

    def run(self, connection: sqlite3.Connection) -> None:
        """Run it in a savepoint of the transaction; when it raises, that takes back what it did, and nothing else."""
        connection.execute("SAVEPOINT unit")
        try:
            self._result = self._context.run(_run_to_its_end, self._work, SqliteTransaction(connection))
        except BaseException as error:
            if not connection.in_transaction:  # SQLite has taken back the whole of it, such as for a full disk
                raise
            self.error = error
            connection.execute("ROLLBACK TO unit")
        connection.execute("RELEASE unit")

    def tell(self) -> None:
        """Let whoever waits for it know how it ended."""
        if self.told.done():  # they were cancelled, as all is when the process ends
            return
        if self.error is None:
            self.told.set_result(self._result)
        else:
            self.told.set_exception(self.error)


def _commit_together(connection: sqlite3.Connection, units: Sequence[_Unit[Any]]) -> int:
    """Run the first of these units of work, or all, in one transaction; how many have ended. Unless it is committed,
    that was with its error for each of them: those that were refused may have been so for what isn't there now.
    """
    enough_at, ended = time.monotonic() + ENOUGH_SECONDS, 0
    connection.execute("BEGIN IMMEDIATE")
    try:
        for unit in units:
            ended += 1
            unit.run(connection)
            if time.monotonic() >= enough_at:
                break
        connection.execute("COMMIT")
    except BaseException as error:  # noqa: BLE001 - told to whoever waits for them
        for unit in units[:ended]:
            unit.error = error
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return ended


def _run_to_its_end(work: Callable[[Transaction], Awaitable[T]], tx: Transaction) -> T:
    """What the work returns. `TypeError` where it would suspend."""
    asyncio._set_running_loop(cast("asyncio.AbstractEventLoop", _NoLoop()))  # noqa: SLF001 - this thread's alone
    steps = work(tx).__await__()
    try:
        next(steps)
    except StopIteration as end:
        result: T = end.value
        return result
    steps.close()
    raise TypeError(_AWAITS_MORE)


class _NoLoop:
    """What a unit of work finds in place of an event loop, so that asking for one says what is wrong."""

    def __getattr__(self, name: str) -> NoReturn:
        raise TypeError(_AWAITS_MORE)
