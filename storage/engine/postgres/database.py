"""One database on a PostgreSQL server.

There is one writer per server at a time: a write takes its server's lock first, and reads what is committed by then, so
READ COMMITTED is enough. The tables that belong to no store are those named `engine_…`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4
from weakref import WeakValueDictionary

from storage.engine.database import Database, OtherHistory, Row, StorageError, Transaction, Unsettled
from storage.engine.postgres import commit_keys, history
from storage.engine.postgres.driver import PASSING, connection_to, fetch, pool, taken_from, told_apart
from storage.engine.postgres.migrating import migrate
from storage.engine.postgres.notifying import listen, notify
from storage.engine.postgres.setup import begin_session, check_server, take_over

T = TypeVar("T")

WRITERS, READERS = 8, 4  # connections of one process, each
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)  # seconds, between attempts while the connection is lost
SWEEP_EVERY = 1000  # writes
LISTEN_AGAIN_SECONDS = 1.0  # after the connection on which a process listens was lost


class PostgresTransaction(Transaction):
    """A unit of work on one connection."""

    skip_locked = "FOR UPDATE SKIP LOCKED"

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, sql: str, **parameters: object) -> Sequence[Row]:
        """Run one statement; all rows it returns. `Conflict` when a constraint refuses it."""
        return await fetch(self._connection, sql, parameters)

    async def notify(self) -> None:
        """Wake whoever listens, in whichever process, once this is committed."""
        await notify(self._connection)

    async def skip_ids(self, table: str, count: int) -> None:
        """Give the next `count` ids of the table to no row."""
        sequence = "CAST(pg_get_serial_sequence(:table, 'id') AS regclass)"
        await self.row(f"SELECT setval({sequence}, nextval({sequence}) + :count)", table=table, count=count)


class PostgresDatabase(Database):
    """One database on a server, as one process sees it. What is read has connections of its own, which can't write.

    All connections are to the history that the first one found. Once one has found another, nothing is written.
    """

    is_alone = False

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._writers = pool(url, WRITERS, self._begin)
        self._readers = pool(url, READERS, self._begin, default_transaction_read_only="on")
        self._writes = count()
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._history = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Have connections, until the block is left."""
        async with self._writers, self._readers:
            try:
                yield
            finally:
                await self.drain()

    async def rows(self, sql: str, **parameters: object) -> Sequence[Row]:
        """What is committed."""
        return await _persistently(lambda: self._read(sql, parameters))

    async def history(self) -> str | None:
        """The line of history that it is on."""
        await self.rows("SELECT 1")
        return self._history

    async def listen(self, wake: Callable[[], object]) -> None:
        """Call `wake` when a transaction with `notify` was committed, until cancelled; unless it can't be heard."""
        while True:
            with suppress(StorageError), told_apart():
                async with connection_to(self._url) as connection:
                    await check_server(connection)  # a standby takes no LISTEN
                    await listen(connection, wake)
            await asyncio.sleep(LISTEN_AGAIN_SECONDS)

    async def _begin(self, connection: Any) -> None:
        """Make a new connection ready; `OtherHistory` when it is to another one than the first."""
        await begin_session(connection)
        found = await history.read(connection)
        self._history = self._history or found
        if found != self._history:
            self.other_history.set()
            await history.mark_unless_known(connection, self._history)
            raise OtherHistory

    async def _read(self, sql: str, parameters: Mapping[str, object]) -> Sequence[Row]:
        async with taken_from(self._readers) as connection:
            return await fetch(connection, sql, parameters)

    async def _transact(self, work: Callable[[Transaction], Awaitable[T]], guild_id: int | None) -> T:
        turn = nullcontext() if guild_id is None else self._turns.setdefault(guild_id, asyncio.Lock())
        async with turn:  # so that one server's writes, waiting for each other, hold one connection of this process
            return await _persistently(lambda: self._once(work, guild_id))

    async def _once(self, work: Callable[[Transaction], Awaitable[T]], guild_id: int | None) -> T:
        """Run `work` and commit it; `Unsettled` when that can't be known, any other error when it isn't committed."""
        key, is_done = uuid4(), False
        if self.other_history.is_set():
            raise OtherHistory
        try:
            async with taken_from(self._writers) as connection:
                if next(self._writes) % SWEEP_EVERY == 0:
                    await commit_keys.sweep(connection)
                async with connection.transaction():
                    await commit_keys.begin(connection, key, guild_id)
                    result = await work(PostgresTransaction(connection))
                    is_done = True
        except PASSING as error:
            if is_done and await self._was_committed(key, error):
                return result
            raise
        return result

    async def _was_committed(self, key: UUID, lost: Exception) -> bool:
        """Whether the transaction of that key was committed; if not, it never will be."""
        try:
            return await _persistently(lambda: self._settle(key))
        except PASSING:
            raise Unsettled(f"the connection was lost while a write was being committed: {lost}") from None

    async def _settle(self, key: UUID) -> bool:
        async with taken_from(self._writers) as connection:
            return await commit_keys.settle(connection, key)


async def _persistently(attempt: Callable[[], Awaitable[T]]) -> T:
    """Make an attempt, and others for some seconds while the connection is lost, or after a deadlock."""
    for pause in PAUSES:
        try:
            return await attempt()
        except PASSING as error:
            if isinstance(error, ValueError):  # so the driver calls a parameter of the wrong type
                raise
            await asyncio.sleep(pause)
    return await attempt()


@asynccontextmanager
async def open_database(url: str, *, alone: bool = False) -> AsyncIterator[Database]:
    """The database at `url`, whose schema is made if it has none, for several processes at once or for this one
    `alone`; `StorageError` when it can't be used.
    """
    async with taken_over(url, alone=alone), connected(url) as database:
        yield database


@asynccontextmanager
async def taken_over(url: str, *, alone: bool = True) -> AsyncIterator[Any]:
    """A connection to the database at `url`, which has its schema; while it lasts, nobody else has the database for
    itself `alone`, or at all.
    """
    async with connection_to(url) as held:
        with told_apart():
            await take_over(held, alone=alone)
        try:
            yield held
        finally:  # the server lets go by itself, but only when it has noticed that the connection is gone
            with suppress(StorageError), told_apart():
                await held.fetchval("SELECT pg_advisory_unlock_all()", timeout=1.0)


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[PostgresDatabase]:
    """The database at `url`, which has its schema, and on which others may work, too."""
    database = PostgresDatabase(url)
    async with database.open():
        yield database


async def migrate_database(url: str) -> int:
    """Bring the database at `url` to the newest schema, whoever works on it; the schema that it has then.
    `StorageError` when it can't be used.
    """
    async with connection_to(url) as connection:
        with told_apart():
            await check_server(connection)
            return await migrate(connection)
