"""Which engine the bot works on, and whether what it finds there is all that there is."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

from storage.engine import sqlite, sqlite_lock, sqlite_reader
from storage.engine.database import STOP_IT, Database, Queries, Reader, StorageError
from storage.engine.installation import read_fact
from storage.engine.schema import migrations

# Facts that a move from one engine to the other leaves in a database that no bot may work on.
MOVED_AWAY, UNFINISHED_MOVE = "moved_away", "unfinished_move"
MOST_SECONDS_APART = 2.0
_WORDS = {
    MOVED_AWAY: "what was in it has been moved to PostgreSQL, so set DATABASE_URL to that; "
    "if the move didn't come to its end, run `python -m bot move-database` once more",
    UNFINISHED_MOVE: "a move to it didn't come to its end, so run `python -m bot move-database` once more",
}


@asynccontextmanager
async def open_database(path: Path, url: str = "", *, alone: bool = False) -> AsyncIterator[Database]:
    """The database at `url`, on PostgreSQL, or without one SQLite's in the file `path`, which is migrated as needed.
    The file is this process's alone, and the other only if it is to be. `StorageError` when it can't be used.
    """
    async with _postgres(url, alone=alone) if url else sqlite.open_database(path) as database:
        await check_moves(database)
        await compare_clocks(database)
        yield database


@asynccontextmanager
async def open_existing(path: Path, url: str = "") -> AsyncIterator[Database]:
    """The same database for this process alone, whichever it is; `StorageError`, too, where there is none yet."""
    if url:
        async with open_reader(path, url) as reader:
            if not await reader.schema():
                raise StorageError("there is no database of Mouthpiece yet; the bot's first start makes it")
    else:
        check_there(path)
        check_stopped(path)
    async with open_database(path, url, alone=True) as database:
        yield database


def open_reader(path: Path, url: str = "") -> AbstractAsyncContextManager[Reader]:
    """The same database to be looked at alone: it is neither locked nor changed, whoever works on it. `StorageError`
    when it can't be read.
    """
    if not url:
        check_there(path)
        return sqlite_reader.open_reader(path)
    with needs_driver():
        from storage.engine.postgres import reader  # noqa: PLC0415 - only with the extra `postgres` installed
    return reader.open_reader(url)


async def check_moves(database: Queries) -> None:
    """Refuse a database that a move to the other engine has emptied, or not yet filled, with a `StorageError`."""
    for mark, words in _WORDS.items():
        if await read_fact(database, mark) is not None:
            raise StorageError(words)


async def compare_clocks(database: Queries) -> None:
    """Refuse a database whose machine has another time: moments of both stand side by side in it."""
    before = time.time()
    there = await database.now()
    ahead, behind = there - time.time(), before - there  # for certain, however long the answer took
    if (apart := max(ahead, behind)) > MOST_SECONDS_APART:
        which = "ahead of" if ahead > behind else "behind"
        raise StorageError(
            f"the clock of its machine is {apart:.0f} s {which} this one's, so have both set over the network (NTP)"
        )


async def migrate_database(path: Path, url: str = "") -> int:
    """Bring the database to the newest schema; its number. Others may work on one on PostgreSQL meanwhile.
    `StorageError` when it can't be used.
    """
    if not url:
        async with existing_file(path):
            return max(migrations())
    with needs_driver():
        from storage.engine.postgres import database  # noqa: PLC0415 - only with the extra `postgres` installed
    return await database.migrate_database(url)


def existing_file(path: Path) -> AbstractAsyncContextManager[Database]:
    """SQLite's database in that file, also when a move has marked it; `StorageError` when there is none, or a bot runs
    on it.
    """
    check_there(path)
    check_stopped(path)
    return sqlite.open_database(path)


def check_there(path: Path) -> None:
    """Refuse a path where there is no database with a `StorageError`."""
    if not path.is_file():
        raise StorageError(f"there is no database at {path}")


def check_stopped(path: Path) -> None:
    """Refuse a file on which a bot runs with a `StorageError` that says what to do."""
    if sqlite_lock.is_owned(path):
        raise StorageError(f"a bot is already running on {path}, so {STOP_IT}")


@contextmanager
def needs_driver() -> Iterator[None]:
    """Turn the absence of PostgreSQL's driver into a `StorageError`."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "asyncpg":
            raise
        raise StorageError("PostgreSQL needs a package that isn't installed: pip install asyncpg") from None


def _postgres(url: str, *, alone: bool) -> AbstractAsyncContextManager[Database]:
    with needs_driver():
        from storage.engine.postgres import database  # noqa: PLC0415 - only with the extra `postgres` installed
    return database.open_database(url, alone=alone)
