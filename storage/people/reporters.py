"""Who has reported which results, and how many lately."""

from __future__ import annotations

from dataclasses import dataclass

from storage.engine.database import Database, Queries, Transaction

COUNTED_SECONDS = 3600.0  # for which a report counts against its member's limits


@dataclass(frozen=True, slots=True)
class MadeReport:
    """A member's report of some result, and whether that was hidden by it."""

    reported_at: float
    hidden: bool


class Reporters:
    """Store of the table `reporters`; `Reports.file` writes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def has_reported(self, guild_id: int, job_id: int, member_id: int) -> bool:
        """Whether the member has reported this job's result, whatever came of it."""
        return await has_reported(self._database, guild_id, job_id, member_id)

    async def counted(self, guild_id: int, member_id: int, *, now: float) -> list[MadeReport]:
        """The member's reports in this server that count against their limits, oldest first."""
        rows = await self._database.rows(
            """SELECT reported_at, hidden FROM reporters
               WHERE guild_id = :guild_id AND member_id = :member_id AND reported_at > :since ORDER BY reported_at""",
            guild_id=guild_id,
            member_id=member_id,
            since=now - COUNTED_SECONDS,
        )
        return [MadeReport(row["reported_at"], bool(row["hidden"])) for row in rows]


async def has_reported(queries: Queries, guild_id: int, job_id: int, member_id: int) -> bool:
    """Whether the member has reported this job's result, whatever came of it."""
    row = await queries.row(
        "SELECT 1 FROM reporters WHERE guild_id = :guild_id AND job_id = :job_id AND member_id = :member_id",
        guild_id=guild_id,
        job_id=job_id,
        member_id=member_id,
    )
    return row is not None


async def forget_reporters(tx: Transaction, now: float, older_than: float) -> None:
    """Forget who reported before that moment, and who asked for it; their reports count to the end all the same.

    Of what was decided before that moment nobody is left, and of a video whose person is forgotten no message.
    """
    await tx.row(
        """UPDATE reports SET reported_by = 0, decided_by = 0, channel_id = 0, message_id = 0
           WHERE decided_at < :older_than AND (reported_by <> 0 OR decided_by <> 0 OR message_id <> 0)""",
        older_than=older_than,
    )
    await tx.row(
        """UPDATE reports SET channel_id = 0, message_id = 0 WHERE decision IS NOT NULL AND message_id <> 0
             AND EXISTS (SELECT 1 FROM jobs WHERE jobs.id = reports.job_id AND forgotten_at IS NOT NULL)"""
    )
    await tx.row("DELETE FROM reporters WHERE reported_at < :older_than", older_than=older_than)
    await tx.row(
        """DELETE FROM reporters WHERE reported_at <= :uncounted AND member_id IN (
             SELECT member_id FROM forget_requests WHERE reported_at <= asked_at)""",
        uncounted=now - COUNTED_SECONDS,
    )
