"""The store of jobs: one row each, moved along the table of legal moves, with an event row per move."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any, Generic

from storage.engine.database import Database, Row, Transaction
from storage.jobs.damaged import Damaged, end_damaged, tell_ended
from storage.jobs.job import OUTCOMES, TRANSITIONS, Holding, Job, NewJob, R, State, claim_of
from storage.jobs.job_events import Enqueued, LifeOver, OnMove, Stale, tell_move, unheard
from storage.jobs.job_row import COLUMNS, Codec, DamagedRow, assignments, read_job, written
from storage.jobs.workers import ALIVE
from storage.servers import log_entries
from storage.servers.quota import check, standings_with, usage_for
from storage.servers.usage import Nothing, recount

log = logging.getLogger(__name__)

# What may change while a job moves, and what may change besides.
_TURNING = {
    "provider", "request", "fallbacks", "key_id", "position", "handle", "remote", "yields", "submitted_at",
    "deadline_at", "send_before",
}  # fmt: skip
_MOVING = _TURNING | {
    "failure", "detail", "cost_usd", "has_unnamed_costs", "charge", "counted_at", "micros", "spent_micros",
}  # fmt: skip
_STANDING = _TURNING | {"card_id", "thread_id", "delivering_at", "failure", "kept_until"}
_CURRENT_KEY = "SELECT 1 FROM keys WHERE guild_id = :guild_id AND id = :key_id AND retired_at IS NULL"


class Jobs(Generic[R]):
    """Store of the tables `jobs` and `job_events`. `codec` says how requests are written; `life` is the owner of the
    jobs that are accepted. One that is moved by anybody but its owner has none from then on: whoever takes it on, which
    may be the same, sees it as it is. `on_move` hears of every move, and of every job that is closed.
    """

    def __init__(
        self, database: Database, codec: Codec[R], life: int | None = None, on_move: OnMove[R] = unheard
    ) -> None:
        self._database = database
        self._codec = codec
        self.life = life
        self._on_move = on_move

    def read(self, row: Row) -> Job[R]:
        """The job in a row with the columns of `COLUMNS`; `DamagedRow` when there is none."""
        return read_job(row, self._codec)

    async def enqueue(self, job: NewJob[R], *, held: bool = False) -> Enqueued[R]:
        """Accept a job, `held` until a moderator approves it; checked against all limits, counted and inserted at once.
        What it begins with belongs to its key's account, and is left out when that key was replaced meanwhile.

        `OverLimit` when it doesn't fit, `Conflict` when this interaction already has a job, `LifeOver`.
        """
        now, claim = job.created_at, claim_of(job, active=1)

        async def work(tx: Transaction) -> Enqueued[R]:
            if self.life is not None and not await tx.row(f"{ALIVE} AND id = :life", life=self.life):
                raise LifeOver
            usages = await usage_for(tx, claim, now, oldest=True)
            grants = await check(tx, claim, now, usages=usages)
            may_begin = job.key_id is None or await tx.row(_CURRENT_KEY, guild_id=job.guild_id, key_id=job.key_id)
            begun = vars(job) if may_begin else {**vars(job), "key_id": None, "yields": {}}
            columns = written(begun, self._codec) | {"state": "held" if held else "queued"}
            columns |= {"counted_at": None if held else now, "owner": self.life}
            row = await tx.row(
                f"""INSERT INTO jobs ({", ".join(columns)}) VALUES ({", ".join(f":{name}" for name in columns)})
                    RETURNING {COLUMNS}""",
                **columns,
            )
            assert row is not None
            stored = replace(self.read(row), moved_at=now)
            await recount(tx, stored.guild_id, Nothing(), stored)
            await tell_move(tx, stored, "none", now, grants=() if held else grants.values())
            return Enqueued(stored, await standings_with(tx, usages, claim.at_once if held else claim, grants, now))

        return await self._database.write(
            work, guild_id=job.guild_id, committed=lambda enqueued: self._on_move(None, now, enqueued.job)
        )

    async def move(
        self, job: Job[R], to: State, *, now: float, note: str = "", by: int | None = None, **changes: Any
    ) -> Job[R]:
        """Move the job as it was read to another state, with what else became known; the job as it is then.

        `Stale` when the row has moved since, or has another owner. A held job that is let go is checked against all
        limits and counted now: `OverLimit` leaves it held. `note` goes to the job's history; it must hold no secret.
        `by` is the person who moves it.
        """
        if to not in TRANSITIONS[job.state] or not changes.keys() <= _MOVING:
            raise ValueError(f"no job may move from {job.state} to {to} with {sorted(changes)}")
        begins = job.state == "held" and to == "queued"
        changes |= {"ended_at": now if to in OUTCOMES else None, **({"counted_at": now} if begins else {})}
        changes["for_media"] = False  # that was said of the step before
        if job.owner != self.life:
            changes["owner"] = None
        moved = replace(job, state=to, moved_at=now, **changes)

        async def work(tx: Transaction) -> Job[R]:
            grants = await check(tx, claim_of(job), now) if begins else {}
            await self._update(tx, job, {"state": to, **changes})
            if job.owner != self.life:
                await tx.notify()
            await recount(tx, job.guild_id, job, moved)
            await tell_move(tx, moved, job.state, now, note, by=by, grants=grants.values())
            return moved

        return await self._database.write(work, guild_id=job.guild_id, committed=partial(self._on_move, job, now))

    async def amend(self, job: Job[R], *, now: float, kind: str = "", **changes: Any) -> Job[R]:
        """Change an open job without moving it; with a `kind`, tell of it in the log. `Stale` as `move`."""
        if not changes.keys() <= _STANDING:
            raise ValueError(f"{sorted(changes)} can't change without a move")
        amended = replace(job, **changes)

        async def work(tx: Transaction) -> Job[R]:
            await self._update(tx, job, changes)
            if kind:
                await log_entries.note(tx, job.guild_id, kind, now=now, job_id=job.id)
            return amended

        return await self._database.write(work, guild_id=job.guild_id)

    async def close(
        self, job: Job[R], *, reply_id: int | None, reply_channel_id: int | None = None, now: float
    ) -> Job[R]:
        """The outcome has been posted as `reply_id` (None: it can't be posted anywhere); its card is to show that."""
        changes = {"reply_id": reply_id, "reply_channel_id": reply_channel_id, "closed_at": now}
        changes |= {"card_due": job.card_id is not None}

        async def work(tx: Transaction) -> Job[R]:
            await self._update(tx, job, changes)
            return replace(job, **changes)  # type: ignore[arg-type]

        return await self._database.write(work, guild_id=job.guild_id, committed=partial(self._on_move, job, now))

    async def card_shown(self, job: Job[R]) -> None:
        """The card of this closed job shows how it ended, or can't any more."""
        sql = "UPDATE jobs SET card_due = 0 WHERE id = :id AND guild_id = :guild_id"
        await self._database.write(lambda tx: tx.row(sql, id=job.id, guild_id=job.guild_id), guild_id=job.guild_id)

    async def end_damaged(self, job: Damaged, *, request: R, failure: str, now: float) -> Job[R]:
        """End an open job whose row can't be read, with `request` in place of its own, so that it can be told of."""
        return await self._database.write(
            lambda tx: end_damaged(tx, job, self._codec, request=request, failure=failure, now=now),
            guild_id=job.guild_id,
            committed=partial(tell_ended, self._on_move, job.state, now),
        )

    async def get(self, guild_id: int, job_id: int) -> Job[R] | None:
        """This server's job, None when it has no such job."""
        sql = f"SELECT {COLUMNS} FROM jobs WHERE guild_id = :guild_id AND id = :id"
        row = await self._database.row(sql, guild_id=guild_id, id=job_id)
        return None if row is None else self.read(row)

    async def with_files(self, first: int, last: int, *, now: float, closed_since: float) -> dict[int, Holding]:
        """Jobs, from one id to another, whose files are needed: open, closed since then, or whose video is kept."""
        within = "id BETWEEN :first AND :last"
        named = {"first": first, "last": last, "now": now, "closed_since": closed_since}
        rows = await self._database.rows(
            f"""SELECT id AS job_id, closed_at, kept_until FROM jobs WHERE id IN (
                  SELECT id FROM jobs WHERE closed_at IS NULL AND {within}
                  UNION SELECT id FROM jobs WHERE forgotten_at IS NULL AND closed_at >= :closed_since AND {within}
                  UNION SELECT id FROM jobs WHERE forgotten_at IS NULL AND kept_until > :now AND {within})""",
            **named,
        )
        return {row["job_id"]: Holding(**dict(row)) for row in rows}

    def readable(self, rows: Iterable[Row], otherwise: Callable[[Row], None]) -> list[Job[R]]:
        """The jobs in these rows; those that hold none are given to `otherwise`."""
        found = []
        for row in rows:
            try:
                found.append(self.read(row))
            except DamagedRow as why:
                log.error("%s can't be read", why)  # noqa: TRY400 - a row's contents belong in no log
                otherwise(row)
        return found

    async def _update(self, tx: Transaction, job: Job[R], changes: dict[str, Any]) -> None:
        columns = written(changes, self._codec)
        row = await tx.row(
            f"""UPDATE jobs SET {assignments(columns)}
                WHERE id = :id AND guild_id = :guild_id AND state = :from_state AND stage = :from_stage
                  AND owner IS NOT DISTINCT FROM :held_by AND closed_at IS NULL RETURNING id""",
            id=job.id,
            guild_id=job.guild_id,
            held_by=job.owner,
            from_state=job.state,
            from_stage=str(job.position),
            **columns,
        )
        if row is None:
            raise Stale
