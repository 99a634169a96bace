"""A file of SQLite's that is only looked at."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from storage.engine.database import Reader, Row
from storage.engine.schema import migrations
from storage.engine.sqlite_database import read
from storage.engine.sqlite_file import is_newer, read_only, told_apart


class SqliteReader(Reader):
    """A file that is only looked at."""

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    async def rows(self, sql: str, **parameters: object) -> Sequence[Row]:
        """Run one statement; all rows it returns. `StorageError` where the file is damaged, or can't be read."""
        with told_apart(self._path):
            return await read(self._connection, sql, parameters)

    async def schema(self) -> int:
        """The number of its schema, 0 for none. `StorageError` when this version of the bot can't work on it."""
        (row,) = await self.rows("PRAGMA user_version")
        version = int(row["user_version"])
        if version > max(migrations()):
            raise is_newer(self._path, version)
        return version

    async def damage(self) -> str:
        """What is wrong with the file, in a line; nothing for a sound one."""
        found = [row["quick_check"] for row in await self.rows("PRAGMA quick_check(1)")]
        return "" if found == ["ok"] else str(found[0]).splitlines()[-1]

    async def history(self) -> str | None:
        """None: a file has one only."""
        return None


@asynccontextmanager
async def open_reader(path: Path) -> AsyncIterator[SqliteReader]:
    """The database in that file, which is neither locked nor changed, whoever works on it. `StorageError` when it can't
    be read.
    """
    connecting = aiosqlite.connect(read_only(path, leaving_nothing=True), uri=True, isolation_level=None)
    with told_apart(path):
        connection = await connecting
    try:
        await connection.create_function("engine_now", 0, time.time)
        connection.row_factory = sqlite3.Row
        reader = SqliteReader(connection, path)
        await reader.rows("PRAGMA busy_timeout = 5000")
        await reader.rows("SELECT name FROM sqlite_schema LIMIT 1")
        yield reader
    finally:
        await connection.close()
