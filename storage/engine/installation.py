"""Single facts about this installation."""

from __future__ import annotations

from storage.engine.database import Database, Transaction


class Installation:
    """Store of the table `facts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """What was last put under `name`."""
        row = await self._database.row("SELECT value FROM facts WHERE name = :name", name=name)
        return None if row is None else str(row["value"])

    async def put(self, name: str, value: str) -> None:
        """Remember `value` under `name`."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                """INSERT INTO facts (name, value) VALUES (:name, :value)
                   ON CONFLICT (name) DO UPDATE SET value = :value""",
                name=name,
                value=value,
            )

        await self._database.write(work, guild_id=None)
