"""The store of jobs: one row each, moved along the table of legal moves, with an event row per move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from storage.database import Database, Row, Transaction
from storage.job import MOVES, OUTCOMES, Job, State, columns, read_job


class Stale(Exception):
    """The row is no longer as the caller saw it; somebody else moved it."""


class Jobs:
    """Store of the tables `jobs` and `job_events`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enqueue(
        self,
        *,
        guild_id: int,
        interaction_id: int,
        member_id: int,
        channel_id: int,
        provider: str,
        request: str,
        fallbacks: str,
        stage: str,
        now: float,
        deadline_at: float,
    ) -> Job:
        """Accept a job. `Conflict` when this interaction already has one."""
        values = {name: value for name, value in locals().items() if name != "self"}

        async def work(tx: Transaction) -> Job:
            row = await tx.row(
                """INSERT INTO jobs (guild_id, interaction_id, member_id, channel_id, provider, request, fallbacks,
                                     stage, created_at, deadline_at)
                   VALUES (:guild_id, :interaction_id, :member_id, :channel_id, :provider, :request, :fallbacks,
                           :stage, :now, :deadline_at)
                   RETURNING *""",
                **values,
            )
            assert row is not None
            job = read_job(row)
            await _record(tx, "none", job, now, "")
            return job

        return await self._database.write(work)

    async def move(self, job: Job, to: State, *, now: float, note: str = "", **changes: Any) -> Job:
        """Move the job as it was read to another state, with what else became known; its new row.

        `Stale` when the row has moved since. `note` goes to the job's history; it must hold no secret.
        """
        if to not in MOVES[job.state]:
            raise ValueError(f"no job may move from {job.state} to {to}")
        ended_at = now if to in OUTCOMES else None
        moved = replace(job, state=to, ended_at=ended_at, **changes)

        async def work(tx: Transaction) -> Job:
            row = await tx.row(
                """UPDATE jobs
                   SET state = :state, provider = :provider, request = :request, fallbacks = :fallbacks,
                       key_id = :key_id, stage = :stage, handle = :handle, remote = :remote, yields = :yields,
                       submitted_at = :submitted_at, failure = :failure, detail = :detail, cost_usd = :cost_usd,
                       ended_at = :ended_at
                   WHERE id = :id AND guild_id = :guild_id AND state = :from_state AND stage = :from_stage
                   RETURNING *""",
                **columns(moved),
                from_state=job.state,
                from_stage=job.stage,
            )
            return await _moved(tx, row, job, now, note)

        return await self._database.write(work)

    async def turn(
        self, job: Job, *, provider: str, request: str, fallbacks: str, stage: str, note: str, now: float
    ) -> Job:
        """Turn a job that nobody has taken to another provider, and queue its first stage there."""
        if job.state == "submitting":
            job = await self.move(job, "queued", now=now, note=note)
        return await self._note(
            job,
            """provider = :provider, request = :request, fallbacks = :fallbacks, stage = :stage, key_id = NULL,
               handle = NULL, yields = '{}'""",
            provider=provider,
            request=request,
            fallbacks=fallbacks,
            stage=stage,
        )

    async def place(self, job: Job, *, card_id: int, thread_id: int | None) -> Job:
        """Remember where the job is shown."""
        return await self._note(job, "card_id = :card_id, thread_id = :thread_id", card_id=card_id, thread_id=thread_id)

    async def delivering(self, job: Job, *, now: float, failure: str | None = None) -> Job:
        """Commit to posting the outcome, or `failure` in place of a video that can't be had."""
        return await self._note(
            job, "delivering_at = :now, failure = coalesce(:failure, failure)", now=now, failure=failure
        )

    async def close(self, job: Job, *, reply_id: int | None, now: float) -> Job:
        """The outcome has been posted as `reply_id` (None: it can't be posted anywhere); the job is over."""
        return await self._note(job, "reply_id = :reply_id, closed_at = :now", reply_id=reply_id, now=now)

    async def get(self, guild_id: int, job_id: int) -> Job | None:
        """This server's job, None when it has no such job."""
        row = await self._database.row(
            "SELECT * FROM jobs WHERE guild_id = :guild_id AND id = :job_id", guild_id=guild_id, job_id=job_id
        )
        return None if row is None else read_job(row)

    async def keys_last_used(self, guild_id: int) -> dict[int, float]:
        """When the newest job that used each of the server's keys was asked for, by the key's id."""
        rows = await self._database.rows(
            """SELECT key_id, max(created_at) AS at FROM jobs
               WHERE guild_id = :guild_id AND key_id IS NOT NULL GROUP BY key_id""",
            guild_id=guild_id,
        )
        return {row["key_id"]: row["at"] for row in rows}

    async def open_jobs(self) -> list[Job]:
        """Every job of every server whose outcome has not been posted yet, oldest first."""
        return [
            read_job(row) for row in await self._database.rows("SELECT * FROM jobs WHERE closed_at IS NULL ORDER BY id")
        ]

    async def _note(self, job: Job, assignment: str, **values: object) -> Job:
        async def work(tx: Transaction) -> Job:
            row = await tx.row(
                f"UPDATE jobs SET {assignment} "  # noqa: S608 - the assignments are the literals above
                "WHERE id = :id AND guild_id = :guild_id AND state = :state AND closed_at IS NULL RETURNING *",
                id=job.id,
                guild_id=job.guild_id,
                state=job.state,
                **values,
            )
            if row is None:
                raise Stale(job.code)
            return read_job(row)

        return await self._database.write(work)


async def _moved(tx: Transaction, row: Row | None, job: Job, now: float, note: str) -> Job:
    if row is None:
        raise Stale(job.code)
    moved = read_job(row)
    await _record(tx, job.state, moved, now, note)
    return moved


async def _record(tx: Transaction, from_state: str, job: Job, now: float, note: str) -> None:
    await tx.row(
        """INSERT INTO job_events (guild_id, job_id, at, from_state, to_state, stage, note)
           VALUES (:guild_id, :job_id, :at, :from_state, :to_state, :stage, :note)""",
        guild_id=job.guild_id,
        job_id=job.id,
        at=now,
        from_state=from_state,
        to_state=job.state,
        stage=job.stage,
        note=note,
    )
