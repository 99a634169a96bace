"""What is put right in a job's row: what it counts for, and what is kept of it. Its state stays as it is."""

from __future__ import annotations

from typing import Generic, Literal

from storage.engine.database import Database, Transaction
from storage.jobs.job import Job, R
from storage.jobs.job_events import Stale
from storage.jobs.job_row import COLUMNS
from storage.jobs.jobs import Jobs
from storage.servers import case, log_entries
from storage.servers.usage import recount


class Corrections(Generic[R]):
    """Corrects rows of the table `jobs`."""

    def __init__(self, database: Database, jobs: Jobs[R]) -> None:
        self._database = database
        self._jobs = jobs

    async def refund(self, job: Job[R], *, by: int, now: float) -> Job[R]:
        """Give a job back to its member; the server's own limits go on counting it. `Stale` when it doesn't count."""
        return await self._correct(
            job,
            "refunded_at = :now",
            "counted_at IS NOT NULL AND refunded_at IS NULL",
            kind="refunded",
            by=by,
            now=now,
        )

    async def settle(self, job: Job[R], *, charged: bool, by: int, now: float) -> Job[R]:
        """Say what became of an unknown outcome; one that was not charged stops counting. `Stale` when that is said."""
        assignment = "settled_at = :now, charge = 'paid'"
        if not charged:
            assignment = "settled_at = :now, charge = 'free', counted_at = NULL, spent_micros = 0"
        kind: Literal["settled_charged", "settled_free"] = "settled_charged" if charged else "settled_free"
        return await self._correct(
            job, assignment, "state = 'unknown' AND settled_at IS NULL", kind=kind, by=by, now=now
        )

    async def forget_kept(self, guild_id: int, job_id: int) -> Job[R] | None:
        """The job, whose kept video is thrown away before its time; None when it is gone."""

        async def work(tx: Transaction) -> Job[R] | None:
            row = await tx.row(
                f"UPDATE jobs SET kept_until = NULL WHERE id = :job_id AND guild_id = :guild_id RETURNING {COLUMNS}",
                job_id=job_id,
                guild_id=guild_id,
            )
            return self._jobs.read(row) if row else None

        return await self._database.write(work, guild_id=guild_id)

    async def _correct(self, job: Job[R], assignment: str, condition: str, *, kind: str, by: int, now: float) -> Job[R]:
        async def work(tx: Transaction) -> Job[R]:
            before = await tx.row(
                f"SELECT {COLUMNS} FROM jobs WHERE id = :id AND guild_id = :guild_id", id=job.id, guild_id=job.guild_id
            )
            row = await tx.row(
                f"""UPDATE jobs SET {assignment} WHERE id = :id AND guild_id = :guild_id AND {condition}
                    RETURNING {COLUMNS}""",
                id=job.id,
                guild_id=job.guild_id,
                now=now,
            )
            if row is None or before is None:
                raise Stale
            await recount(tx, job.guild_id, self._jobs.read(before), self._jobs.read(row))
            await log_entries.note(tx, job.guild_id, kind, now=now, actor_id=by, job_id=job.id)
            if kind != "refunded":
                await case.decided(tx, job.guild_id, "unknown", job.id, by)
            return self._jobs.read(row)

        return await self._database.write(work, guild_id=job.guild_id)
