"""What a server's moderators have to decide, who was told of it, and the cards that say so.

That something is open stands in its own row, and the view `undecided` collects it: nothing can be decided in a way that
leaves a card behind. A row of `cases` holds what was told, until the decision stands on every card.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from storage.engine.database import Database, Row, Transaction

CaseKind = Literal["reported", "held", "unknown", "key_off"]
Told = Literal["log", "notices", "person", "moderator", "nobody"]
MOST_AT_ONCE = 20  # cases of one server that are told in one go

_OPEN = """SELECT undecided.guild_id, undecided.kind, undecided.subject_id, undecided.since, told,
                  coalesce(facts, '{}') AS facts, decided_by, 1 AS is_open
           FROM undecided LEFT JOIN cases ON cases.guild_id = undecided.guild_id AND cases.kind = undecided.kind
             AND cases.subject_id = undecided.subject_id AND cases.since = undecided.since"""
_DECIDED = """SELECT cases.guild_id, cases.kind, cases.subject_id, cases.since, told, facts, decided_by, 0 AS is_open
              FROM cases LEFT JOIN undecided ON cases.guild_id = undecided.guild_id AND cases.kind = undecided.kind
                AND cases.subject_id = undecided.subject_id AND cases.since = undecided.since
              WHERE undecided.since IS NULL"""
_THIS = "guild_id = :guild_id AND kind = :kind AND subject_id = :subject_id AND since = :since"


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to decide, about a job or, for `key_off`, about a key. `told` is None while somebody is to be told;
    `facts` are what a card says of a key; `decided_by` is None while it is open, and for what the bot did by itself.
    """

    guild_id: int
    kind: CaseKind
    subject_id: int
    since: float
    told: Told | None
    facts: Mapping[str, str]
    decided_by: int | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class CaseCard:
    """A message that tells of a case; `is_direct` where it is in a person's direct messages."""

    channel_id: int
    message_id: int
    is_direct: bool = False


async def decided(tx: Transaction, guild_id: int, kind: CaseKind, subject_id: int, by: int | None) -> None:
    """Note who decided, for the cards; in the transaction of the decision."""
    await tx.row(
        "UPDATE cases SET decided_by = :by WHERE guild_id = :guild_id AND kind = :kind AND subject_id = :subject_id",
        guild_id=guild_id,
        kind=kind,
        subject_id=subject_id,
        by=by,
    )


async def tell_again(tx: Transaction, guild_id: int, *, everything: bool) -> None:
    """Let open cases be told anew, from the top of the ladder: all of them, or those of which nobody could be told."""
    await tx.row(
        """UPDATE cases SET told = NULL
           WHERE guild_id = :guild_id AND (:everything = 1 OR told IN ('nobody', 'moderator'))""",
        guild_id=guild_id,
        everything=int(everything),
    )


