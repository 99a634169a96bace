"""What people have asked for and not yet said yes to."""

from __future__ import annotations

from storage.engine.database import Database, Transaction

WAITING_SECONDS = 15 * 60.0  # as long as the private message with the button can be changed


class Drafts:
    """Store of the table `drafts`: the newest of each person."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, draft: str, *, guild_id: int, member_id: int, interaction_id: int, now: float) -> None:
        """Keep it until the person says yes, in place of whatever else they were asked about."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                """INSERT INTO drafts (member_id, guild_id, interaction_id, draft, kept_at)
                   VALUES (:member_id, :guild_id, :interaction_id, :draft, :now)
                   ON CONFLICT (member_id) DO UPDATE SET guild_id = excluded.guild_id,
                     interaction_id = excluded.interaction_id, draft = excluded.draft, kept_at = excluded.kept_at""",
                member_id=member_id,
                guild_id=guild_id,
                interaction_id=interaction_id,
                draft=draft,
                now=now,
            )

        await self._database.write(work, guild_id=guild_id)

    async def find(self, member_id: int, interaction_id: int, *, now: float) -> str | None:
        """What the person asked for with that interaction; None when it doesn't wait any more."""
        row = await self._database.row(
            """SELECT draft FROM drafts
               WHERE member_id = :member_id AND interaction_id = :interaction_id AND kept_at > :too_old""",
            member_id=member_id,
            interaction_id=interaction_id,
            too_old=now - WAITING_SECONDS,
        )
        return row["draft"] if row else None

    async def take(self, member_id: int, interaction_id: int, *, now: float) -> str | None:
        """The same, which doesn't wait any more then: whoever presses twice is given it once."""

        async def work(tx: Transaction) -> str | None:
            row = await tx.row(
                """DELETE FROM drafts
                   WHERE member_id = :member_id AND interaction_id = :interaction_id AND kept_at > :too_old
                   RETURNING draft""",
                member_id=member_id,
                interaction_id=interaction_id,
                too_old=now - WAITING_SECONDS,
            )
            return row["draft"] if row else None

        return await self._database.write(work, guild_id=None)

    async def sweep(self, *, now: float) -> None:
        """Drop what has waited too long."""
        too_old = now - WAITING_SECONDS

        async def work(tx: Transaction) -> None:
            await tx.row("DELETE FROM drafts WHERE kept_at <= :too_old", too_old=too_old)

        if await self._database.row("SELECT 1 FROM drafts WHERE kept_at <= :too_old", too_old=too_old):
            await self._database.write(work, guild_id=None)
