"""The file of a database of SQLite's as a whole: how it is copied and looked through, what SQLite has against one, and
which SQLite that is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from storage.engine.database import StorageError
from storage.engine.encryption import LOST
from storage.engine.schema import migrations

# Why it can't use a file, told apart by its own codes: what the operator does about each is something else.
_WORDS: Mapping[int, str] = {
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
VERSION = sqlite3.sqlite_version
# From which on a second program that writes or checkpoints the file can't damage it (sqlite.org/wal.html#walresetbug).
_FIXED = ((3, 44, 6), (3, 50, 7), (3, 51, 3))


def bears_a_second_checkpointer(version: str = VERSION) -> bool:
    """Whether this SQLite has the fix without which two that checkpoint at once may damage a file."""
    found = tuple(map(int, version.split(".")))
    return found >= _FIXED[-1] or any(found[:2] == fixed[:2] and found >= fixed for fixed in _FIXED)


def has_second_checkpointer(path: Path) -> bool:
    """Whether Litestream, which checkpoints the file itself, has worked on it."""
    return path.with_name(f".{path.name}-litestream").is_dir()


def read_only(path: Path, *, leaving_nothing: bool = False) -> str:
    """The address of the file for a connection that only reads; it never checkpoints either. With `leaving_nothing`, it
    makes no files beside one that nobody works on, as SQLite would for whoever comes to read it, too.
    """
    is_at_rest = leaving_nothing and not path.with_name(f"{path.name}-wal").exists()
    return f"file:{quote(str(path))}?mode=ro{'&immutable=1' if is_at_rest else ''}"


class NoCopy(StorageError):
    """The copy can't be made where it is to be, though there is something to copy."""


def copy_file(source: Path, target: Path, fact: str) -> None:
    """Copy a database that may be in use into a new file, and note this fact in it. `StorageError` when the database
    can't be read, `NoCopy` when the file can't be made.
    """
    with closing(_readable(source)) as live:
        try:
            target.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            raise NoCopy(f"{target} exists already; name another file") from None
        except OSError as error:
            raise NoCopy(f"{target} can't be written: {error.strerror}") from None
        try:
            with closing(sqlite3.connect(target)) as copy, copy:
                live.backup(copy)
                copy.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, '1')", (fact,))
        except sqlite3.Error as error:
            target.unlink(missing_ok=True)
            raise NoCopy(f"{target} can't be written: {error}") from None


def _readable(path: Path) -> sqlite3.Connection:
    """A connection to a database that can be read, by what its first pages say."""
    with told_apart(path):
        connection = sqlite3.connect(read_only(path), uri=True)
        try:
            connection.execute("SELECT name FROM sqlite_schema LIMIT 1")
        except sqlite3.Error:
            connection.close()
            raise
        return connection


def count_keys(path: Path) -> int:
    """How many provider keys are in the file that a master key is needed for; 0 where there is no file. `StorageError`
    when it can't be read.
    """
    if not path.exists():
        return 0
    with told_apart(path), closing(sqlite3.connect(read_only(path, leaving_nothing=True), uri=True)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if not version:
            return 0
        unless = f" WHERE coalesce(off_reason, '') <> '{LOST}'" if version > 1 else ""
        (count,) = connection.execute(f"SELECT count(*) FROM keys{unless}").fetchone()
        return int(count)


def is_newer(path: Path, version: int) -> StorageError:
    """What is raised over a file with a schema that this version of the bot doesn't know."""
    return StorageError(
        f"{path} was written by a newer version of this bot (schema {version}, I know {max(migrations())})"
    )


@contextmanager
def told_apart(path: Path) -> Iterator[None]:
    """Turn what SQLite or the disk has against the file into a `StorageError`; a mistake of ours stays what it is."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the rest of it tells kinds apart
        if code not in _WORDS:
            raise
        raise StorageError(_WORDS[code].format(path=path, error=error)) from None
    except OSError as error:
        raise StorageError(f"{path} can't be used: {error}") from None
