"""The servers that the bot is, or was, a member of, and how their moderators want it to work."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from storage.engine.database import Database, Transaction
from storage.servers.case import tell_again
from storage.servers.limits import DEFAULTS, put_rule
from storage.servers.log_entries import note

Approval = Literal["off", "first", "above", "always"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the moderators of a server decided. `approval`: which jobs wait for their yes; `choosing`: by the "order" of
    keys, or the "cheapest"; the days are the least age of an account, and of its membership.
    """

    choosing: str = "order"
    log_channel_id: int | None = None
    approval: Approval = "off"
    approval_cents: int = 0
    account_days: int = 0
    member_days: int = 0


@dataclass(frozen=True, slots=True)
class GuildFacts:
    """What Discord tells of a server: its name, and the channel in which its moderators get Discord's own notices."""

    name: str
    notices_channel_id: int | None = None


class Guilds:
    """Store of the table `guilds`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def join(self, guild_id: int, now: float, *, by: int | None = None) -> None:
        """Remember the server, and who sets it up if nobody did before; one that was never seen begins with `DEFAULTS`
        as its limits.
        """

        async def work(tx: Transaction) -> None:
            known = await tx.row("SELECT 1 FROM guilds WHERE id = :id", id=guild_id)
            await tx.row(
                """INSERT INTO guilds (id, joined_at) VALUES (:id, :now)
                   ON CONFLICT (id) DO UPDATE SET joined_at = :now, left_at = NULL WHERE guilds.left_at IS NOT NULL""",
                id=guild_id,
                now=now,
            )
            for rule in () if known else DEFAULTS:
                await put_rule(tx, guild_id, rule)
            await tx.row("UPDATE guilds SET set_up_by = :by WHERE id = :id AND set_up_by IS NULL", id=guild_id, by=by)

        await self._database.write(work, guild_id=guild_id)

    async def present(self) -> set[int]:
        """The servers that have not been seen leaving."""
        return {row["id"] for row in await self._database.rows("SELECT id FROM guilds WHERE left_at IS NULL")}

    async def leave(self, guild_id: int, now: float, *, joined_before: float = math.inf) -> None:
        """Note that the server is gone, unless it joined at that moment or later."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                "UPDATE guilds SET left_at = :now WHERE id = :id AND joined_at < :joined_before",
                id=guild_id,
                now=now,
                joined_before=joined_before,
            )

        await self._database.write(work, guild_id=guild_id)

    async def describe(self, guild_id: int, facts: GuildFacts) -> None:
        """Remember what Discord tells of a server that has joined."""
        if await self.facts(guild_id) == facts:
            return

        async def work(tx: Transaction) -> None:
            await tx.row(
                "UPDATE guilds SET name = :name, notices_channel_id = :notices_channel_id WHERE id = :id",
                id=guild_id,
                name=facts.name,
                notices_channel_id=facts.notices_channel_id,
            )
            await tell_again(tx, guild_id, everything=False)

        await self._database.write(work, guild_id=guild_id)

    async def facts(self, guild_id: int) -> GuildFacts | None:
        """Read what Discord told last of the server. None when it has told nothing yet."""
        row = await self._database.row(
            "SELECT name, notices_channel_id FROM guilds WHERE id = :id AND name IS NOT NULL", id=guild_id
        )
        return GuildFacts(**dict(row)) if row else None

    async def set_up_by(self, guild_id: int) -> int | None:
        """Who was the first to save a key, open the setup or set a rule. None when that isn't known (any more)."""
        row = await self._database.row("SELECT set_up_by FROM guilds WHERE id = :id", id=guild_id)
        return row["set_up_by"] if row else None

    async def policy(self, guild_id: int) -> Policy:
        """How the server wants the bot to work."""
        row = await self._database.row(
            """SELECT choosing, log_channel_id, approval, approval_cents, account_days, member_days
               FROM guilds WHERE id = :id""",
            id=guild_id,
        )
        return Policy(**dict(row)) if row else Policy()

    async def choose(self, guild_id: int, choosing: str, *, by: int, now: float) -> None:
        """Change how a provider is chosen."""
        await self._change(guild_id, "choosing = :choosing", "choosing_set", by, now, choosing=choosing)

    async def log_to(self, guild_id: int, channel_id: int | None, *, by: int, now: float) -> None:
        """Change the channel that tells what happens; None for none. A new one is told of all that is to be decided."""
        await self._change(guild_id, "log_channel_id = :channel_id", "log_set", by, now, channel_id=channel_id)

    async def approve(self, guild_id: int, approval: Approval, cents: int, *, by: int, now: float) -> None:
        """Change which jobs wait for a moderator."""
        await self._change(
            guild_id,
            "approval = :approval, approval_cents = :cents",
            "approval_set",
            by,
            now,
            approval=approval,
            cents=cents,
        )

    async def require_ages(self, guild_id: int, *, account_days: int, member_days: int, by: int, now: float) -> None:
        """Change how old an account, and its membership, must be."""
        await self._change(
            guild_id,
            "account_days = :account_days, member_days = :member_days",
            "ages_set",
            by,
            now,
            account_days=account_days,
            member_days=member_days,
        )

    async def _change(self, guild_id: int, assignment: str, kind: str, by: int, now: float, **values: object) -> None:
        async def work(tx: Transaction) -> None:
            await tx.row(f"UPDATE guilds SET {assignment} WHERE id = :id", id=guild_id, **values)
            await note(tx, guild_id, kind, now=now, actor_id=by, facts=values)
            if values.get("channel_id"):
                await tell_again(tx, guild_id, everything=True)

        await self._database.write(work, guild_id=guild_id)
