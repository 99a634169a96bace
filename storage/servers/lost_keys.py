"""Giving up the provider keys whose master key is lost."""

from __future__ import annotations

from storage.engine.database import Database, Row, Transaction
from storage.engine.encryption import LOST, CannotUnseal, MasterKeys
from storage.servers import case


async def give_up_lost(database: Database, master: MasterKeys) -> tuple[int, int]:
    """Switch off each key that can't be opened, so that its moderators are told to save it again; how many that were,
    and of how many servers.
    """
    rows = await database.rows(
        """SELECT id, guild_id, provider, master_id, sealed FROM keys
           WHERE coalesce(off_reason, '') <> :lost ORDER BY id""",
        lost=LOST,
    )
    lost = [row for row in rows if not _opens(row, master)]
    now = await database.now()
    for row in lost:
        await _give_up(database, row["guild_id"], row["id"], now)
    return len(lost), len({row["guild_id"] for row in lost})


def _opens(row: Row, master: MasterKeys) -> bool:
    try:
        master.unseal(row["master_id"], row["sealed"], row["guild_id"], row["provider"])
    except CannotUnseal:
        return False
    return True


async def _give_up(database: Database, guild_id: int, key_id: int, now: float) -> None:
    async def work(tx: Transaction) -> None:
        await case.decided(tx, guild_id, "key_off", key_id, None)  # what it was switched off for before
        switched = await tx.row(
            """UPDATE keys SET off_reason = :lost, off_at = :now, told_at = NULL
               WHERE id = :key_id AND guild_id = :guild_id RETURNING retired_at""",
            lost=LOST,
            now=now,
            key_id=key_id,
            guild_id=guild_id,
        )
        if switched and switched["retired_at"] is None:
            await case.opened(tx, guild_id, "key_off", key_id, now)

    await database.write(work, guild_id=guild_id)
