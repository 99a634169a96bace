"""Who agreed to get finished videos by direct message when nothing else works."""

from __future__ import annotations

from storage.engine.database import Database, Transaction


class DirectMessages:
    """Store of the table `direct_messages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def agreed(self, member_id: int) -> bool:
        """Whether the person agreed."""
        row = await self._database.row("SELECT 1 FROM direct_messages WHERE member_id = :id", id=member_id)
        return row is not None

    async def agree(self, member_id: int, *, now: float) -> None:
        """The person agrees, wherever they asked."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                """INSERT INTO direct_messages (member_id, agreed_at) VALUES (:id, :now)
                   ON CONFLICT DO NOTHING""",
                id=member_id,
                now=now,
            )

        await self._database.write(work, guild_id=None)

    async def withdraw(self, member_id: int) -> None:
        """The person doesn't agree any more."""

        async def work(tx: Transaction) -> None:
            await tx.row("DELETE FROM direct_messages WHERE member_id = :id", id=member_id)

        await self._database.write(work, guild_id=None)
