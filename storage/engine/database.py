"""The only file that knows the database driver, besides the one that knows its errors.

One connection writes, behind one lock; another only reads. A transaction is one function call that nobody can cancel
half-way: two tasks that share a connection statement by statement roll back each other's acknowledged writes.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from importlib.resources import files
from pathlib import Path
from typing import IO, Any, Protocol, TypeVar
from urllib.parse import quote

import aiosqlite

from storage.engine.earlier_copies import EarlierCopies
from storage.engine.unusable import StorageError, told_apart

T = TypeVar("T")
Row = sqlite3.Row
log = logging.getLogger(__name__)

_SETTINGS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA busy_timeout = 5000;
PRAGMA journal_size_limit = 67108864;
PRAGMA trusted_schema = OFF;
PRAGMA temp_store = MEMORY;
"""


class Rejected(Exception):
    """A unit of work ended on purpose without writing anything."""


class Conflict(Rejected):
    """A uniqueness or consistency rule of the schema refused a write."""


class Queries(Protocol):
    """Whatever plain SQL can be run on: a transaction, or what is committed."""

    async def rows(self, sql: str, **parameters: object) -> Sequence[Row]: ...

    async def row(self, sql: str, **parameters: object) -> Row | None: ...


class Transaction:
    """What a unit of work may do: run plain SQL with named parameters."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def rows(self, sql: str, **parameters: object) -> Sequence[Row]:
        """Run one statement; all rows it returns. `Conflict` when a constraint refuses it."""
        try:
            return list(await self._connection.execute_fetchall(sql, parameters))
        except sqlite3.IntegrityError as error:
            raise Conflict(str(error)) from error

    async def row(self, sql: str, **parameters: object) -> Row | None:
        """Run one statement; its first row, if any."""
        return next(iter(await self.rows(sql, **parameters)), None)


class Database:
    """One open database file."""

    def __init__(self, writer: aiosqlite.Connection, reader: aiosqlite.Connection) -> None:
        self._writer = writer
        self._reader = Transaction(reader)
        self._lock = asyncio.Lock()
        self._writing: set[asyncio.Task[Any]] = set()

    async def rows(self, sql: str, **parameters: object) -> Sequence[Row]:
        """What is committed, from the read-only connection."""
        return await self._reader.rows(sql, **parameters)

    async def row(self, sql: str, **parameters: object) -> Row | None:
        """The first committed row, if any."""
        return await self._reader.row(sql, **parameters)

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run `work` in one transaction, committed when this returns. Cancelling the caller doesn't stop it."""
        task = asyncio.ensure_future(self._transact(work))
        self._writing.add(task)
        task.add_done_callback(self._written)
        return await asyncio.shield(task)

    async def _transact(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async with self._lock:
            await self._writer.execute("BEGIN IMMEDIATE")
            try:
                result = await work(Transaction(self._writer))
                await self._writer.commit()
            except BaseException:
                await self._writer.rollback()
                raise
            return result

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writing.discard(task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, Rejected):
            log.error("a write failed: %s", error)

    async def drain(self) -> None:
        """Wait until every write that was started is committed or rolled back."""
        await asyncio.gather(*self._writing, return_exceptions=True)


@asynccontextmanager
async def open_database(path: Path) -> AsyncIterator[Database]:
    """The database at `path`, created or migrated as needed; `StorageError` when another process holds it."""
    with _own_lock_file(path) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StorageError(f"another bot is already running on {path}") from None
        await asyncio.to_thread(migrate, path)
        read_only = f"file:{quote(str(path))}?mode=ro"
        async with (
            aiosqlite.connect(path, isolation_level=None) as writer,
            aiosqlite.connect(read_only, uri=True, isolation_level=None) as reader,
        ):
            with told_apart(path):
                await writer.executescript(_SETTINGS)
                await reader.execute("PRAGMA busy_timeout = 5000")
            writer.row_factory = reader.row_factory = sqlite3.Row
            database = Database(writer, reader)
            try:
                yield database
            finally:
                await database.drain()


def copy_file(source: Path, target: Path, fact: str) -> None:
    """Copy a database that may be in use, and note this fact in the copy; `StorageError` when that fails."""
    try:
        target.touch(mode=0o600)
        read_only = f"file:{quote(str(source))}?mode=ro"
        with closing(sqlite3.connect(read_only, uri=True)) as live, closing(sqlite3.connect(target)) as copy, copy:
            live.backup(copy)
            copy.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, '1')", (fact,))
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"{target} could not be written: {error}") from None


def _own_lock_file(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = path.with_name(f"{path.name}.lock")
        lock.touch(mode=0o600)
        return lock.open("w")
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} can't be used: {error}") from None


def migrations() -> Mapping[int, str]:
    """The SQL of each schema version, by number."""
    found = files("storage.engine").joinpath("migrations").iterdir()
    return {int(file.name[:4]): file.read_text(encoding="utf-8") for file in found if file.name.endswith(".sql")}


def migrate(path: Path) -> None:
    """Bring the file to the newest schema; each step is one transaction, and an existing file is copied first.
    `StorageError` when the file can't be used.
    """
    steps = migrations()
    newest = max(steps)
    with told_apart(path), _connected(path) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > newest:
            raise StorageError(f"{path} was written by a newer version of this bot (schema {version}, I know {newest})")
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
