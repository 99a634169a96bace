"""What all servers have set up, for whoever looks at the whole installation from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.engine.database import Queries
from storage.servers.key_info import SHOWN_COLUMNS, KeyInfo


@dataclass(frozen=True, slots=True)
class NamedChannels:
    """The channels that one server's setup names. `log` and `notices` are None where there is none."""

    guild_id: int
    allowed: Sequence[int]
    log: int | None
    notices: int | None


async def named_channels(database: Queries) -> Sequence[NamedChannels]:
    """Those of all servers that the bot is in, as far as they name any; the servers that joined last first."""
    chosen = await database.rows("SELECT guild_id, subject_id FROM allowed WHERE kind = 'channel' ORDER BY subject_id")
    allowed: dict[int, list[int]] = {}
    for row in chosen:
        allowed.setdefault(row["guild_id"], []).append(row["subject_id"])
    rows = await database.rows(
        "SELECT id, log_channel_id, notices_channel_id FROM guilds WHERE left_at IS NULL ORDER BY joined_at DESC, id"
    )
    found = [
        NamedChannels(row["id"], allowed.get(row["id"], []), row["log_channel_id"], row["notices_channel_id"])
        for row in rows
    ]
    return [one for one in found if one.allowed or one.log or one.notices]


async def current_keys(database: Queries) -> Sequence[KeyInfo]:
    """The current keys of all servers."""
    rows = await database.rows(f"SELECT {SHOWN_COLUMNS} FROM keys WHERE retired_at IS NULL ORDER BY guild_id, place")
    return [KeyInfo(**dict(row)) for row in rows]
