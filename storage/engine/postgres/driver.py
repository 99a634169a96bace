"""asyncpg, the driver: connections, and what its errors mean. No other file of the bot imports it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg

from storage.engine.database import Conflict, Row, StorageError
from storage.engine.parameters import numbered, storable
from storage.engine.postgres.setup import SESSION, leave_session

PASSING = (  # what another attempt may not meet
    OSError, asyncpg.DeadlockDetectedError, asyncpg.IdleInTransactionSessionTimeoutError, asyncpg.InterfaceError,
    asyncpg.InternalClientError, asyncpg.ObjectNotInPrerequisiteStateError, asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError, asyncpg.TooManyConnectionsError,
)  # fmt: skip
_WORDS: Mapping[type[Exception], str] = {
    asyncpg.InvalidAuthorizationSpecificationError: "the server doesn't take the name and password in it: {error}",
    asyncpg.InvalidCatalogNameError: "the server has no such database, so create it: {error}",
    asyncpg.InsufficientPrivilegeError: "its user must own the database, to create tables in it: {error}",
    asyncpg.LockNotAvailableError: "somebody else, such as pg_dump, uses its tables, so try again later: {error}",
    ValueError: "it is no address of a PostgreSQL database",
    **dict.fromkeys(PASSING, "the server can't be used now: {error}"),
}


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn what the server or the network has against it into a `StorageError`; a mistake of ours stays what it is."""
    try:
        yield
    except tuple(_WORDS) as error:
        words = next(words for kind, words in _WORDS.items() if isinstance(error, kind))
        raise StorageError(words.format(error=error)) from None


@asynccontextmanager
async def connection_to(url: str, **session: str) -> AsyncIterator[Any]:
    """A connection to the database at `url`; `StorageError` when there can't be one."""
    with told_apart():
        connection = await asyncpg.connect(url, server_settings={**SESSION, **session})
    try:
        yield connection
    finally:
        connection.terminate()


def pool(url: str, size: int, begin: Callable[[Any], Awaitable[None]], **session: str) -> Any:
    """As many connections as are needed, `size` at most, each made ready with `begin`."""
    return asyncpg.create_pool(
        url, min_size=0, max_size=size, command_timeout=30.0, server_settings={**SESSION, **session},
        init=begin, reset=leave_session,
    )  # fmt: skip


@asynccontextmanager
async def taken_from(pooled: Any) -> AsyncIterator[Any]:
    """One of the pool's connections; in whatever state a fault has left it, nobody else gets it then."""
    async with pooled.acquire() as connection:
        try:
            yield connection
        except PASSING:
            connection.terminate()
            raise


async def fetch(connection: Any, sql: str, parameters: Mapping[str, object]) -> Sequence[Row]:
    """Run one statement; all rows it returns. `Conflict` when a constraint refuses it."""
    statement, names = numbered(sql)
    given = storable(parameters)
    try:
        rows: Sequence[Row] = await connection.fetch(statement, *[given[name] for name in names])
    except asyncpg.IntegrityConstraintViolationError as error:
        raise Conflict(error.args[0]) from None  # its details show the whole row
    return rows
