"""SQLite, in a file of its own: what the bot works on where nothing else is set. How that is opened, and migrated."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiosqlite

from storage.engine.database import Database
from storage.engine.earlier_copies import EarlierCopies
from storage.engine.schema import migrations
from storage.engine.sqlite_database import SqliteDatabase
from storage.engine.sqlite_file import is_newer, read_only, told_apart
from storage.engine.sqlite_lock import own

_SETTINGS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA busy_timeout = 5000;
PRAGMA journal_size_limit = 67108864;
PRAGMA trusted_schema = OFF;
PRAGMA temp_store = MEMORY;
"""


@asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """The database at `path`, created or migrated as needed; `StorageError` when another process holds it."""
    async with own(path):
        await asyncio.to_thread(migrate, path)
        async with (
            aiosqlite.connect(path, isolation_level=None) as writer,
            aiosqlite.connect(read_only(path), uri=True, isolation_level=None) as reader,
        ):
            with told_apart(path):
                await writer.executescript(_SETTINGS)
                await reader.execute("PRAGMA busy_timeout = 5000")
            for connection in (writer, reader):
                await connection.create_function("engine_now", 0, time.time)
            writer.row_factory = reader.row_factory = sqlite3.Row
            database = SqliteDatabase(writer, reader)
            try:
                yield database
            finally:
                await database.drain()


def migrate(path: Path) -> None:
    """Bring the file to the newest schema; each step is one transaction, and an existing file is copied first.
    `StorageError` when the file can't be used.
    """
    steps = migrations()
    newest = max(steps)
    with told_apart(path), _connected(path) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > newest:
            raise is_newer(path, version)
        if version < newest and version > 0:
            copy = EarlierCopies(path).path(newest)
            with closing(sqlite3.connect(copy)) as target:
                connection.backup(target)
            copy.chmod(0o600)
        for number in range(version + 1, newest + 1):
            connection.executescript(f"BEGIN;\n{steps[number]}\nPRAGMA user_version = {number};\nCOMMIT;")


def _connected(path: Path) -> closing[sqlite3.Connection]:
    if not path.exists():
        path.touch(mode=0o600)
    return closing(sqlite3.connect(path, isolation_level=None))
