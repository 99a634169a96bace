"""What is used of a server's limits: of those that may bind a member, in one statement.

Usage is counted from job rows. For whole servers it is added up by the hour beside them, in the same transactions, and
only the rows of the hour in which a window begins are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from storage.engine.database import Queries, Row, Transaction
from storage.servers.limit_rules import LONGEST_WINDOW, WINDOWS, Rule, Unit

HOUR = 3600.0
COLUMNS: Mapping[Unit, str] = {"jobs": "jobs", "seconds": "milliseconds", "cents": "micros"}

_AMOUNT = "CASE rules.unit WHEN 'jobs' THEN jobs WHEN 'seconds' THEN milliseconds ELSE micros END"
_SERVERS = "FROM usage WHERE usage.guild_id = :guild_id"
_MEMBERS = f"""{_SERVERS} AND member_id = :member_id AND counts_for_member AND NOT EXISTS (
  SELECT 1 FROM job_grants JOIN grants ON grants.id = grant_id
  WHERE job_grants.job_id = usage.job_id AND grants.unit = {{unit}})"""


def _of_window(parameter: str, kind: str) -> str:
    """A parameter of which there is one for each window, such as `:since_day`."""
    each = (f"WHEN '{window}' THEN CAST(:{parameter}_{window} AS {kind})" for window in WINDOWS)
    return f"CASE rules.period {' '.join(each)} END"


_SINCE = _of_window("since", "DOUBLE PRECISION")
_RULES_MEMBERS = f"{_MEMBERS.format(unit='rules.unit')} AND at > {_SINCE}"
_OLDEST = f"""CASE
    WHEN unit = 'active' THEN NULL
    WHEN subject = 'server' THEN (SELECT at {_SERVERS} AND at > {_SINCE} AND {_AMOUNT} > 0 ORDER BY at LIMIT 1)
    ELSE (SELECT at {_RULES_MEMBERS} AND {_AMOUNT} > 0 ORDER BY at LIMIT 1)
  END"""
_LIMITS = f"""
SELECT subject, subject_id, unit, period AS window, most,
  CASE
    WHEN unit = 'active' AND subject = 'server'
      THEN (SELECT count(*) FROM jobs WHERE jobs.guild_id = :guild_id AND ended_at IS NULL)
    WHEN unit = 'active'
      THEN (SELECT count(*) FROM jobs WHERE jobs.guild_id = :guild_id AND member_id = :member_id AND ended_at IS NULL)
    WHEN subject = 'server'
      THEN (SELECT coalesce(sum({_AMOUNT}), 0) FROM usage_hours
            WHERE usage_hours.guild_id = :guild_id AND hour > {_of_window("first", "BIGINT")})
         + (SELECT coalesce(sum({_AMOUNT}), 0) {_SERVERS} AND at > {_SINCE}
              AND at < {_of_window("ends", "DOUBLE PRECISION")})
    ELSE (SELECT coalesce(sum({_AMOUNT}), 0) {_RULES_MEMBERS})
  END AS used, {{oldest}} AS oldest_at
FROM rules WHERE guild_id = :guild_id AND (subject = 'server' OR (:with_members = 1 AND (
  subject = 'everyone' OR (subject = 'member' AND subject_id = :member_id)
  OR (subject = 'role' AND :role_ids LIKE '% ' || subject_id || ' %'))))
