"""Copies of the database, and what must happen before a bot may work on one.

A backup is older than the world: jobs that are open in it may have been paid, finished and told since. So it carries a
mark, and a bot that finds the mark sends nothing for those jobs; it only asks, and looks before it posts.
"""

from __future__ import annotations

from pathlib import Path

from storage.engine.database import Database, StorageError, Transaction
from storage.engine.installation import delete_fact, read_fact
from storage.engine.sqlite import copy_file

MARK = "is_a_backup"
IDS_AHEAD = 1_000_000  # ids given since the backup must not be given again: codes and buttons are made of them


def backup(source: Path, target: Path) -> None:
    """A whole, consistent, marked copy for the owner's eyes only; the bot may be running on `source`."""
    if not source.is_file():
        raise StorageError(f"there is no database at {source}")
    if target.exists():
        raise StorageError(f"{target} exists already; name another file")
    copy_file(source, target, MARK)


async def reconcile(database: Database) -> int | None:
    """Make a restored backup safe to work on; how many open jobs are concerned, None when this is no backup."""

    async def work(tx: Transaction) -> int | None:
        if await read_fact(tx, MARK) is None:
            return None
        jobs = await tx.rows("UPDATE jobs SET restored = 1 WHERE closed_at IS NULL RETURNING id")
        await tx.skip_ids("jobs", IDS_AHEAD)
        await delete_fact(tx, MARK)
        return len(jobs)

    return await database.write(work, guild_id=None)
