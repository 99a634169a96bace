"""What may be shown of a provider key, and how it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from storage.engine.database import Queries, Row


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What may be shown of a key: never itself. `off_reason` says why it is switched off."""

    id: int
    guild_id: int
    provider: str
    hint: str
    added_by: int
    added_at: float
    off_reason: str | None
    off_at: float | None


@dataclass(frozen=True, slots=True)
class SealedKey(KeyInfo):
    """A key as it is stored, with its ciphertext and the id of the master key that opens it."""

    master_id: str
    sealed: bytes = field(repr=False)


SHOWN_COLUMNS = "id, guild_id, provider, hint, added_by, added_at, off_reason, off_at"
SEALED_COLUMNS = f"{SHOWN_COLUMNS}, master_id, sealed"


async def current(at: Queries, guild_id: int, columns: str) -> Sequence[Row]:
    """These columns of the server's current keys, in its order."""
    return await at.rows(
        f"SELECT {columns} FROM keys WHERE guild_id = :guild_id AND retired_at IS NULL ORDER BY place, id",
        guild_id=guild_id,
    )


async def last_used(at: Queries, guild_id: int) -> dict[int, float]:
    """When the newest job that used each of the server's keys was asked for, by the key's id."""
    rows = await at.rows(
        """SELECT id, (SELECT max(created_at) FROM jobs WHERE jobs.guild_id = :guild_id AND key_id = keys.id) AS at
           FROM keys WHERE guild_id = :guild_id""",
        guild_id=guild_id,
    )
    return {row["id"]: row["at"] for row in rows if row["at"] is not None}