class Cases:
    """Store of the tables `cases` and `case_cards`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self) -> set[int]:
        """The servers in which somebody is to be told, or cards are to show a decision."""
        rows = await self._database.rows(
            f"""SELECT due.guild_id FROM ({_OPEN} WHERE told IS NULL UNION ALL {_DECIDED}) AS due
                JOIN guilds ON guilds.id = due.guild_id WHERE left_at IS NULL"""
        )
        return {row["guild_id"] for row in rows}

    async def to_tell(self, guild_id: int) -> list[Case]:
        """The server's open cases of which somebody is to be told, the oldest first, a few."""
        rows = await self._database.rows(
            f"""{_OPEN} WHERE undecided.guild_id = :guild_id AND told IS NULL
                ORDER BY undecided.since LIMIT :most""",
            guild_id=guild_id,
            most=MOST_AT_ONCE,
        )
        return [_case(row) for row in rows]

    async def decided(self, guild_id: int) -> list[Case]:
        """The server's cases that are decided, and whose cards don't all show that yet."""
        rows = await self._database.rows(f"{_DECIDED} AND cases.guild_id = :guild_id", guild_id=guild_id)
        return [_case(row) for row in rows]

    async def open(self, guild_id: int) -> list[Case]:
        """All that is to be decided in the server, the oldest first."""
        rows = await self._database.rows(
            f"{_OPEN} WHERE undecided.guild_id = :guild_id ORDER BY undecided.since", guild_id=guild_id
        )
        return [_case(row) for row in rows]

    async def find(self, guild_id: int, kind: CaseKind, subject_id: int) -> Case | None:
        """This case, None when there is nothing to decide (any more)."""
        where = "undecided.guild_id = :guild_id AND undecided.kind = :kind AND undecided.subject_id = :subject_id"
        row = await self._database.row(f"{_OPEN} WHERE {where}", guild_id=guild_id, kind=kind, subject_id=subject_id)
        return _case(row) if row else None

    async def cards(self, case: Case) -> list[CaseCard]:
        """The cards that tell of the case."""
        rows = await self._database.rows(
            f"""SELECT channel_id, message_id, is_direct FROM case_cards
                WHERE case_id IN (SELECT id FROM cases WHERE {_THIS}) ORDER BY message_id""",
            **_key(case),
        )
        return [CaseCard(row["channel_id"], row["message_id"], bool(row["is_direct"])) for row in rows]

    async def tell(
        self, case: Case, told: Told, card: CaseCard | None, facts: Mapping[str, str], *, log_channel_id: int | None
    ) -> None:
        """Somebody was told of the case, by a card if one was posted, while the log was in that channel. If another
        was chosen meanwhile, it is to be told anew.
        """

        async def work(tx: Transaction) -> None:
            row = await tx.row("SELECT log_channel_id FROM guilds WHERE id = :id", id=case.guild_id)
            is_current = row is not None and row["log_channel_id"] == log_channel_id
            await _keep(tx, case, told if is_current else None, facts, card)

        await self._database.write(work, guild_id=case.guild_id)

    async def found(self, guild_id: int, kind: CaseKind, subject_id: int, card: CaseCard) -> None:
        """A card tells of this case that may not be known, such as an earlier version's."""
        case = await self.find(guild_id, kind, subject_id)
        known = case or Case(guild_id, kind, subject_id, 0.0, None, {}, None, is_open=False)

        async def work(tx: Transaction) -> None:
            await _keep(tx, known, known.told, known.facts, card)

        await self._database.write(work, guild_id=guild_id)

    async def seen(self, guild_id: int) -> None:
        """A moderator has read of all open cases of which nobody could be told."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                "UPDATE cases SET told = 'moderator' WHERE guild_id = :guild_id AND told = 'nobody'", guild_id=guild_id
            )

        await self._database.write(work, guild_id=guild_id)

    async def close(self, case: Case) -> None:
        """All cards show the decision."""

        async def work(tx: Transaction) -> None:
            await tx.row(f"DELETE FROM cases WHERE {_THIS}", **_key(case))

        await self._database.write(work, guild_id=case.guild_id)


async def _keep(
    tx: Transaction, case: Case, told: Told | None, facts: Mapping[str, str], card: CaseCard | None
) -> None:
    row = await tx.row(
        """INSERT INTO cases (guild_id, kind, subject_id, since, told, facts)
           VALUES (:guild_id, :kind, :subject_id, :since, :told, :facts)
           ON CONFLICT (guild_id, kind, subject_id, since) DO UPDATE SET told = :told, facts = :facts RETURNING id""",
        told=told,
        facts=json.dumps(dict(facts)),
        **_key(case),
    )
    assert row is not None
    if card:
        await tx.row(
            """INSERT INTO case_cards (guild_id, case_id, channel_id, message_id, is_direct)
               VALUES (:guild_id, :case_id, :channel_id, :message_id, :is_direct) ON CONFLICT DO NOTHING""",
            guild_id=case.guild_id,
            case_id=row["id"],
            channel_id=card.channel_id,
            message_id=card.message_id,
            is_direct=card.is_direct,
        )


def _key(case: Case) -> dict[str, object]:
    return {"guild_id": case.guild_id, "kind": case.kind, "subject_id": case.subject_id, "since": case.since}


def _case(row: Row) -> Case:
    return Case(**{**dict(row), "facts": json.loads(row["facts"]), "is_open": bool(row["is_open"])})
