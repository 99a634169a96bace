"""What is written beside every move of a job, in the same transaction: its event, its grants, and the log's entry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from storage.engine.database import Rejected, Transaction
from storage.jobs.job import Job, R, State
from storage.servers import budget_alerts, case, log_entries
from storage.servers.quota import Standing

# Called after the commit of a move: the job as it was (None for a new one), the moment, and the job as it is.
OnMove = Callable[[Job[R] | None, float, Job[R]], None]

_ASKED = {"none", "held"}
_LOGGED: Mapping[State, str] = {  # what is told in the log channel, beside what moderators have to decide
    "queued": "started",
    "succeeded": "finished",
    "failed": "failed",
    "cancelled": "cancelled",
}


@dataclass(frozen=True, slots=True)
class Enqueued(Generic[R]):
    """A job that was accepted, and how its member stands from then on under each limit that binds them."""

    job: Job[R]
    standings: Sequence[Standing]


class Stale(Rejected):
    """The row is no longer as the caller saw it; somebody else moved it."""


class LifeOver(Rejected):
    """The life that would accept a job is over; another may have said by now that nothing was accepted."""


def unheard(before: Job[Any] | None, at: float, job: Job[Any]) -> None:
    """Let a move go by: nobody listens."""


async def tell_move(
    tx: Transaction,
    job: Job[Any],
    from_state: str,
    now: float,
    note: str = "",
    *,
    by: int | None = None,
    grants: Iterable[int] = (),
) -> None:
    """Write everything that goes with a move, in its transaction; `job` is as it is after it."""
    for grant_id in grants:
        await tx.row(
            "INSERT INTO job_grants (guild_id, job_id, grant_id) VALUES (:guild_id, :job_id, :grant_id)",
            guild_id=job.guild_id,
            job_id=job.id,
            grant_id=grant_id,
        )
    await tx.row(
        """INSERT INTO job_events (guild_id, job_id, at, from_state, to_state, stage, note)
           VALUES (:guild_id, :job_id, :at, :from_state, :to_state, :stage, :note)""",
        guild_id=job.guild_id,
        job_id=job.id,
        at=now,
        from_state=from_state,
        to_state=job.state,
        stage=str(job.position),
        note=note,
    )
    if from_state == "held":
        await case.decided(tx, job.guild_id, "held", job.id, by)
    if job.state == "held":
        await case.opened(tx, job.guild_id, "held", job.id, job.created_at)
    if job.state == "unknown":
        await case.opened(tx, job.guild_id, "unknown", job.id, job.ended_at or now)
    if job.state in {"submitting", "running"} or (job.state == "queued" and from_state not in _ASKED):
        return
    if job.state in _LOGGED:
        is_heard = await log_entries.note(tx, job.guild_id, _LOGGED[job.state], now=now, actor_id=by, job_id=job.id)
    else:
        is_heard = await log_entries.is_wanted(tx, job.guild_id)
    if is_heard:
        await budget_alerts.watch(tx, job.guild_id, now)
