"""What a moderator has to decide, and the changes to it that belong into the transactions of what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from storage.engine.database import Transaction

CaseKind = Literal["reported", "held", "unknown", "key_off"]
Told = Literal["log", "notices", "person", "moderator", "nobody"]


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


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """How many cases of each kind are open, and the id of the newest, 0 where none is."""

    counts: Mapping[CaseKind, int]
    newest: int


async def opened(tx: Transaction, guild_id: int, kind: CaseKind, subject_id: int, since: float) -> None:
    """Somebody is to be told of it; in the transaction of what it is about."""
    await tx.row(
        """INSERT INTO cases (guild_id, kind, subject_id, since) VALUES (:guild_id, :kind, :subject_id, :since)
           ON CONFLICT DO NOTHING""",
        guild_id=guild_id,
        kind=kind,
        subject_id=subject_id,
        since=since,
    )


async def decided(tx: Transaction, guild_id: int, kind: CaseKind, subject_id: int, by: int | None) -> None:
    """Note that it is decided, and who did, for the cards; in the transaction of the decision."""
    await tx.row(
        """UPDATE cases SET decided_by = :by, is_open = 0
           WHERE guild_id = :guild_id AND kind = :kind AND subject_id = :subject_id AND is_open = 1""",
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
