"""The servers that the bot is, or was, a member of."""

from __future__ import annotations

from storage.database import Database, Transaction


class Guilds:
    """Store of the table `guilds`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def join(self, guild_id: int, now: float) -> None:
        """Remember the server; a return after leaving counts as a new beginning."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                """INSERT INTO guilds (id, joined_at) VALUES (:id, :now)
                   ON CONFLICT (id) DO UPDATE SET joined_at = :now, left_at = NULL WHERE left_at IS NOT NULL""",
                id=guild_id,
                now=now,
            )

        await self._database.write(work)

    async def present(self) -> set[int]:
        """The servers that have not been seen leaving."""
        return {row["id"] for row in await self._database.rows("SELECT id FROM guilds WHERE left_at IS NULL")}

    async def leave(self, guild_id: int, now: float) -> None:
        """Note that the server is gone."""

        async def work(tx: Transaction) -> None:
            await tx.row("UPDATE guilds SET left_at = :now WHERE id = :id", id=guild_id, now=now)

        await self._database.write(work)

    async def choosing(self, guild_id: int) -> str:
        """How the server wants a provider to be chosen: by its "order" of keys, or the "cheapest"."""
        row = await self._database.row("SELECT choosing FROM guilds WHERE id = :id", id=guild_id)
        return str(row["choosing"]) if row else "order"

    async def choose(self, guild_id: int, choosing: str) -> None:
        """Change how a provider is chosen."""

        async def work(tx: Transaction) -> None:
            await tx.row("UPDATE guilds SET choosing = :choosing WHERE id = :id", id=guild_id, choosing=choosing)

        await self._database.write(work)
