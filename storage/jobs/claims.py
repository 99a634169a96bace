"""Taking jobs that belong to nobody: a job is free when it has no owner, or its owner isn't alive any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic

from storage.engine.database import Database, Row, Transaction
from storage.jobs.damaged import Damaged
from storage.jobs.job import Job, R
from storage.jobs.job_row import COLUMNS
from storage.jobs.jobs import Jobs
from storage.jobs.workers import ALIVE, TO_DO

_FREE = f"""{TO_DO} AND (owner IS NULL OR owner NOT IN ({ALIVE}))
  AND for_media BETWEEN :least AND :most"""


class Claims(Generic[R]):
    """Gives free jobs to this life of the process."""

    def __init__(self, database: Database, jobs: Jobs[R]) -> None:
        self._database = database
        self._jobs = jobs

    async def claim(self, room: int, *, for_media: bool | None = None) -> tuple[list[Job[R]], list[Damaged]]:
        """Take so many free jobs at most, servers taking turns, and of each the oldest first; and those that can't be
        read. With `for_media`, only those that are for it, or that aren't. Nothing is written where none are free.
        """
        kinds = {"least": int(for_media or False), "most": int(for_media is not False)}
        if room <= 0 or not await self._database.row(f"SELECT 1 FROM jobs WHERE {_FREE} LIMIT 1", **kinds):
            return [], []
        rows = await self._database.write(lambda tx: self._take(tx, room, kinds), guild_id=None)
        damaged: list[Damaged] = []
        jobs = self._jobs.readable(rows, lambda row: damaged.append(Damaged.of(row)))
        return sorted(jobs, key=lambda job: job.id), damaged

    async def let_go(self, job: Job[R], *, for_media: bool) -> None:
        """Leave the job to another process: to one that edits videos, or not. Nothing happens where it has another
        owner by now.
        """

        async def work(tx: Transaction) -> None:
            await tx.row(
                """UPDATE jobs SET owner = NULL, for_media = :for_media
                   WHERE id = :id AND guild_id = :guild_id AND owner = :held_by""",
                id=job.id,
                guild_id=job.guild_id,
                held_by=self._jobs.life,
                for_media=int(for_media),
            )

        await self._database.write(work, guild_id=job.guild_id)

    async def _take(self, tx: Transaction, room: int, kinds: Mapping[str, int]) -> list[Row]:
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
            **kinds,
        )
        return list(rows)
