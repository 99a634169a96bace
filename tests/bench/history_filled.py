"""The databases of the benchmark of history: how a bot's look after some months, and after some years."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.fresh_database import make_database

LONG, BUSY = 1, 2  # servers: one has had its jobs for as long as the bot has run, the other within weeks
NOW = 2_000_000_000.0
DAY = 86_400.0
MONTH = 30 * DAY
JOBS_PER_MONTH = 5_000  # of the first one
JOBS_PER_MEMBER = 50  # in a month, in both
QUIET, ASKER = 1_000_001, 1  # members: one with three jobs, long ago; and one as any other
UNSETTLED_OF = 25  # jobs, one has an unknown outcome that nobody has settled
RETENTION = 20 * DAY  # after which the persons of jobs are forgotten; all of the busy server are younger

_JOBS = """
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :jobs),
each AS (
  SELECT n, 1 + n % 2 AS guild, n % 50 IN (2, 3) AS unsettled, n % 50 IN (4, 5) AS failed,
    :now - 600 - CASE n % 2 WHEN 0 THEN :months * :month ELSE :weeks END * (:jobs - n) / :jobs AS at,
    CASE WHEN n <= 6 THEN :quiet
      ELSE 1 + n / 2 % CASE n % 2 WHEN 0 THEN :long_members ELSE :busy_members END END AS member
  FROM numbers),
placed AS (
  SELECT n, guild, unsettled, failed, at, member, member <> :quiet AND at < :now - :retention AS gone FROM each)
INSERT INTO jobs (id, guild_id, interaction_id, member_id, provider, request, bare_request, voice, created_at,
  deadline_at, channel_id, card_id, state, stage, failure, counted_at, milliseconds, micros, spent_micros, charge,
  key_id, ended_at, closed_at, forgotten_at)
SELECT n, guild, n, CASE WHEN gone THEN 0 ELSE member END, CASE n % 3 WHEN 0 THEN 'a' ELSE 'b' END,
  CASE WHEN gone THEN '{"flow":"text","mode":"text"}' ELSE :request END, '{"flow":"text","mode":"text"}',
  CASE WHEN gone THEN NULL ELSE 'en:AOT' END, at, at + 3600, 3, 4,
  CASE WHEN unsettled THEN 'unknown' WHEN failed THEN 'failed' ELSE 'succeeded' END, 's',
  CASE WHEN unsettled THEN 'gone' WHEN failed THEN 'no_key' END, CASE WHEN failed THEN NULL ELSE at END, 5000, 70000,
  CASE WHEN unsettled THEN NULL WHEN failed THEN 0 ELSE 70000 END,
  CASE WHEN unsettled THEN 'unclear' WHEN failed THEN 'free' ELSE 'paid' END,
  1, at + 60, at + 90, CASE WHEN gone THEN at + :retention END
FROM placed
"""
_REST = """
INSERT INTO job_events (guild_id, job_id, at, from_state, to_state, stage)
SELECT guild_id, id, created_at, 'none', 'queued', 's' FROM jobs;
INSERT INTO usage_hours (guild_id, hour, jobs, milliseconds, micros)
SELECT guild_id, CAST(counted_at / 3600 AS INTEGER), count(*), sum(milliseconds), sum(micros) FROM jobs
WHERE counted_at > {now} - {month} - 3600 GROUP BY 1, 2;
INSERT INTO cases (guild_id, kind, subject_id, since, told)
SELECT guild_id, kind, subject_id, since, 'log' FROM undecided;
INSERT INTO reports (guild_id, job_id, reported_by, reported_at, channel_id, message_id, hidden, decision, decided_by,
  decided_at) SELECT guild_id, id, 0, created_at, 0, 0, 1, 'restored', 0, created_at FROM jobs WHERE id % 100 = 0;
INSERT INTO grants (id, guild_id, subject, subject_id, unit, amount, reason, given_by, given_at, until_at)
VALUES (1, 1, 'everyone', 0, 'jobs', 5, '', 0, {now} - {month}, {now} + {month});
INSERT INTO job_grants (guild_id, job_id, grant_id)
SELECT guild_id, id, 1 FROM jobs WHERE guild_id = 1 AND counted_at > {now} - {month} AND id % 100 = 6;
"""


def fill(path: Path, jobs: int) -> None:
    """A database in which so many jobs were made, half of them in each server."""
    make_database(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000")
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = 'jobs'"
        ).fetchall()
        for name, _ in indexes:  # made in one go afterwards, which is faster by far
            connection.execute(f"DROP INDEX {name}")
        connection.execute("BEGIN")
        for guild_id in (LONG, BUSY):
            connection.execute("INSERT INTO guilds (id, joined_at, log_channel_id) VALUES (?, 0, 9)", [guild_id])
        connection.execute(_JOBS, _parameters(jobs))
        for _, sql in indexes:
            connection.execute(sql)
        for statement in _REST.format(now=NOW, month=MONTH).split(";"):
            connection.execute(statement)
        connection.execute("COMMIT")


def _parameters(jobs: int) -> dict[str, object]:
    per_month = jobs // 2
    return {
        "jobs": jobs,
        "now": NOW,
        "month": MONTH,
        "weeks": RETENTION - DAY,
        "months": max(1, per_month // JOBS_PER_MONTH),
        "long_members": JOBS_PER_MONTH // JOBS_PER_MEMBER,
        "busy_members": max(1, per_month // JOBS_PER_MEMBER),
        "quiet": QUIET,
        "retention": RETENTION,
        "request": '{"flow":"text","mode":"text","video":{"url":"https://x.example/v.mp4","name":"v.mp4","size":1},'
        '"text":"Hi","voice":"en:AOT"}',
    }
