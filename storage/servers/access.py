"""Who may use the bot in a server, and where; and who has confirmed that they may use the likeness in their clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

from storage.engine.database import Database, Transaction
from storage.servers.guilds import Policy
from storage.servers.log_entries import note

Kind = Literal["channel", "role"]
_POLICY = tuple(field.name for field in fields(Policy))


@dataclass(frozen=True, slots=True)
class Block:
    """A member who may not use the bot."""

    member_id: int
    reason: str
    blocked_by: int
    blocked_at: float


@dataclass(frozen=True, slots=True)
class ServerView:
    """A server as it is to one member. `is_member`: the bot is, as far as is known; empty `channels` and `roles` mean
    everywhere and everyone; `has_succeeded`: a job of this member was ever finished in it.
    """

    is_member: bool
    policy: Policy
    channels: frozenset[int]
    roles: frozenset[int]
    is_blocked: bool
    has_attested: bool
    has_succeeded: bool


class Access:
    """Store of the tables `allowed`, `blocks` and `attestations`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def allowed(self, guild_id: int, kind: Kind) -> frozenset[int]:
        """The channels or roles to which the bot is open; empty when it is open to all."""
        rows = await self._database.rows(
            "SELECT subject_id FROM allowed WHERE guild_id = :guild_id AND kind = :kind", guild_id=guild_id, kind=kind
        )
        return frozenset(row["subject_id"] for row in rows)

    async def allow(self, guild_id: int, kind: Kind, subject_ids: Sequence[int], *, by: int, now: float) -> None:
        """Open the bot to these only, in place of those before; to all when there are none."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                "DELETE FROM allowed WHERE guild_id = :guild_id AND kind = :kind", guild_id=guild_id, kind=kind
            )
            for subject_id in set(subject_ids):
                await tx.row(
                    "INSERT INTO allowed (guild_id, kind, subject_id) VALUES (:guild_id, :kind, :subject_id)",
                    guild_id=guild_id,
                    kind=kind,
                    subject_id=subject_id,
                )
            listed = " ".join(str(subject_id) for subject_id in subject_ids)
            await note(tx, guild_id, f"{kind}s_allowed", now=now, actor_id=by, facts={"ids": listed})

        await self._database.write(work, guild_id=guild_id)

    async def block(self, guild_id: int, member_id: int, reason: str, *, by: int, now: float) -> None:
        """Block a member; a new reason replaces the old one."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                """INSERT INTO blocks (guild_id, member_id, reason, blocked_by, blocked_at)
                   VALUES (:guild_id, :member_id, :reason, :by, :now)
                   ON CONFLICT (guild_id, member_id) DO UPDATE SET reason = :reason, blocked_by = :by""",
                guild_id=guild_id,
                member_id=member_id,
                reason=reason,
                by=by,
                now=now,
            )
            await note(tx, guild_id, "blocked", now=now, actor_id=by, facts={"member_id": member_id, "reason": reason})

        await self._database.write(work, guild_id=guild_id)

    async def unblock(self, guild_id: int, member_id: int, *, by: int, now: float) -> bool:
        """Take the block off; False when there was none."""

        async def work(tx: Transaction) -> bool:
            row = await tx.row(
                "DELETE FROM blocks WHERE guild_id = :guild_id AND member_id = :member_id RETURNING member_id",
                guild_id=guild_id,
                member_id=member_id,
            )
            if row:
                await note(tx, guild_id, "unblocked", now=now, actor_id=by, facts={"member_id": member_id})
            return row is not None

        return await self._database.write(work, guild_id=guild_id)

    async def blocks(self, guild_id: int) -> list[Block]:
        """The server's blocked members, the newest first."""
        rows = await self._database.rows(
            """SELECT member_id, reason, blocked_by, blocked_at FROM blocks WHERE guild_id = :guild_id
               ORDER BY blocked_at DESC""",
            guild_id=guild_id,
        )
        return [Block(**dict(row)) for row in rows]

    async def is_blocked(self, guild_id: int, member_id: int) -> bool:
        """Whether this member may not use the bot here."""
        row = await self._database.row(
            "SELECT 1 FROM blocks WHERE guild_id = :guild_id AND member_id = :member_id",
            guild_id=guild_id,
            member_id=member_id,
        )
        return row is not None

    async def seen_by(self, guild_id: int, member_id: int, version: int) -> ServerView:
        """All of it as it is to one member, who may have confirmed this version of the policy."""
        rows = await self._database.rows(
            f"""SELECT guilds.id, left_at, {", ".join(_POLICY)}, kind, subject_id,
                  EXISTS (SELECT 1 FROM blocks WHERE guild_id = :guild_id AND member_id = :member_id) AS is_blocked,
                  EXISTS (SELECT 1 FROM attestations
                          WHERE member_id = :member_id AND version = :version) AS has_attested,
                  EXISTS (SELECT 1 FROM jobs WHERE guild_id = :guild_id AND member_id = :member_id
                            AND state = 'succeeded') AS has_succeeded
                FROM (SELECT CAST(:guild_id AS BIGINT) AS guild_id) AS asked
                LEFT JOIN guilds ON guilds.id = asked.guild_id
                LEFT JOIN allowed ON allowed.guild_id = asked.guild_id""",
            guild_id=guild_id,
            member_id=member_id,
            version=version,
        )
        one = rows[0]
        is_known = one["id"] is not None
        return ServerView(
            is_member=is_known and one["left_at"] is None,
            policy=Policy(*(one[name] for name in _POLICY)) if is_known else Policy(),
            channels=frozenset(row["subject_id"] for row in rows if row["kind"] == "channel"),
            roles=frozenset(row["subject_id"] for row in rows if row["kind"] == "role"),
            is_blocked=bool(one["is_blocked"]),
            has_attested=bool(one["has_attested"]),
            has_succeeded=bool(one["has_succeeded"]),
        )

    async def attest(self, member_id: int, version: int, *, now: float) -> None:
        """The person has confirmed it; the first time counts."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                """INSERT INTO attestations (member_id, version, attested_at) VALUES (:member_id, :version, :now)
                   ON CONFLICT (member_id, version) DO NOTHING""",
                member_id=member_id,
                version=version,
                now=now,
            )

        await self._database.write(work, guild_id=None)
