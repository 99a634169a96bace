"""What may be shown of a provider key."""

from __future__ import annotations

from dataclasses import dataclass


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
