"""Who has reported which results, and how many lately."""

from __future__ import annotations

from dataclasses import dataclass

from storage.engine.database import Database, Queries

COUNTED_SECONDS = 3600.0  # for which a report counts against its member's limits

# Of what was decided long ago nobody is left, of a video whose person is forgotten no message, and of who reported long
# ago, or asked to be forgotten, nothing; their reports count to the end all the same. Each takes a slice of the rows.
FORGET_DECIDED = """
  UPDATE reports SET reported_by = 0, decided_by = 0, channel_id = 0, message_id = 0 WHERE (guild_id, job_id) IN (
    SELECT guild_id, job_id FROM reports
    WHERE decided_at < :older_than AND (reported_by <> 0 OR decided_by <> 0 OR message_id <> 0) LIMIT :slice)
  RETURNING job_id"""
FORGET_ERASED = """
  UPDATE reports SET channel_id = 0, message_id = 0 WHERE (guild_id, job_id) IN (
    SELECT guild_id, job_id FROM reports WHERE decision IS NOT NULL AND message_id <> 0
      AND EXISTS (SELECT 1 FROM jobs WHERE jobs.id = reports.job_id AND forgotten_at IS NOT NULL) LIMIT :slice)
  RETURNING job_id"""
FORGET_OLD = """
  DELETE FROM reporters WHERE (guild_id, job_id, member_id) IN (
    SELECT guild_id, job_id, member_id FROM reporters WHERE reported_at < :older_than LIMIT :slice) RETURNING job_id"""
FORGET_WHO_ASKED = """
  DELETE FROM reporters WHERE (guild_id, job_id, member_id) IN (
    SELECT guild_id, job_id, reporters.member_id FROM forget_requests AS asked CROSS JOIN reporters
    WHERE reporters.member_id = asked.member_id AND reported_at <= :uncounted AND reported_at <= asked_at LIMIT :slice)
  RETURNING job_id"""


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
