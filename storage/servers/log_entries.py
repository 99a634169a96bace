"""The outbox of each server's log channel. An entry is written in the transaction of what it tells, and goes once its
card is posted. What moderators have to decide is told from `storage/servers/cases.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from storage.engine.database import Database, Row, Transaction

MOST_AT_ONCE = 20  # entries of one server that are read at once
PATIENCE = 7 * 86_400.0  # after which an entry that can't be posted is thrown away


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened in a server. `actor_id` is None for what the bot did by itself."""

    id: int
    guild_id: int
    at: float
    kind: str
    actor_id: int | None
    job_id: int | None
    facts: Mapping[str, str]


async def note(
    tx: Transaction,
    guild_id: int,
    kind: str,
    *,
    now: float,
    actor_id: int | None = None,
    job_id: int | None = None,
    facts: Mapping[str, object] = MappingProxyType({}),
) -> bool:
    """Write an entry, if the server wants a log; whether it does."""
    row = await tx.row(
        """INSERT INTO log_entries (guild_id, at, kind, actor_id, job_id, facts)
           SELECT id, :now, :kind, :actor_id, :job_id, :facts FROM guilds
           WHERE id = :guild_id AND log_channel_id IS NOT NULL RETURNING id""",
        guild_id=guild_id,
        kind=kind,
        now=now,
        actor_id=actor_id,
        job_id=job_id,
        facts=json.dumps({name: str(value) for name, value in facts.items()}),
    )
    return row is not None


async def is_wanted(tx: Transaction, guild_id: int) -> bool:
    """Whether the server wants a log."""
    heard = await tx.row("SELECT 1 FROM guilds WHERE id = :id AND log_channel_id IS NOT NULL", id=guild_id)
    return heard is not None


class LogEntries:
    """Store of the table `log_entries`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def waiting(self) -> list[Entry]:
        """Every server's oldest entries that are not posted yet, a few of each, oldest first."""
        rows = await self._database.rows(
            """SELECT id, guild_id, at, kind, actor_id, job_id, facts FROM (
                 SELECT id, guild_id, at, kind, actor_id, job_id, facts,
                        row_number() OVER (PARTITION BY guild_id ORDER BY id) AS place FROM log_entries) AS numbered
               WHERE place <= :most ORDER BY guild_id, id""",
            most=MOST_AT_ONCE,
        )
        return [_entry(row) for row in rows]

    async def posted(self, guild_id: int, entry_id: int) -> None:
        """The entry's card is posted, or never can be."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                "DELETE FROM log_entries WHERE guild_id = :guild_id AND id = :id", guild_id=guild_id, id=entry_id
            )

        await self._database.write(work, guild_id=guild_id)


def _entry(row: Row) -> Entry:
    values = dict(row)
    return Entry(**{**values, "facts": json.loads(values["facts"])})
