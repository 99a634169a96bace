"""What is kept about people, over all tables: telling them, and forgetting them.

Forgetting takes out of a job whatever leads to a person (what and where, and who) and leaves the server's numbers:
provider, times, outcome and cost. Who it was goes as soon as the job can't count against a limit any more, so that
nobody gets new allowance by being forgotten. Blocks stay: they are the server's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from storage.engine.database import Database, Transaction
from storage.engine.installation import put_fact
from storage.jobs.job import Job
from storage.people.deletions import end_deletion
from storage.people.reporters import forget_reporters
from storage.people.unanswered import drop_too_old
from storage.servers.limit_rules import LONGEST_WINDOW
from storage.servers.log_entries import PATIENCE
from storage.servers.usage_hours import forget_old_hours

NOBODY = 0  # in place of a forgotten member
ERASED_FACT = "erased_at"  # when a person was erased last who had asked for it: older copies may still hold them

# The person of a job that a lasting grant carries stays: forgetting who it was would fill the grant up again.
_ERASE = """
  WITH carried AS (SELECT job_id FROM job_grants JOIN grants ON grants.id = grant_id WHERE until_at > :now)
  UPDATE jobs
  SET member_id = CASE WHEN counted_at > :uncounted_before OR id IN (SELECT job_id FROM carried) THEN member_id
                       ELSE :nobody END,
      interaction_id = -id, role_ids = '[]', channel_id = 0, card_id = NULL, card_due = 0, thread_id = NULL,
      reply_id = NULL, reply_channel_id = NULL, parent_id = NULL, kept_until = NULL,
      request = bare_request, voice = NULL, fallbacks = '[]', yields = '{}', handle = NULL, remote = NULL,
      detail = NULL, video_digest = NULL, audio_digest = NULL, forgotten_at = :now
  WHERE closed_at IS NOT NULL AND forgotten_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM reports WHERE reports.job_id = jobs.id AND decision IS NULL) """
_OLD_OR_ASKED = """SELECT id FROM jobs WHERE forgotten_at IS NULL AND closed_at < :older_than
  UNION SELECT id FROM forget_requests AS asked JOIN jobs ON jobs.member_id = asked.member_id
    WHERE forgotten_at IS NULL AND created_at <= asked.asked_at"""
_NAMED_IN = (
    ("keys", "added_by"),
    ("reports", "reported_by"),
    ("reports", "decided_by"),
    ("grants", "given_by"),
    ("blocks", "blocked_by"),
)
# The others go with the row in `guilds`.
_GUILD_TABLES = ("unanswered", "unfinished", "job_grants", "job_events", "reporters", "reports", "jobs", "keys")


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept about a person in one server."""

    guild_id: int
    jobs: int
    open_jobs: int
    oldest_at: float


