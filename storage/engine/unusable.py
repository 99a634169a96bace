"""Why SQLite can't use a database, told apart by its own codes: what the operator does about each is something else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

WORDS: Mapping[int, str] = {
    sqlite3.SQLITE_NOTADB: "{path} is not a database of this bot: {error}",
    sqlite3.SQLITE_CORRUPT: "{path} is damaged, so put a backup in its place: {error}",
    sqlite3.SQLITE_FULL: "the disk that holds {path} is full, so make room on it: {error}",
    sqlite3.SQLITE_IOERR: "{path} can't be read or written, so check whether its disk is full or failing: {error}",
    **dict.fromkeys(
        (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM),
        "{path} can't be opened, so check that the bot may write to its folder and that its disk isn't full: {error}",
    ),
    **dict.fromkeys(
        (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED),
        "{path} is in use by another program, so close that first: {error}",
    ),
}


class StorageError(Exception):
    """The database can't be used as it is; the text says why."""


@contextmanager
def told_apart(path: Path) -> Iterator[None]:
    """Turn what SQLite or the disk has against the file into a `StorageError`; a mistake of ours stays what it is."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the rest of it tells kinds apart
        if code not in WORDS:
            raise
        raise StorageError(WORDS[code].format(path=path, error=error)) from None
    except OSError as error:
        raise StorageError(f"{path} can't be used: {error}") from None
