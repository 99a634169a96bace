"""The schema on PostgreSQL. Processes of two versions of the bot may work on it, while one takes the other's place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.engine.database import StorageError
from storage.engine.postgres import commit_keys
from storage.engine.schema import for_postgres, migrations, serves_from

LIVES_KNOWN_SINCE = 21  # the schema whose table `workers` says what each life knows
MIGRATING = -2  # the lock of whoever changes the schema; those of servers are their ids

_VERSION = """
CREATE TABLE IF NOT EXISTS engine_schema (version BIGINT NOT NULL);
ALTER TABLE engine_schema ADD COLUMN IF NOT EXISTS serves_from BIGINT NOT NULL DEFAULT 0;
INSERT INTO engine_schema (version) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM engine_schema);
"""
_NOW = """
CREATE OR REPLACE FUNCTION engine_now() RETURNS DOUBLE PRECISION LANGUAGE SQL VOLATILE AS
$$SELECT CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)$$;
"""
_LOCK = "SELECT pg_advisory_xact_lock($1)"
_PATIENCE = "SET LOCAL lock_timeout = '5s'"  # who waits for a table holds up all who come after


async def ensure_schema(connection: Any) -> int:
    """Give a new database its schema; the number of the one that it has. `StorageError` when this version of the bot
    can't work on that.

    It makes one only where there is none, so that the first start needs no other command: nobody can work on that.
    """
    if not await _version(connection):
        return await migrate(connection)
    return await _checked(connection)


async def looked_at(connection: Any) -> int:
    """The number of the schema, 0 where a start is to make it. `StorageError` as of `ensure_schema`."""
    return await _checked(connection) if await _version(connection) else 0


async def migrate(connection: Any) -> int:
    """Bring the database to the newest schema; the number of the one that it has then. `StorageError` when it is newer,
    and doesn't serve this version of the bot.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, MIGRATING)
        await connection.execute(_VERSION + _NOW)
    steps = migrations()
    while await _step(connection, steps):
        pass
    return await _checked(connection)


async def _step(connection: Any, steps: Mapping[int, str]) -> bool:
    """Take the next step in one transaction, in a new database all of them, as a start may look at it meanwhile. False
    when there is none left.
    """
    async with connection.transaction():
        await connection.execute(_LOCK, MIGRATING)
        await connection.execute(_PATIENCE)
        version = await _version(connection)
        if not version:
            await connection.execute(commit_keys.TABLE)
        left = [number for number in sorted(steps) if number > version]
        for number in left[: 1 if version else None]:
            for statement in for_postgres(number, steps[number]):
                await connection.execute(statement)
            served = serves_from(steps, number)
            await _check_lives(connection, number, served)
            await connection.execute("UPDATE engine_schema SET version = $1, serves_from = $2", number, served)
    return bool(left)


async def _check_lives(connection: Any, number: int, served: int) -> None:
    """Refuse a schema that doesn't serve each process which is at work, with a `StorageError`: a process looks at it
    only when it starts.
    """
    if number < LIVES_KNOWN_SINCE:
        return
    oldest = await connection.fetchval("SELECT min(knows) FROM workers WHERE alive_until > engine_now()")
    if oldest is not None and oldest < served:
        raise StorageError(
            f"processes are at work that know schema {oldest}, and {number} serves only those that know {served}: stop "
            "them first"
        )


async def _version(connection: Any) -> int:
    """The number of the schema that the database has; 0 for none."""
    if not await connection.fetchval("SELECT to_regclass('engine_schema')"):
        return 0
    return int(await connection.fetchval("SELECT version FROM engine_schema"))


async def _checked(connection: Any) -> int:
    version, known = await _version(connection), max(migrations())
    if version < known:
        raise StorageError(
            f"its schema is {version}, and this version of the bot needs {known}: run `python -m bot migrate`"
        )
    if version > known and (served := await connection.fetchval("SELECT serves_from FROM engine_schema")) > known:
        raise StorageError(
            f"it was written by a newer version of this bot (schema {version}, which serves those that know {served}; "
            f"I know {known})"
        )
    return version
