"""How long providers took over the stages of earlier jobs."""

from __future__ import annotations

from typing import NamedTuple

from storage.engine.database import Database

NOT_WATCHED = "over when it was first asked about"  # the note of a move: what ended may have ended long before


class StageTime(NamedTuple):
    """The seconds that a stage took, and whose they are. `watched`: it was seen to be under way before."""

    provider: str
    stage: str
    key_id: int | None
    seconds: float
    watched: bool = True


class StageTimes:
    """Reads them from the events of jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, jobs: int) -> list[StageTime]:
        """Those of so many jobs that were closed last, as far as they ended well, the oldest first."""
        rows = await self._database.rows(
            """SELECT recent.provider, recent.key_id, began.stage, ended.at - began.at AS seconds, ended.note
               FROM (SELECT id, guild_id, provider, key_id FROM jobs
                     WHERE forgotten_at IS NULL AND closed_at IS NOT NULL
                     ORDER BY closed_at DESC LIMIT :jobs) AS recent
               JOIN job_events AS ended ON ended.guild_id = recent.guild_id AND ended.job_id = recent.id
                AND ended.from_state = 'running' AND ended.to_state IN ('queued', 'succeeded')
               JOIN job_events AS began ON began.guild_id = recent.guild_id AND began.job_id = recent.id
                AND began.to_state = 'running'
                AND began.at = (SELECT max(at) FROM job_events AS earlier
                                WHERE earlier.guild_id = recent.guild_id AND earlier.job_id = recent.id
                                  AND earlier.to_state = 'running' AND earlier.at <= ended.at)
               ORDER BY ended.at""",
            jobs=jobs,
        )
        return [
            StageTime(
                row["provider"],
                row["stage"].rpartition(":")[2],  # without its section
                row["key_id"],
                row["seconds"],
                watched=row["note"] != NOT_WATCHED,
            )
            for row in rows
        ]
