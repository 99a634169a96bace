"""One database on a PostgreSQL server.

There is one writer per server at a time: a write takes its server's lock first, and reads what is committed by then, so
READ COMMITTED is enough. The tables that belong to no store are those named `engine_…`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4
from weakref import WeakValueDictionary

import asyncpg

from storage.engine.database import Conflict, Database, Row, StorageError, Transaction, Unsettled
from storage.engine.parameters import numbered, storable
from storage.engine.postgres import commit_keys
from storage.engine.postgres.setup import SESSION, begin_session, leave_session, take_over

T = TypeVar("T")

WRITERS, READERS = 8, 4  # connections of one process, each
PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0)  # seconds, between attempts while the connection is lost
SWEEP_EVERY = 1000  # writes

_PASSING = (  # what another attempt may not meet
    OSError, asyncpg.DeadlockDetectedError, asyncpg.IdleInTransactionSessionTimeoutError, asyncpg.InterfaceError,
    asyncpg.InternalClientError, asyncpg.OperatorInterventionError, asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
)  # fmt: skip
_WORDS: Mapping[type[Exception], str] = {
    asyncpg.InvalidAuthorizationSpecificationError: "the server doesn't take the name and password in it: {error}",
    asyncpg.InvalidCatalogNameError: "the server has no such database, so create it: {error}",
    asyncpg.InsufficientPrivilegeError: "its user must own the database, to create tables in it: {error}",
    ValueError: "it is no address of a PostgreSQL database",
    **dict.fromkeys(_PASSING, "the server can't be used now: {error}"),
}


class PostgresTransaction(Transaction):
    """A unit of work on one connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, sql: str, **parameters: object) -> Sequence[Row]:
        """Run one statement; all rows it returns. `Conflict` when a constraint refuses it."""
        return await _fetch(self._connection, sql, parameters)

    async def skip_ids(self, table: str, count: int) -> None:
        """Give the next `count` ids of the table to no row."""
        sequence = "CAST(pg_get_serial_sequence(:table, 'id') AS regclass)"
        await self.row(f"SELECT setval({sequence}, nextval({sequence}) + :count)", table=table, count=count)


class PostgresDatabase(Database):
    """One database on a server, as one process sees it. What is read has connections of its own, which can't write."""

    def __init__(self, writers: Any, readers: Any) -> None:
        super().__init__()
        self._writers = writers
        self._readers = readers
        self._writes = count()
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def rows(self, sql: str, **parameters: object) -> Sequence[Row]:
        """What is committed."""
        return await _persistently(lambda: self._read(sql, parameters))

    async def now(self) -> float | None:
        """The moment by the server's clock, in seconds since 1970."""
        row = await self.row("SELECT CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION) AS now")
        return None if row is None else float(row["now"])

    async def _read(self, sql: str, parameters: Mapping[str, object]) -> Sequence[Row]:
        async with _connection(self._readers) as connection:
            return await _fetch(connection, sql, parameters)

    async def _transact(self, work: Callable[[Transaction], Awaitable[T]], guild_id: int | None) -> T:
        turn = nullcontext() if guild_id is None else self._turns.setdefault(guild_id, asyncio.Lock())
        async with turn:  # so that one server's writes, waiting for each other, hold one connection of this process
            return await _persistently(lambda: self._once(work, guild_id))

    async def _once(self, work: Callable[[Transaction], Awaitable[T]], guild_id: int | None) -> T:
        """Run `work` and commit it; `Unsettled` when that can't be known, any other error when it isn't committed."""
        key, is_done = uuid4(), False
        try:
            async with _connection(self._writers) as connection:
                if next(self._writes) % SWEEP_EVERY == 0:
                    await commit_keys.sweep(connection)
                async with connection.transaction():
                    await commit_keys.begin(connection, key, guild_id)
                    result = await work(PostgresTransaction(connection))
                    is_done = True
        except _PASSING as error:
            if is_done and await self._was_committed(key, error):
                return result
            raise
        return result

    async def _was_committed(self, key: UUID, lost: Exception) -> bool:
        """Whether the transaction of that key was committed; if not, it never will be."""
        try:
            return await _persistently(lambda: self._settle(key))
        except _PASSING:
            raise Unsettled(f"the connection was lost while a write was being committed: {lost}") from None

    async def _settle(self, key: UUID) -> bool:
        async with _connection(self._writers) as connection:
            return await commit_keys.settle(connection, key)


@asynccontextmanager
async def _connection(pool: Any) -> AsyncIterator[Any]:
    """One of the pool's connections; in whatever state a fault has left it, nobody else gets it then."""
    async with pool.acquire() as connection:
        try:
            yield connection
        except _PASSING:
            connection.terminate()
            raise


async def _persistently(attempt: Callable[[], Awaitable[T]]) -> T:
    """Make an attempt, and others for some seconds while the connection is lost, or after a deadlock."""
    for pause in PAUSES:
        try:
            return await attempt()
        except _PASSING as error:
            if isinstance(error, ValueError):  # so the driver calls a parameter of the wrong type
                raise
            await asyncio.sleep(pause)
    return await attempt()


async def _fetch(on: Any, sql: str, parameters: Mapping[str, object]) -> Sequence[Row]:
    statement, names = numbered(sql)
    given = storable(parameters)
    try:
        rows: Sequence[Row] = await on.fetch(statement, *[given[name] for name in names])
    except asyncpg.IntegrityConstraintViolationError as error:
        raise Conflict(error.args[0]) from None  # its details show the whole row
    return rows


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """The database at `url`, migrated as needed; `StorageError` when it can't be used, or another bot works on it."""
    async with taken_over(url), connected(url) as database:
        yield database


@asynccontextmanager
async def taken_over(url: str) -> AsyncIterator[Any]:
    """A connection to the database at `url`, which is migrated as needed, and this process's alone while it lasts."""
    with told_apart():
        alone = await asyncpg.connect(url, server_settings=SESSION)
    try:
        with told_apart():
            await take_over(alone)
        yield alone
    finally:
        alone.terminate()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[PostgresDatabase]:
    """The migrated database at `url`, on which others may work, too."""
    async with _pool(url, WRITERS) as writers, _pool(url, READERS, default_transaction_read_only="on") as readers:
        database = PostgresDatabase(writers, readers)
        try:
            yield database
        finally:
            await database.drain()


def _pool(url: str, size: int, **session: str) -> Any:
    return asyncpg.create_pool(
        url, min_size=0, max_size=size, command_timeout=30.0, server_settings={**SESSION, **session},
        init=begin_session, reset=leave_session,
    )  # fmt: skip


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn what the server or the network has against it into a `StorageError`; a mistake of ours stays what it is."""
    try:
        yield
    except tuple(_WORDS) as error:
        words = next(words for kind, words in _WORDS.items() if isinstance(error, kind))
        raise StorageError(words.format(error=error)) from None