class Privacy:
    """Store of `forget_requests`, and of what concerns people in the other tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def about(self, member_id: int) -> list[Record]:
        """What is kept about the person, server by server."""
        rows = await self._database.rows(
            """SELECT guild_id, count(*) AS jobs, count(*) - count(closed_at) AS open_jobs, min(created_at) AS oldest_at
               FROM jobs WHERE member_id = :member_id AND forgotten_at IS NULL GROUP BY guild_id ORDER BY guild_id""",
            member_id=member_id,
        )
        return [Record(**dict(row)) for row in rows]

    async def forget(self, member_id: int, *, now: float) -> tuple[list[int], int, int]:
        """Forget the person: the ids of the jobs erased at once, how many will be when they are closed, and how many
        when their report is decided.
        """

        async def work(tx: Transaction) -> tuple[list[int], int, int]:
            await tx.row(
                """INSERT INTO forget_requests (member_id, asked_at) VALUES (:member_id, :now)
                   ON CONFLICT (member_id) DO UPDATE SET asked_at = :now""",
                member_id=member_id,
                now=now,
            )
            for table, column in _NAMED_IN:
                await tx.row(
                    f"UPDATE {table} SET {column} = :nobody WHERE {column} = :member_id",
                    member_id=member_id,
                    nobody=NOBODY,
                )
            await tx.row("UPDATE guilds SET set_up_by = NULL WHERE set_up_by = :id", id=member_id)
            await tx.row("UPDATE cases SET decided_by = NULL WHERE decided_by = :id", id=member_id)
            for table in ("attestations", "direct_messages", "unanswered", "unfinished"):
                await tx.row(f"DELETE FROM {table} WHERE member_id = :id", id=member_id)
            erased = await _forget(tx, now, older_than=0.0)
            (row,) = await tx.rows(
                """SELECT count(*) AS left_over, count(*) - count(closed_at) AS waiting
                   FROM jobs WHERE member_id = :member_id AND forgotten_at IS NULL""",
                member_id=member_id,
            )
            return erased, row["waiting"], row["left_over"] - row["waiting"]

        return await self._database.write(work, guild_id=None)

    async def erase(self, job: Job[Any], *, now: float) -> None:
        """Take out of one closed job whatever leads to its person."""

        async def work(tx: Transaction) -> None:
            await erase_job(tx, job, now)

        await self._database.write(work, guild_id=job.guild_id)

    async def sweep(self, *, now: float, older_than: float, left_before: float) -> tuple[list[int], int]:
        """Forget who asked for it and what is older than that moment, and erase servers that left before that one; the
        ids of the jobs, and the number of servers. Keys that no job needs any more go too.
        """

        async def work(tx: Transaction) -> list[int]:
            await tx.row(
                """DELETE FROM keys WHERE retired_at IS NOT NULL AND id NOT IN (
                     SELECT key_id FROM jobs WHERE closed_at IS NULL AND key_id IS NOT NULL)"""
            )
            return await _forget(tx, now, older_than)

        erased = await self._database.write(work, guild_id=None)
        gone = await self._database.rows("SELECT id FROM guilds WHERE left_at < :left_before", left_before=left_before)
        return erased, sum([await self._erase_guild(guild["id"], left_before) for guild in gone])

    async def _erase_guild(self, guild_id: int, left_before: float) -> bool:
        """Erase every row of a server that left before that moment; False when it has come back. Open jobs of a server
        that is gone can be told to nobody.
        """

        async def work(tx: Transaction) -> bool:
            left = await tx.row(
                "SELECT 1 FROM guilds WHERE id = :guild_id AND left_at < :left_before",
                guild_id=guild_id,
                left_before=left_before,
            )
            if left is None:
                return False
            for table in _GUILD_TABLES:
                await tx.row(f"DELETE FROM {table} WHERE guild_id = :guild_id", guild_id=guild_id)
            await tx.row("DELETE FROM guilds WHERE id = :guild_id", guild_id=guild_id)
            return True

        return await self._database.write(work, guild_id=guild_id)


async def erase_job(tx: Transaction, job: Job[Any], now: float) -> None:
    """Take out of one closed job whatever leads to its person."""
    await tx.row(
        f"{_ERASE} AND id = :id AND guild_id = :guild_id",
        id=job.id,
        guild_id=job.guild_id,
        nobody=NOBODY,
        now=now,
        uncounted_before=now - LONGEST_WINDOW,
    )
    await end_deletion(tx, job.guild_id, job.id)


async def _forget(tx: Transaction, now: float, older_than: float) -> list[int]:
    """Forget the closed jobs of those who asked for it, and the old ones; requests with nothing left to do are done."""
    uncounted_before = now - LONGEST_WINDOW
    erased = await tx.rows(
        f"{_ERASE} AND id IN ({_OLD_OR_ASKED}) RETURNING id",
        nobody=NOBODY,
        now=now,
        older_than=older_than,
        uncounted_before=uncounted_before,
    )
    await tx.row(
        f"""WITH carried AS (SELECT job_id FROM job_grants JOIN grants ON grants.id = grant_id WHERE until_at > :now)
           UPDATE jobs SET member_id = :nobody
           WHERE forgotten_at IS NOT NULL AND member_id <> {NOBODY}
             AND (counted_at IS NULL OR counted_at <= :uncounted_before) AND id NOT IN (SELECT job_id FROM carried)""",
        now=now,
        nobody=NOBODY,
        uncounted_before=uncounted_before,
    )
    await forget_old_hours(tx, now)
    await drop_too_old(tx, now)
    await forget_reporters(tx, now, older_than)
    await tx.row("DELETE FROM grants WHERE until_at < :uncounted_before", uncounted_before=uncounted_before)
    await tx.row("DELETE FROM log_entries WHERE at < :too_old", too_old=now - PATIENCE)
    done = await tx.rows(
        """DELETE FROM forget_requests WHERE NOT EXISTS (
             SELECT 1 FROM jobs WHERE jobs.member_id = forget_requests.member_id AND created_at <= asked_at
               AND forgotten_at IS NULL)
             AND NOT EXISTS (SELECT 1 FROM reporters WHERE reporters.member_id = forget_requests.member_id
               AND reported_at <= asked_at) RETURNING member_id"""
    )
    if done:
        await put_fact(tx, ERASED_FACT, str(now))
    return [row["id"] for row in erased]
