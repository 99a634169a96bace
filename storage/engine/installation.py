"""Single facts about this installation."""

from __future__ import annotations

from storage.engine.database import Database, Queries, Transaction


async def read_fact(database: Queries, name: str) -> str | None:
    """What was last put under `name`."""
    row = await database.row("SELECT value FROM facts WHERE name = :name", name=name)
    return None if row is None else str(row["value"])


async def put_fact(tx: Transaction, name: str, value: str) -> None:
    """Remember `value` under `name`."""
    await tx.row(
        "INSERT INTO facts (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value",
        name=name,
        value=value,
    )


async def delete_fact(tx: Transaction, name: str) -> None:
    """Forget what is under `name`."""
    await tx.row("DELETE FROM facts WHERE name = :name", name=name)


class Installation:
    """Store of the table `facts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """What was last put under `name`."""
        return await read_fact(self._database, name)

    async def put(self, name: str, value: str) -> None:
        """Remember `value` under `name`."""
        await self._database.write(lambda tx: put_fact(tx, name, value), guild_id=None)

    async def once(self, name: str, value: str) -> str:
        """Put `value` under `name` unless something is there; what is there then."""

        async def work(tx: Transaction) -> str:
            await tx.row(
                "INSERT INTO facts (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING",
                name=name,
                value=value,
            )
            found = await read_fact(tx, name)
            assert found is not None
            return found

        return await self._database.write(work, guild_id=None)
