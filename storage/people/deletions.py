"""Finished videos that are being deleted: noted until it is done, so that no restart leaves half of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from storage.engine.database import Database, Transaction
from storage.jobs.job import Job


@dataclass(frozen=True, slots=True)
class Deletion:
    """A posted result that somebody who may delete it wants gone."""

    guild_id: int
    job_id: int
    channel_id: int
    message_id: int


_COLUMNS = ", ".join(field.name for field in fields(Deletion))


class Deletions:
    """Store of the table `deletions`. Erasing the job ends its deletion."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, job: Job[Any], *, channel_id: int, message_id: int, now: float) -> None:
        """Note it before anything is deleted."""

        async def work(tx: Transaction) -> None:
            await tx.row(
                """INSERT INTO deletions (guild_id, job_id, channel_id, message_id, begun_at)
                   VALUES (:guild_id, :job_id, :channel_id, :message_id, :now)
                   ON CONFLICT (guild_id, job_id) DO UPDATE
                   SET channel_id = excluded.channel_id, message_id = excluded.message_id""",
                guild_id=job.guild_id,
                job_id=job.id,
                channel_id=channel_id,
                message_id=message_id,
                now=now,
            )

        await self._database.write(work, guild_id=job.guild_id)

    async def abandon(self, guild_id: int, job_id: int) -> None:
        """The message stays, and so does what is stored."""

        async def work(tx: Transaction) -> None:
            await end_deletion(tx, guild_id, job_id)

        await self._database.write(work, guild_id=guild_id)

    async def begun_before(self, moment: float) -> list[Deletion]:
        """Those that have gone on since then, oldest first."""
        rows = await self._database.rows(
            f"SELECT {_COLUMNS} FROM deletions WHERE begun_at < :moment ORDER BY begun_at", moment=moment
        )
        return [Deletion(**dict(row)) for row in rows]


async def end_deletion(tx: Transaction, guild_id: int, job_id: int) -> None:
    """It needs no further try."""
    await tx.row(
        "DELETE FROM deletions WHERE guild_id = :guild_id AND job_id = :job_id", guild_id=guild_id, job_id=job_id
    )
