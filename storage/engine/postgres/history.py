"""On which line of history a database is.

What was committed on one may be missing from another: a standby that was promoted knows only what had reached it, and a
copy what there was when it was made. A promotion and a recovery from an archive begin another timeline; another server,
another database and other tables have other numbers. The last checkpoint's timeline would do for none of this: it is
still the old one when a promoted standby begins to be written.
"""

from __future__ import annotations

from typing import Any

_HISTORY = """
SELECT concat_ws('/', system_identifier, pg_database.oid, CAST(CAST('facts' AS regclass) AS oid),
                 left(pg_walfile_name(pg_current_wal_lsn()), 8))
FROM pg_control_system(), pg_database WHERE datname = current_database()
"""


async def read(connection: Any) -> str:
    """The line of history that the connection's database is on. A standby is on none, and refuses to say."""
    return str(await connection.fetchval(_HISTORY))
