"""Moving everything from SQLite's file to an empty database on PostgreSQL, while no bot runs on either.

A bot can start on one of the two at most, whenever this is killed. The target is marked first, and a bot refuses it
from then on. All rows are copied and compared in one transaction; before that is committed, the file is marked, and a
bot refuses it from then on; the commit takes the mark off the target. Begun again, it goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from storage.engine.backup import backup
from storage.engine.database import Database, StorageError, Transaction
from storage.engine.earlier_copies import EarlierCopies
from storage.engine.installation import delete_fact, put_fact, read_fact
from storage.engine.opening import MOVED_AWAY, UNFINISHED_MOVE
from storage.engine.postgres.database import PostgresTransaction, taken_over
from storage.engine.postgres.driver import told_apart
from storage.engine.postgres.setup import begin_session
from storage.engine.sqlite_file import told_apart as sqlite_told_apart
from storage.jobs.workers import end_earlier_lives
from storage.moving.comparison import Inventory
from storage.moving.copying import copy_table, tables_in_order

MOVED_HERE = "moved_here"  # what the target is told at the end: the id of the move, which the marks hold, too


async def move(path: Path, source: Database, url: str) -> str:
    """Move the database `source`, in the file at `path`, to the one at `url`; what was moved, as a table for a person.
    `StorageError` when it can't be done.

    The file is left without any row, so that nobody lives on in it; beside it lies a copy to go back to, marked as a
    backup, which is deleted as copies of earlier schemas are.
    """
    with sqlite_told_apart(path):
        await end_earlier_lives(source)  # there, they would own its jobs for ever
        async with taken_over(url) as connection:
            with told_apart():
                await begin_session(connection)
                tables = await tables_in_order(source)
                moved = await _move(path, source, connection, tables)
                await source.write(lambda tx: _empty(tx, tables), guild_id=None)
                return moved


async def _move(path: Path, source: Database, connection: Any, tables: Sequence[str]) -> str:
    target = PostgresTransaction(connection)
    begun, unfinished = await read_fact(source, MOVED_AWAY), await read_fact(target, UNFINISHED_MOVE)
    if begun and begun == await read_fact(target, MOVED_HERE):
        return "Everything had been moved already."
    if begun and begun != unfinished:
        raise StorageError(f"what was in {path} has been moved to another database")
    if not (await Inventory.of(target, tables)).is_empty():
        raise StorageError("it isn't empty, so create another database to move to")
    if not begun:
        _keep_copy(path)
    move_id, held = begun or uuid4().hex, await Inventory.of(source, tables)
    await put_fact(target, UNFINISHED_MOVE, move_id)
    async with connection.transaction():
        for table in tables:
            await copy_table(source, connection, table)
        if different := held.differences(await Inventory.of(target, tables)):
            raise StorageError(f"nothing was moved, as these came out different: {', '.join(different)}")
        await delete_fact(target, UNFINISHED_MOVE)
        await put_fact(target, MOVED_HERE, move_id)
        await source.write(lambda tx: put_fact(tx, MOVED_AWAY, move_id), guild_id=None)
    return held.table()


def _keep_copy(path: Path) -> None:
    copy = EarlierCopies(path).path("postgresql")
    copy.unlink(missing_ok=True)
    backup(path, copy)


async def _empty(tx: Transaction, tables: Sequence[str]) -> None:
    await tx.row("PRAGMA secure_delete = ON")
    for table in reversed(tables):
        await tx.row(f"DELETE FROM {table} WHERE {'name <> :mark' if table == 'facts' else '1 = 1'}", mark=MOVED_AWAY)
