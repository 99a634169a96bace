"""A database on PostgreSQL that is only looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from storage.engine.database import Reader, Row
from storage.engine.postgres import history
from storage.engine.postgres.database import PostgresTransaction
from storage.engine.postgres.driver import connection_to, told_apart
from storage.engine.postgres.migrating import looked_at
from storage.engine.postgres.setup import begin_session, check_server


class PostgresReader(PostgresTransaction, Reader):
    """A database that is only looked at."""

    async def rows(self, sql: str, **parameters: object) -> Sequence[Row]:
        """Run one statement; all rows it returns. `StorageError` when the server can't be used."""
        with told_apart():
            return await super().rows(sql, **parameters)

    async def schema(self) -> int:
        """The number of its schema, 0 for none. `StorageError` when this version of the bot can't work on it."""
        with told_apart():
            return await looked_at(self._connection)

    async def damage(self) -> str:
        """Nothing: PostgreSQL looks after that itself."""
        return ""

    async def history(self) -> str | None:
        """The line of history that it is on."""
        with told_apart():
            return await history.read(self._connection)


@asynccontextmanager
async def open_reader(url: str) -> AsyncIterator[PostgresReader]:
    """The database at `url`, which is neither locked nor changed. `StorageError` when it can't be read."""
    async with connection_to(url, default_transaction_read_only="on") as connection:
        with told_apart():
            await check_server(connection)
            await begin_session(connection)
        yield PostgresReader(connection)
