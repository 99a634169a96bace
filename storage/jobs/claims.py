"""Taking jobs that belong to nobody: a job is free when it has no owner, or its owner isn't alive any more."""

from __future__ import annotations

from typing import Generic

from storage.engine.database import Database, Row, Transaction
from storage.jobs.damaged import Damaged
from storage.jobs.job import Job, R
from storage.jobs.job_row import COLUMNS
from storage.jobs.jobs import Jobs
from storage.jobs.workers import ALIVE, TO_DO

_FREE = f"{TO_DO} AND (owner IS NULL OR owner NOT IN ({ALIVE}))"


class Claims(Generic[R]):
    """Gives free jobs to this life of the process."""

    def __init__(self, database: Database, jobs: Jobs[R]) -> None:
        self._database = database
        self._jobs = jobs

    async def claim(self, room: int) -> tuple[list[Job[R]], list[Damaged]]:
        """Take so many free jobs at most, servers taking turns, and of each the oldest first; and those that can't be
        read. Nothing is written where none are free.
        """
        if room <= 0 or not await self._database.row(f"SELECT 1 FROM jobs WHERE {_FREE} LIMIT 1"):
            return [], []
        rows = await self._database.write(lambda tx: self._take(tx, room), guild_id=None)
        damaged: list[Damaged] = []
        jobs = self._jobs.readable(rows, lambda row: damaged.append(Damaged.of(row)))
        return sorted(jobs, key=lambda job: job.id), damaged

    async def _take(self, tx: Transaction, room: int) -> list[Row]:
        rows = await tx.rows(
            f"""WITH lined_up AS (
                  SELECT id, row_number() OVER (PARTITION BY guild_id ORDER BY id) AS turn FROM jobs WHERE {_FREE}
                ), chosen AS (
                  SELECT id FROM lined_up ORDER BY turn, id LIMIT :room
                ), taken AS (
                  SELECT id FROM jobs WHERE id IN (SELECT id FROM chosen) AND {_FREE} {tx.skip_locked}
                )
                UPDATE jobs SET owner = :life WHERE id IN (SELECT id FROM taken) RETURNING {COLUMNS}""",
            room=room,
            life=self._jobs.life,
        )
        return list(rows)
