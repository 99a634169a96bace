"""What a database on PostgreSQL, and each connection to it, must be like before stores work on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.engine.database import STOP_IT, StorageError
from storage.engine.postgres.migrating import ensure_schema

OLDEST = 15  # of PostgreSQL's versions
RUNNING = -1  # the lock of the bot that works on it; those of servers are their ids

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


async def take_over(connection: Any, *, alone: bool) -> None:
    """Make the database ready, and this process one of those that work on it, or the only one, for as long as the
    connection lasts. `StorageError` when it can't be.
    """
    await check_server(connection)
    if not await connection.fetchval(f"SELECT pg_try_advisory_lock{'' if alone else '_shared'}($1)", RUNNING):
        if alone:
            raise StorageError(f"a bot is already running on this database, so {STOP_IT}")
        raise StorageError("something that wants it for itself alone is already running on this database")
    await ensure_schema(connection)


async def check_server(connection: Any) -> None:
    """Refuse a server that is too old, or only follows another one, with a `StorageError`."""
    if (found := connection.get_server_version().major) < OLDEST:
        raise StorageError(f"the server is PostgreSQL {found}; {OLDEST} or newer is needed")
    if await connection.fetchval("SELECT pg_is_in_recovery()"):
        raise StorageError("the server is a standby, so name the one that it follows, or promote it")


async def begin_session(connection: Any) -> None:
    """Have sums read as the whole numbers that they are."""
    await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=int)


async def leave_session(_: Any) -> None:
    """Leave a connection as it is, for the next who needs one: nobody has changed anything about it."""
