"""Which engine the bot works on."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from storage.engine import sqlite
from storage.engine.database import Database, StorageError


def open_database(path: Path, url: str = "") -> AbstractAsyncContextManager[Database]:
    """The database at `url`, on PostgreSQL, or without one SQLite's in the file `path`: for this process alone, and
    migrated as needed. `StorageError` when it can't be used, or another process holds it.
    """
    if not url:
        return sqlite.open_database(path)
    try:
        from storage.engine import postgres  # noqa: PLC0415 - only with the extra `postgres` installed
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise StorageError("PostgreSQL needs a package that isn't installed: pip install asyncpg") from None
    return postgres.open_database(url)
