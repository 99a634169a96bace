"""What may be shown of a provider key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.engine.database import Queries


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


SHOWN_COLUMNS = "id, guild_id, provider, hint, added_by, added_at, off_reason, off_at"


async def all_current_keys(database: Queries) -> Sequence[KeyInfo]:
    """The current keys of all servers."""
    rows = await database.rows(f"SELECT {SHOWN_COLUMNS} FROM keys WHERE retired_at IS NULL ORDER BY guild_id, place")
    return [KeyInfo(**dict(row)) for row in rows]
