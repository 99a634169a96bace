"""Who works on the jobs, and which of them nobody works on: for whoever looks at all of it from outside."""

from __future__ import annotations

from collections.abc import Mapping

from storage.engine.database import Queries
from storage.jobs.workers import ALIVE, TO_DO


async def count_alive(database: Queries) -> int:
    """How many lives of processes are at work."""
    (row,) = await database.rows(f"SELECT count(*) AS count FROM ({ALIVE}) AS alive")
    return int(row["count"])


async def free_jobs(database: Queries) -> Mapping[int, float]:
    """The jobs that are to be gone on with and have no owner, or none that is alive: by their ids, since when they have
    been there.
    """
    rows = await database.rows(
        f"SELECT id, created_at FROM jobs WHERE {TO_DO} AND (owner IS NULL OR owner NOT IN ({ALIVE}))"
    )
    return {row["id"]: row["created_at"] for row in rows}
