"""All stored keys against the operator's master keys: do they open, and sealing them anew."""

from __future__ import annotations

from storage.engine.database import Database, Queries, Row, Transaction
from storage.engine.encryption import LOST, CannotUnseal, MasterKeys


async def verify(database: Queries, master: MasterKeys) -> int:
    """Open every key once but those that were given up; how many there are. `CannotUnseal` for the first that can't be
    opened.
    """
    rows = await database.rows(
        """SELECT guild_id, provider, master_id, sealed FROM keys WHERE coalesce(off_reason, '') <> :lost""", lost=LOST
    )
    for row in rows:
        _opened(row, master)
    return len(rows)


async def reseal(database: Database, master: MasterKeys) -> int:
    """Seal with the first master key what others have sealed; how many that were.

    One key at a time, each in a transaction of its own, so that it can be killed anywhere and begun again.
    """
    rows = await database.rows(
        """SELECT id, guild_id, provider, master_id, sealed, off_reason FROM keys
           WHERE master_id <> :active ORDER BY id""",
        active=master.active,
    )
    rows = [row for row in rows if row["off_reason"] != LOST or _opens(row, master)]
    for row in rows:
        await _reseal_one(database, master, row)
    return len(rows)


async def _reseal_one(database: Database, master: MasterKeys, row: Row) -> None:
    master_id, sealed = master.seal(_opened(row, master), row["guild_id"], row["provider"])

    async def work(tx: Transaction) -> None:
        await tx.row(
            "UPDATE keys SET master_id = :master_id, sealed = :sealed WHERE id = :id AND guild_id = :guild_id",
            id=row["id"],
            guild_id=row["guild_id"],
            master_id=master_id,
            sealed=sealed,
        )

    await database.write(work, guild_id=row["guild_id"])


def _opens(row: Row, master: MasterKeys) -> bool:
    try:
        _opened(row, master)
    except CannotUnseal:
        return False
    return True


def _opened(row: Row, master: MasterKeys) -> bytes:
    return master.unseal(row["master_id"], row["sealed"], row["guild_id"], row["provider"])
