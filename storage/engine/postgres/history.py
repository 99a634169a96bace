"""On which line of history a database is.

What was committed on one may be missing from another: a standby that was promoted knows only what had reached it, and a
copy what there was when it was made. A promotion and a recovery from an archive begin another timeline; another server,
another database and other tables have other numbers. The last checkpoint's timeline would do for none of this: it is
still the old one when a promoted standby begins to be written.
"""

from __future__ import annotations

from typing import Any

from storage.engine.backup import MARK, known

_HISTORY = """
SELECT concat_ws('/', system_identifier, pg_database.oid, CAST(CAST('facts' AS regclass) AS oid),
                 left(pg_walfile_name(pg_current_wal_lsn()), 8))
FROM pg_control_system(), pg_database WHERE datname = current_database()
"""
_MARK = """
WITH missed AS (INSERT INTO facts (name, value) VALUES ($1, '1') ON CONFLICT DO NOTHING RETURNING name)
INSERT INTO facts (name, value) SELECT $2, '1' FROM missed ON CONFLICT DO NOTHING
"""


async def read(connection: Any) -> str:
    """The line of history that the connection's database is on. A standby is on none, and refuses to say."""
    return str(await connection.fetchval(_HISTORY))


async def mark_unless_known(connection: Any, history: str) -> None:
    """Mark the connection's database as a backup if it has never been on this history: then it has missed all that was
    committed there, though it may know its own, as a server that was failed over from, and is started again.
    """
    await connection.execute("SET default_transaction_read_only = off")
    await connection.execute(_MARK, known(history), MARK)
