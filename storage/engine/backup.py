"""Copies of the database, and what must happen before a bot may work on one.

A backup is older than the world: jobs that are open in it may have been paid, finished and told since. So it carries a
mark, and a bot that finds the mark sends nothing for those jobs; it only asks, and looks before it posts. A server that
was failed over to may be older, too, and nobody marks it: it is on a line of history that isn't noted in it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from storage.engine import sqlite
from storage.engine.database import Database, Reader, StorageError, Transaction
from storage.engine.encryption import MasterKeys
from storage.engine.installation import read_fact
from storage.engine.key_rotation import verify
from storage.engine.sqlite_file import copy_file, told_apart

MARK = "is_a_backup"
IDS_AHEAD = 1_000_000  # ids given since the backup must not be given again: codes and buttons are made of them


def known(history: str) -> str:
    """The name of the fact that the database has been on this line of history."""
    return f"history {history}"


def backup(source: Path, target: Path) -> None:
    """A whole, consistent, marked copy for the owner's eyes only; the bot may be running on `source`.
    `StorageError` when that isn't a database, `NoCopy` when the copy can't be made.
    """
    if not source.is_file():
        raise StorageError(f"there is no database at {source}")
    copy_file(source, target, MARK)


async def try_restore(copy: Path, restored: Path, master: MasterKeys) -> None:
    """Put a copy into another place, start on it there as a bot does, and look at all of it. `StorageError` or
    `CannotUnseal` when a bot couldn't go on with it.
    """
    await asyncio.to_thread(copy_file, copy, restored, MARK)
    with told_apart(restored):
        async with sqlite.open_database(restored) as database:
            if await reconcile(database) is None:
                raise StorageError("the copy doesn't say that it is one")
            await verify(database, master)
            (row,) = await database.rows("PRAGMA integrity_check(1)")
            if row["integrity_check"] != "ok":
                raise StorageError(f"the copy is damaged: {row['integrity_check'].splitlines()[-1]}")


async def reconcile(database: Database) -> int | None:
    """Make a database safe to work on that may be older than the world; how many open jobs are concerned, None when it
    isn't. Of several processes that start at once, one does it, before any other goes on.
    """
    history = await database.history()

    async def work(tx: Transaction) -> int | None:
        is_a_backup, was_failed_over = await _take_mark(tx), await _follow(tx, history)
        if not (is_a_backup or was_failed_over):
            return None
        jobs = await tx.rows("UPDATE jobs SET restored = 1 WHERE closed_at IS NULL RETURNING id")
        await tx.skip_ids("jobs", IDS_AHEAD)
        return len(jobs)

    return await database.write(work, guild_id=None)


async def may_have_missed(database: Reader) -> bool:
    """Whether the next start will take the database for one that is older than the world."""
    history = await database.history()
    seen = [row["name"] for row in await database.rows("SELECT name FROM facts WHERE name LIKE :all", all=known("%"))]
    was_failed_over = bool(history and seen) and known(str(history)) not in seen
    return was_failed_over or await read_fact(database, MARK) is not None


async def _take_mark(tx: Transaction) -> bool:
    """Take the mark of a backup off; whether there was one."""
    return await tx.row("DELETE FROM facts WHERE name = :mark RETURNING name", mark=MARK) is not None


async def _follow(tx: Transaction, history: str | None) -> bool:
    """Note the history that the database is on; whether it knew others before, and not this one."""
    if history is None:
        return False
    mine = known(history)
    is_new = await tx.row(
        "INSERT INTO facts (name, value) VALUES (:name, '1') ON CONFLICT (name) DO NOTHING RETURNING name", name=mine
    )
    others = await tx.row("SELECT name FROM facts WHERE name LIKE :all AND name <> :name", all=known("%"), name=mine)
    return is_new is not None and others is not None
