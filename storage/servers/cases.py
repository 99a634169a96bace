"""The cases of a server's moderators, who was told of each, and the cards that say so.

A case is opened and decided in the transaction of what it is about, so that nothing can be decided in a way that leaves
a card behind; its row goes once the decision stands on every card. The view `undecided` says the same from the rows of
jobs, reports and keys.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping

from storage.engine.database import Database, Row, Transaction
from storage.servers.case import Case, CaseCard, CaseCounts, CaseKind, Told

MOST_AT_ONCE = 20  # cases of one server that are told in one go

_COLUMNS = "guild_id, kind, subject_id, since, told, facts, decided_by, is_open"
_THIS = "guild_id = :guild_id AND kind = :kind AND subject_id = :subject_id AND since = :since"
_SAME = """undecided.guild_id = cases.guild_id AND undecided.kind = cases.kind
  AND undecided.subject_id = cases.subject_id AND undecided.since = cases.since"""


class Cases:
    """Store of the tables `cases` and `case_cards`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def catch_up(self) -> None:
        """Open and decide what an earlier version of the bot has, which knows of neither."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                f"""UPDATE cases SET is_open = 0 WHERE is_open = 1 AND NOT EXISTS (
                     SELECT 1 FROM undecided WHERE {_SAME})"""
            )
            await tx.row(
                f"""INSERT INTO cases (guild_id, kind, subject_id, since)
                   SELECT guild_id, kind, subject_id, since FROM undecided
                   WHERE NOT EXISTS (SELECT 1 FROM cases WHERE {_SAME}) ON CONFLICT DO NOTHING"""
            )

        await self._database.write(work, guild_id=None)

    async def due(self) -> set[int]:
        """The servers in which somebody is to be told, or cards are to show a decision."""
        rows = await self._database.rows(
            """SELECT id FROM guilds WHERE left_at IS NULL AND EXISTS (
                 SELECT 1 FROM cases WHERE cases.guild_id = guilds.id AND (told IS NULL OR is_open = 0))"""
        )
        return {row["id"] for row in rows}

    async def to_tell(self, guild_id: int) -> list[Case]:
        """The server's open cases of which somebody is to be told, the oldest first, a few."""
        rows = await self._database.rows(
            f"""SELECT {_COLUMNS} FROM cases WHERE guild_id = :guild_id AND told IS NULL AND is_open = 1
                ORDER BY since LIMIT :most""",
            guild_id=guild_id,
            most=MOST_AT_ONCE,
        )
        return [_case(row) for row in rows]

    async def decided(self, guild_id: int) -> list[Case]:
        """The server's cases that are decided, and whose cards don't all show that yet."""
        rows = await self._database.rows(
            f"SELECT {_COLUMNS} FROM cases WHERE guild_id = :guild_id AND is_open = 0 ORDER BY since", guild_id=guild_id
        )
        return [_case(row) for row in rows]

    async def waiting(self, guild_id: int, *, told: Collection[Told] = ()) -> CaseCounts:
        """How many are to be decided in the server: all of them, or those of which only these were told."""
        bound = {f"told_{number}": one for number, one in enumerate(told)}
        only = f"AND told IN ({', '.join(f':{name}' for name in bound)})" if bound else ""
        rows = await self._database.rows(
            f"""SELECT kind, count(*) AS count, max(id) AS newest FROM cases
               WHERE guild_id = :guild_id AND is_open = 1 {only} GROUP BY told, kind""",
            guild_id=guild_id,
            **bound,
        )
        counts: Counter[CaseKind] = Counter()
        for row in rows:
            counts[row["kind"]] += row["count"]
        return CaseCounts(counts, max((row["newest"] for row in rows), default=0))

    async def find(self, guild_id: int, kind: CaseKind, subject_id: int) -> Case | None:
        """This case, None when there is nothing to decide (any more)."""
        row = await self._database.row(
            f"""SELECT {_COLUMNS} FROM cases
                WHERE guild_id = :guild_id AND kind = :kind AND subject_id = :subject_id AND is_open = 1""",
            guild_id=guild_id,
            kind=kind,
            subject_id=subject_id,
        )
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
        f"""INSERT INTO cases (guild_id, kind, subject_id, since, told, facts, is_open)
           VALUES (:guild_id, :kind, :subject_id, :since, :told, :facts, (SELECT count(*) FROM undecided WHERE {_THIS}))
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
