"""How a write on PostgreSQL finds out whether it was committed, when the connection is lost over that.

It stores a key of its own in the same transaction. The number that PostgreSQL gives a transaction doesn't do for this:
after a crash it may give it once more.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

TABLE = """
CREATE TABLE IF NOT EXISTS engine_commits (
  key UUID PRIMARY KEY, committed BOOLEAN NOT NULL, at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS engine_commits_at ON engine_commits (at);
"""


async def begin(connection: Any, key: UUID, guild_id: int | None) -> None:
    """Begin a transaction: with its key, and with the lock of the server that it is about, held until it ends."""
    if guild_id is None:
        await connection.execute("INSERT INTO engine_commits (key, committed) VALUES ($1, TRUE)", key)
    else:
        locked = "INSERT INTO engine_commits (key, committed) SELECT $1, TRUE FROM pg_advisory_xact_lock($2)"
        await connection.execute(locked, key, guild_id)


async def settle(connection: Any, key: UUID) -> bool:
    """Whether the transaction with that key was committed. If it has stored the key and hasn't ended, this waits for
    it; if it hasn't stored it yet, it can't any more.
    """
    settled = """INSERT INTO engine_commits (key, committed) VALUES ($1, FALSE)
                 ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING committed"""
    return bool(await connection.fetchval(settled, key))


async def sweep(connection: Any) -> None:
    """Throw away the keys that nobody asks for any more."""
    await connection.execute("DELETE FROM engine_commits WHERE at < now() - interval '1 day'")
