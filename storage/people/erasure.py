"""Taking out of jobs, reports and the log whatever leads to a person: how many there may be decides nothing but how
often a slice of them is taken, so that nobody waits for all of them.

Taken out of a job is what and where it was, and who asked; the server's numbers stay: provider, times, outcome and
cost. Who it was goes as soon as the job can't count against a limit any more, so that nobody gets new allowance by
being forgotten.
"""

from __future__ import annotations

from typing import Any

from storage.engine.database import Transaction
from storage.jobs.job import Job
from storage.people.deletions import end_deletion
from storage.people.reporters import COUNTED_SECONDS, FORGET_DECIDED, FORGET_ERASED, FORGET_OLD, FORGET_WHO_ASKED
from storage.servers.limit_rules import LONGEST_WINDOW
from storage.servers.log_entries import PATIENCE

NOBODY = 0  # in place of a forgotten member
SLICE = 50  # rows that one transaction changes: some milliseconds

# The person of a job that a lasting grant carries stays: forgetting who it was would fill the grant up again.
_IS_CARRIED = """EXISTS (
    SELECT 1 FROM job_grants JOIN grants ON grants.id = grant_id
    WHERE job_grants.job_id = jobs.id AND until_at > :now)"""
_ERASE = f"""
  UPDATE jobs
  SET member_id = CASE WHEN counted_at > :uncounted_before OR {_IS_CARRIED} THEN member_id ELSE {NOBODY} END,
      interaction_id = -id, role_ids = '[]', channel_id = 0, card_id = NULL, card_due = 0, thread_id = NULL,
      reply_id = NULL, reply_channel_id = NULL, parent_id = NULL, kept_until = NULL,
      request = bare_request, voice = NULL, fallbacks = '[]', yields = '{{}}', handle = NULL, remote = NULL,
      detail = NULL, video_digest = NULL, audio_digest = NULL, forgotten_at = :now"""
_MAY_GO = """closed_at IS NOT NULL AND forgotten_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM reports WHERE reports.job_id = jobs.id AND decision IS NULL)"""
# In this order: SQLite goes from who asked to their jobs, and never the other way.
_ERASE_DUE = f"""{_ERASE}
  WHERE id IN (
    SELECT id FROM jobs WHERE closed_at < :older_than AND {_MAY_GO}
    UNION ALL SELECT jobs.id FROM forget_requests AS asked CROSS JOIN jobs
      WHERE jobs.member_id = asked.member_id AND created_at <= asked.asked_at AND {_MAY_GO}
    LIMIT :slice) RETURNING id"""
_FORGET_WHOSE = f"""UPDATE jobs SET member_id = {NOBODY} WHERE id IN (
    SELECT id FROM jobs WHERE forgotten_at IS NOT NULL AND member_id <> {NOBODY}
      AND (counted_at IS NULL OR counted_at <= :uncounted_before) AND NOT {_IS_CARRIED} LIMIT :slice)
  RETURNING id"""
_FORGET_ENTRIES = """DELETE FROM log_entries WHERE id IN (
    SELECT id FROM log_entries WHERE at < :too_old LIMIT :slice) RETURNING id"""


async def erase_job(tx: Transaction, job: Job[Any], now: float) -> None:
    """Take out of one closed job whatever leads to its person."""
    await tx.row(
        f"{_ERASE} WHERE id = :id AND guild_id = :guild_id AND {_MAY_GO}",
        id=job.id,
        guild_id=job.guild_id,
        now=now,
        uncounted_before=now - LONGEST_WINDOW,
    )
    await end_deletion(tx, job.guild_id, job.id)


async def erase_slice(tx: Transaction, now: float, older_than: float) -> tuple[list[int], bool]:
    """Erase some of the closed jobs of those who asked for it, of the old ones, and of what else is as old: the ids of
    the jobs, and whether there may be more of anything.
    """
    when = {"now": now, "uncounted_before": now - LONGEST_WINDOW, "slice": SLICE}
    old = {"older_than": older_than, "slice": SLICE}
    erased = await tx.rows(_ERASE_DUE, **when, older_than=older_than)
    others = (
        await tx.rows(_FORGET_WHOSE, **when),
        await tx.rows(FORGET_DECIDED, **old),
        await tx.rows(FORGET_OLD, **old),
        await tx.rows(FORGET_ERASED, slice=SLICE),
        await tx.rows(FORGET_WHO_ASKED, uncounted=now - COUNTED_SECONDS, slice=SLICE),
        await tx.rows(_FORGET_ENTRIES, too_old=now - PATIENCE, slice=SLICE),
    )
    return [row["id"] for row in erased], any((erased, *others))


async def delete_slice(tx: Transaction, table: str, guild_id: int, left_before: float) -> bool:
    """Delete some of what a server that left before that moment has in a table with ids; whether there may be more."""
    deleted = await tx.rows(
        f"""DELETE FROM {table} WHERE id IN (
              SELECT {table}.id FROM guilds CROSS JOIN {table}
              WHERE guilds.id = :guild_id AND left_at < :left_before AND guild_id = guilds.id LIMIT :slice)
            RETURNING id""",
        guild_id=guild_id,
        left_before=left_before,
        slice=SLICE,
    )
    return bool(deleted)
