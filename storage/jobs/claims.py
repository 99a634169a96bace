"""Taking over what other lives have left: a job is free when it has no owner, or its owner isn't alive any more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Generic

from storage.engine.database import Database, Row, Transaction
from storage.jobs.damaged import Damaged
from storage.jobs.job import Job, R
from storage.jobs.job_row import COLUMNS
from storage.jobs.jobs import Jobs
from storage.jobs.workers import ALIVE, TO_DO

# Servers to be left out come in one parameter, so that the statements are the same for any number of them.
_FREE = f"""{TO_DO} AND (owner IS NULL OR owner NOT IN ({ALIVE}))
  AND for_media BETWEEN :least AND :most AND :besides NOT LIKE '% ' || guild_id || ' %'"""
SLICE = 100  # rows that are read at a time, as whatever else goes on has to wait for that


class Claims(Generic[R]):
    """Gives free jobs to this life of the process, and tells what one that is over has accepted."""

    def __init__(self, database: Database, jobs: Jobs[R]) -> None:
        self._database = database
        self._jobs = jobs

    async def claim(
        self, room: int, *, for_media: bool | None = None, besides: Collection[int] = (), after: int = 0
    ) -> tuple[list[Job[R]], list[Damaged]]:
        """Take so many free jobs at most, servers taking turns, from the one behind `after` on, and of each the oldest
        first; and those that can't be read. With `for_media`, only those that are for it, or that aren't; of no server
        in `besides`. Nothing is written where none are free.
        """
        kinds = {"least": int(for_media or False), "most": int(for_media is not False)}
        which: dict[str, int | str] = {**kinds, "besides": f" {' '.join(map(str, besides))} "}
        if room <= 0 or not await self._database.row(f"SELECT 1 FROM jobs WHERE {_FREE} LIMIT 1", **which):
            return [], []
        which |= {"room": room, "after": after}
        rows = await self._database.write(lambda tx: self._take(tx, which), guild_id=None)
        jobs: list[Job[R]] = []
        damaged: list[Damaged] = []
        for start in range(0, len(rows), SLICE):
            found, others = self._read(rows[start : start + SLICE])
            jobs += found
            damaged += others
            await asyncio.sleep(0)
        return sorted(jobs, key=lambda job: job.id), damaged

    async def left_open(self) -> AsyncIterator[tuple[list[Job[R]], list[Damaged]]]:
        """All jobs for which something is left to be done, and those of them that can't be read, some at a time; for
        the one process that has them all. Nothing is written.
        """
        after = {"guild_id": 0, "job_id": 0}
        while rows := await self._database.rows(
            f"""SELECT {COLUMNS} FROM jobs WHERE {TO_DO} AND (guild_id, id) > (:guild_id, :job_id)
                ORDER BY guild_id, id LIMIT {SLICE}""",
            **after,
        ):
            after = {"guild_id": rows[-1]["guild_id"], "job_id": rows[-1]["id"]}
            yield self._read(rows)

    async def let_go(self, job: Job[R], *, for_media: bool) -> None:
        """Leave the job to another process: to one that edits videos, or not. Nothing happens where it has another
        owner by now.
        """

        async def work(tx: Transaction) -> None:
            left = await tx.row(
                """UPDATE jobs SET owner = NULL, for_media = :for_media
                   WHERE id = :id AND guild_id = :guild_id AND owner = :held_by RETURNING id""",
                id=job.id,
                guild_id=job.guild_id,
                held_by=self._jobs.life,
                for_media=int(for_media),
            )
            if left:
                await tx.notify()

        await self._database.write(work, guild_id=job.guild_id)

    async def listen(self, wake: Callable[[], object]) -> None:
        """Call `wake` when a process has left jobs to others, until cancelled; it may miss that."""
        await self._database.listen(wake)

    async def asked_with(self, guild_id: int, interaction_id: int) -> Job[R] | None:
        """The server's job that was asked for with this interaction; None when none was accepted, nor will be by a life
        that is over: one that is just being accepted is waited for.
        """
        row = await self._database.write(
            lambda tx: tx.row(
                f"SELECT {COLUMNS} FROM jobs WHERE guild_id = :guild_id AND interaction_id = :interaction_id",
                guild_id=guild_id,
                interaction_id=interaction_id,
            ),
            guild_id=guild_id,
        )
        return None if row is None else self._jobs.read(row)

    def _read(self, rows: Sequence[Row]) -> tuple[list[Job[R]], list[Damaged]]:
        damaged: list[Damaged] = []
        return self._jobs.readable(rows, lambda row: damaged.append(Damaged.of(row))), damaged

    async def _take(self, tx: Transaction, which: Mapping[str, int | str]) -> list[Row]:
        rows = await tx.rows(
            f"""WITH lined_up AS (
                  SELECT id, guild_id, row_number() OVER (PARTITION BY guild_id ORDER BY id) AS turn
                  FROM jobs WHERE {_FREE}
                ), chosen AS (
                  SELECT id FROM lined_up ORDER BY turn, guild_id <= :after, guild_id, id LIMIT :room
                ), taken AS (
                  SELECT id FROM jobs WHERE id IN (SELECT id FROM chosen) AND {_FREE} {tx.skip_locked}
                )
                UPDATE jobs SET owner = :life WHERE id IN (SELECT id FROM taken) RETURNING {COLUMNS}""",
            life=self._jobs.life,
            **which,
        )
        return list(rows)
