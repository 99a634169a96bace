"""What whole servers have used, added up by the hour: kept beside the jobs' rows, in the same transactions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from storage.engine.database import Transaction
from storage.servers.limit_rules import LONGEST_WINDOW

HOUR = 3600.0


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
