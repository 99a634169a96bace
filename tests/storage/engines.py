"""Empty databases of each engine, for the tests of the stores."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Literal

import asyncpg

from storage.engine.database import Database, Transaction
from storage.engine.postgres.database import connected
from storage.engine.postgres.migrating import migrate
from storage.engine.sqlite_database import SqliteTransaction

Engine = Literal["sqlite", "postgres"]
Schema = Literal["newest schema", "one more column in every table"]
Fresh = Callable[[], AbstractAsyncContextManager[Database]]  # opens an empty database

EMPTY = """
CREATE FUNCTION empty_everything() RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
DECLARE name TEXT;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'engine_schema' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
    PERFORM setval(CAST(name AS regclass), 1, FALSE);
  END LOOP;
END $$
"""


async def create(address: str, name: str, *, widen: bool = False) -> str:
    """Make a migrated database on the server at that address; its own address."""
    server = await asyncpg.connect(address.format("postgres"))
    await server.execute(f"CREATE DATABASE {name}")
    await server.close()
    connection = await asyncpg.connect(address.format(name))
    await migrate(connection)
    await connection.execute(EMPTY)
    await connection.close()
    if widen:
        async with connected(address.format(name)) as database:
            await database.write(add_columns, guild_id=None)
    return address.format(name)


@asynccontextmanager
async def emptied(url: str) -> AsyncIterator[Database]:
    """The database there, without anything that was stored in it, and nobody's alone."""
    await nobody_runs(url)
    async with connected(url) as database:
        await database.write(lambda tx: tx.row("SELECT empty_everything()"), guild_id=None)
        yield database


async def nobody_runs(url: str) -> None:
    """Wait until the server has noticed that whoever had the database to itself has gone."""
    held = """SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
              WHERE locktype = 'advisory' AND datname = current_database()"""
    async with connected(url) as database:
        while await database.row(held):
            pass


async def add_columns(tx: Transaction) -> None:
    """Add a column that no store knows to every table."""
    for table in await tables(tx):
        await tx.row(f"ALTER TABLE {table} ADD COLUMN of_a_later_version TEXT DEFAULT 'unknown'")


async def tables(tx: Transaction) -> set[str]:
    """The names of the tables that belong to stores."""
    if isinstance(tx, SqliteTransaction):
        found = await tx.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    else:
        found = await tx.rows(
            "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'engine_%'"
        )
    return {row["name"] for row in found}