ORDER BY subject = 'server' DESC, subject = 'everyone' DESC, subject = 'role' DESC, subject_id, unit, period"""


@dataclass(frozen=True, slots=True)
class Usage:
    """A limit, and what is used of it, in small units. `oldest_at`: since when the oldest job counts of which anything
    does; None where none does, and where that was not asked for.
    """

    rule: Rule
    used: int
    oldest_at: float | None


async def usage_of(
    at: Queries, guild_id: int, member_id: int | None, role_ids: frozenset[int], now: float, *, oldest: bool = False
) -> list[Usage]:
    """What is used of every limit that may bind a member with these roles, the server's own last; of those alone where
    no member is named.
    """
    bound: dict[str, object] = {}
    for window, seconds in WINDOWS.items():
        first = int((now - seconds) // HOUR)
        bound |= {f"since_{window}": now - seconds, f"first_{window}": first, f"ends_{window}": (first + 1) * HOUR}
    rows = await at.rows(
        _LIMITS.format(oldest=_OLDEST if oldest else "NULL"),
        guild_id=guild_id,
        with_members=int(member_id is not None),
        member_id=member_id or 0,
        role_ids=f" {' '.join(map(str, sorted(role_ids)))} ",
        **bound,
    )
    return [_usage(row) for row in rows]


async def gone_at(at: Queries, rule: Rule, guild_id: int, member_id: int, amount: int, now: float) -> float | None:
    """When so much (in small units, 1 at least) will have left the limit's window; None when less is in it."""
    since, column = now - WINDOWS[rule.window], COLUMNS[rule.unit]
    if rule.subject != "server":
        bound = {"guild_id": guild_id, "member_id": member_id, "unit": rule.unit, "since": since}
        return await _passed(at, rule, f"{_MEMBERS.format(unit=':unit')} AND at > :since", bound, amount)
    hour = await at.row(
        f"""SELECT hour, gone - own AS before FROM (
              SELECT hour, {column} AS own, sum({column}) OVER (ORDER BY hour) - (
                SELECT coalesce(sum({column}), 0) {_SERVERS} AND at >= :first_begins AND at <= :since) AS gone
              FROM usage_hours WHERE guild_id = :guild_id AND hour >= :first) AS summed
            WHERE gone >= :amount ORDER BY hour LIMIT 1""",
        guild_id=guild_id,
        since=since,
        first=int(since // HOUR),
        first_begins=since // HOUR * HOUR,
        amount=amount,
    )
    if hour is None:
        return None
    bound = {"guild_id": guild_id, "begins": hour["hour"] * HOUR, "ends": (hour["hour"] + 1) * HOUR}
    its = f"{_SERVERS} AND at >= :begins AND at < :ends"
    return await _passed(at, rule, its, bound, amount - int(hour["before"]))


async def _passed(at: Queries, rule: Rule, counted: str, bound: Mapping[str, object], amount: int) -> float | None:
    """When the job leaves the limit's window with which those that are counted have come to the amount."""
    row = await at.row(
        f"""SELECT at FROM (
              SELECT at, sum({COLUMNS[rule.unit]}) OVER (ORDER BY at, job_id) AS come {counted}) AS counted
            WHERE come >= :amount ORDER BY at LIMIT 1""",
        amount=amount,
        **bound,
    )
    return row["at"] + WINDOWS[rule.window] if row else None


def _usage(row: Row) -> Usage:
    rule = Rule(row["subject"], row["subject_id"], row["unit"], row["window"], row["most"])
    return Usage(rule, int(row["used"]), row["oldest_at"])


class Counting(Protocol):
    """A job, as far as it counts against limits."""

    @property
    def counted_at(self) -> float | None: ...

    @property
    def milliseconds(self) -> int: ...

    @property
    def micros(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Nothing:
    """A job that doesn't exist yet."""

    counted_at: float | None = None
    milliseconds: int = 0
    micros: int = 0


async def recount(tx: Transaction, guild_id: int, before: Counting, after: Counting) -> None:
    """Bring the sums up to date with a job's row that changes from `before` to `after`."""
    if (before.counted_at, before.milliseconds, before.micros) == (after.counted_at, after.milliseconds, after.micros):
        return
    for job, sign in ((before, -1), (after, 1)):
        if job.counted_at is not None:
            await tx.row(
                """INSERT INTO usage_hours (guild_id, hour, jobs, milliseconds, micros)
                   VALUES (:guild_id, :hour, :jobs, :milliseconds, :micros)
                   ON CONFLICT (guild_id, hour) DO UPDATE SET jobs = usage_hours.jobs + excluded.jobs,
                     milliseconds = usage_hours.milliseconds + excluded.milliseconds,
                     micros = usage_hours.micros + excluded.micros""",
                guild_id=guild_id,
                hour=int(job.counted_at // HOUR),
                jobs=sign,
                milliseconds=sign * job.milliseconds,
                micros=sign * job.micros,
            )


async def forget_old_hours(tx: Transaction, now: float) -> None:
    """Throw away the sums that no limit asks for any more."""
    await tx.row("DELETE FROM usage_hours WHERE hour < :oldest", oldest=int((now - LONGEST_WINDOW) // HOUR) - 1)
