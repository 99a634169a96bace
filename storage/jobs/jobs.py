"""The store of jobs: one row each, moved along the table of legal moves, with an event row per move."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from storage.engine.database import Database, Transaction
from storage.jobs.job import OUTCOMES, TRANSITIONS, Job, NewJob, State, columns, read_job
from storage.jobs.job_events import Stale, moved
from storage.servers import log_entries
from storage.servers.quota import Claim, check


class Jobs:
    """Store of the tables `jobs` and `job_events`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enqueue(self, job: NewJob, *, held: bool = False) -> Job:
        """Accept a job, `held` until a moderator approves it; checked against all limits, counted and inserted at once.

        `OverLimit` when it doesn't fit, `Conflict` when this interaction already has a job.
        """
        now = job.created_at

        async def work(tx: Transaction) -> Job:
            grants = await check(tx, replace(_claim(job), active=1), now)
            row = await tx.row(
                """INSERT INTO jobs (guild_id, interaction_id, member_id, role_ids, channel_id, provider, request,
                                     fallbacks, state, stage, created_at, deadline_at, counted_at, milliseconds, micros,
                                     video_digest, audio_digest, key_id, yields, parent_id)
                   VALUES (:guild_id, :interaction_id, :member_id, :role_ids, :channel_id, :provider, :request,
                           :fallbacks, :state, :stage, :created_at, :deadline_at, :counted_at, :milliseconds, :micros,
                           :video_digest, :audio_digest, :key_id, :yields, :parent_id)
                   RETURNING *""",
                **columns(job),
                state="held" if held else "queued",
                counted_at=None if held else now,
            )
            return await moved(tx, row, "none", now, grants=[] if held else grants)

        return await self._database.write(work)

    async def approve(self, job: Job, *, by: int, now: float, deadline_at: float) -> Job:
        """Let a held job go on; it is checked against all limits and counted now. `OverLimit` leaves it held."""

        async def work(tx: Transaction) -> Job:
            grants = await check(tx, _claim(job), now)
            row = await tx.row(
                """UPDATE jobs SET state = 'queued', counted_at = :now, deadline_at = :deadline_at
                   WHERE id = :id AND guild_id = :guild_id AND state = 'held' RETURNING *""",
                id=job.id,
                guild_id=job.guild_id,
                now=now,
                deadline_at=deadline_at,
            )
            return await moved(tx, row, "held", now, by=by, grants=grants)

        return await self._database.write(work)

    async def move(
        self, job: Job, to: State, *, now: float, note: str = "", by: int | None = None, **changes: Any
    ) -> Job:
        """Move the job as it was read to another state, with what else became known; its new row.

        `Stale` when the row has moved since. `note` goes to the job's history; it must hold no secret. `by` is the
        person who moves it.
        """
        if to not in TRANSITIONS[job.state]:
            raise ValueError(f"no job may move from {job.state} to {to}")
        ended_at = now if to in OUTCOMES else None
        wanted = replace(job, state=to, ended_at=ended_at, **changes)

        async def work(tx: Transaction) -> Job:
            row = await tx.row(
                """UPDATE jobs
                   SET state = :state, provider = :provider, request = :request, fallbacks = :fallbacks,
                       key_id = :key_id, stage = :stage, handle = :handle, remote = :remote, yields = :yields,
                       submitted_at = :submitted_at, failure = :failure, detail = :detail, cost_usd = :cost_usd,
                       counted_at = :counted_at, micros = :micros, ended_at = :ended_at
                   WHERE id = :id AND guild_id = :guild_id AND state = :from_state AND stage = :from_stage
                   RETURNING *""",
                **columns(wanted),
                from_state=job.state,
                from_stage=job.stage,
            )
            return await moved(tx, row, job.state, now, note, by=by)

        return await self._database.write(work)

    async def turn(self, job: Job, *, note: str, now: float, **anew: Any) -> Job:
        """Turn a job that nobody has taken to another provider, and queue its first stage there; `anew` are the
        provider, request, fallbacks, stage and deadline_at, and what stays of its yields, as JSON.
        """
        if job.state == "submitting":
            job = await self.move(job, "queued", now=now, note=note)
        return await self._note(
            job,
            """provider = :provider, request = :request, fallbacks = :fallbacks, stage = :stage,
               deadline_at = :deadline_at, key_id = NULL, handle = NULL, yields = :yields""",
            **anew,
        )

    async def pass_over(self, job: Job, *, stage: str) -> Job:
        """Go on with another stage, as the present one needn't be sent."""
        return await self._note(job, "stage = :stage", stage=stage)

    async def place(self, job: Job, *, card_id: int, thread_id: int | None) -> Job:
        """Remember where the job is shown."""
        return await self._note(job, "card_id = :card_id, thread_id = :thread_id", card_id=card_id, thread_id=thread_id)

    async def delivering(
        self, job: Job, *, now: float, failure: str | None = None, kept_until: float | None = None
    ) -> Job:
        """Commit to posting the outcome, or `failure` in place of a video that can't be had. With `kept_until`, what is
        posted is less than there is, and that can be fetched until then.
        """
        assignment = "delivering_at = :now, failure = coalesce(:failure, failure), kept_until = :kept_until"
        return await self._note(job, assignment, now=now, failure=failure, kept_until=kept_until)

    async def keep(self, job: Job, *, now: float, until: float) -> Job:
        """The video can't be posted; it can be fetched until then. Commit to saying so."""
        assignment = "delivering_at = :now, failure = 'kept', kept_until = :until"
        return await self._note(job, assignment, kind="kept", now=now, until=until)

    async def close(self, job: Job, *, reply_id: int | None, reply_channel_id: int | None = None, now: float) -> Job:
        """The outcome has been posted as `reply_id` (None: it can't be posted anywhere); the job is over."""
        assignment = "reply_id = :reply_id, reply_channel_id = :reply_channel_id, closed_at = :now"
        return await self._note(job, assignment, reply_id=reply_id, reply_channel_id=reply_channel_id, now=now)

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

    async def with_files(self, *, now: float, closed_since: float) -> dict[int, Job]:
        """Every server's jobs whose files are still needed, by id: open ones, those that were closed since then, and
        those whose videos are kept.
        """
        rows = await self._database.rows(
            """SELECT * FROM jobs WHERE closed_at IS NULL
                 OR (forgotten_at IS NULL AND (closed_at >= :closed_since OR kept_until > :now))""",
            now=now,
            closed_since=closed_since,
        )
        return {row["id"]: read_job(row) for row in rows}

    async def _note(self, job: Job, assignment: str, *, kind: str = "", now: float = 0.0, **values: object) -> Job:
        """Change an open job without moving it; with a `kind`, tell of it in the log."""

        async def work(tx: Transaction) -> Job:
            row = await tx.row(
                f"UPDATE jobs SET {assignment} "  # noqa: S608 - the assignments are the literals above
                "WHERE id = :id AND guild_id = :guild_id AND state = :state AND closed_at IS NULL RETURNING *",
                id=job.id,
                guild_id=job.guild_id,
                state=job.state,
                now=now,
                **values,
            )
            if row is None:
                raise Stale
            if kind:
                await log_entries.note(tx, job.guild_id, kind, now=now, job_id=job.id)
            return read_job(row)

        return await self._database.write(work)


def _claim(job: NewJob | Job) -> Claim:
    return Claim(job.guild_id, job.member_id, job.role_ids, jobs=1, milliseconds=job.milliseconds, micros=job.micros)
