"""What people have begun and not finished."""

from __future__ import annotations

from typing import Literal

from storage.engine.database import Database, Transaction

WAITING_SECONDS = 15 * 60.0  # as long as the private message with the button can be changed

Kind = Literal["draft", "form"]  # an ask that needs its person's yes, a form that they have open


class Unfinished:
    """Store of the table `unfinished`: what each is about, by the interaction with which it began."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(
        self, kind: Kind, about: str, *, guild_id: int, member_id: int, interaction_id: int, now: float
    ) -> None:
        """Keep it until the person goes on with it."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                """INSERT INTO unfinished (interaction_id, kind, guild_id, member_id, about, begun_at)
                   VALUES (:interaction_id, :kind, :guild_id, :member_id, :about, :now)
                   ON CONFLICT (interaction_id) DO UPDATE SET about = excluded.about, begun_at = excluded.begun_at""",
                interaction_id=interaction_id,
                kind=kind,
                guild_id=guild_id,
                member_id=member_id,
                about=about,
                now=now,
            )

        await self._database.write(work, guild_id=guild_id)

    async def find(self, kind: Kind, *, guild_id: int, member_id: int, interaction_id: int, now: float) -> str | None:
        """What the person began with that interaction in that server; None when it is not known any more, or was never
        theirs there.
        """
        row = await self._database.row(
            """SELECT about FROM unfinished WHERE interaction_id = :interaction_id AND kind = :kind
                 AND guild_id = :guild_id AND member_id = :member_id AND begun_at > :too_old""",
            interaction_id=interaction_id,
            kind=kind,
            guild_id=guild_id,
            member_id=member_id,
            too_old=now - WAITING_SECONDS,
        )
        return row["about"] if row else None

    async def take(self, kind: Kind, *, guild_id: int, member_id: int, interaction_id: int, now: float) -> str | None:
        """The same, which is finished then: whoever presses twice is given it once."""

        async def work(tx: Transaction) -> str | None:
            row = await tx.row(
                """DELETE FROM unfinished WHERE interaction_id = :interaction_id AND kind = :kind
                     AND guild_id = :guild_id AND member_id = :member_id AND begun_at > :too_old RETURNING about""",
                interaction_id=interaction_id,
                kind=kind,
                guild_id=guild_id,
                member_id=member_id,
                too_old=now - WAITING_SECONDS,
            )
            return row["about"] if row else None

        return await self._database.write(work, guild_id=guild_id)

    async def sweep(self, *, now: float) -> None:
        """Drop what was begun too long ago."""
        too_old = now - WAITING_SECONDS

        async def work(tx: Transaction) -> None:
            await tx.row("DELETE FROM unfinished WHERE begun_at <= :too_old", too_old=too_old)

        if await self._database.row("SELECT 1 FROM unfinished WHERE begun_at <= :too_old", too_old=too_old):
            await self._database.write(work, guild_id=None)
