"""What a database on PostgreSQL, and each connection to it, must be like before stores work on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.engine.database import StorageError
from storage.engine.postgres import commit_keys
from storage.engine.schema import for_postgres, migrations

OLDEST = 15  # of PostgreSQL's versions
RUNNING, MIGRATING = -1, -2  # locks; those of servers are their ids

SESSION: Mapping[str, str] = {
    "application_name": "mouthpiece",
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "on",
    "jit": "off",
    "idle_in_transaction_session_timeout": "15000",  # whoever froze inside of a write holds up its server no longer
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}
_VERSION = """
CREATE TABLE IF NOT EXISTS engine_schema (version BIGINT NOT NULL);
INSERT INTO engine_schema (version) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM engine_schema);
"""


async def take_over(connection: Any) -> None:
    """Make the database ready, and this bot the only one that works on it, for as long as the connection lasts.
    `StorageError` when it can't be.
    """
    if (found := connection.get_server_version().major) < OLDEST:
        raise StorageError(f"the server is PostgreSQL {found}; {OLDEST} or newer is needed")
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", RUNNING):
        raise StorageError("another bot is already running on this database")
    await migrate(connection)


async def migrate(connection: Any) -> None:
    """Bring the database to the newest schema in one transaction; `StorageError` when it is newer than that."""
    steps = migrations()
    newest = max(steps)
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATING)
        await connection.execute(_VERSION + commit_keys.TABLE)
        version = await connection.fetchval("SELECT version FROM engine_schema")
        if version > newest:
            raise StorageError(f"it was written by a newer version of this bot (schema {version}, I know {newest})")
        for number in range(version + 1, newest + 1):
            for statement in for_postgres(number, steps[number]):
                await connection.execute(statement)
        await connection.execute("UPDATE engine_schema SET version = $1", newest)


async def begin_session(connection: Any) -> None:
    """Have sums read as the whole numbers that they are."""
    await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=int)


async def leave_session(_: Any) -> None:
    """Leave a connection as it is, for the next who needs one: nobody has changed anything about it."""
