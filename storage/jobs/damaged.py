"""Open jobs whose rows can't be read: they end like any other, so that nobody waits for them for ever."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from storage.engine.database import Row, Transaction
from storage.jobs.job import OUTCOMES, Job, Position, R, State
from storage.jobs.job_events import OnMove, Stale, tell_move
from storage.jobs.job_row import COLUMNS, Codec, assignments, read_job, written

DAMAGED = Position("damaged")  # of a job whose row could not be read: what it has had done is not known any more
# What has begun to count may have been sent.
_MONEY = """, charge = CASE WHEN counted_at IS NULL THEN 'free' ELSE 'unclear' END,
    spent_micros = CASE WHEN counted_at IS NULL THEN 0 END"""


@dataclass(frozen=True, slots=True)
class Damaged:
    """An open job whose row can't be read."""

    id: int
    guild_id: int
    state: State
    owner: int | None

    @classmethod
    def of(cls, row: Row) -> Damaged:
        """What can be read of its row."""
        return cls(row["id"], row["guild_id"], row["state"], row["owner"])


async def end_damaged(
    tx: Transaction, damaged: Damaged, codec: Codec[R], *, request: R, failure: str, now: float
) -> Job[R]:
    """Replace what can't be read, and end the job: as unknown where something may have been sent, else as failed. One
    that has ended keeps its outcome. `Stale` when it is closed, or somebody else's.
    """
    ends = damaged.state not in OUTCOMES
    to: State = "unknown" if damaged.state in {"submitting", "running"} else "failed"
    anew: dict[str, Any] = {"request": request, "fallbacks": (), "yields": {}, "role_ids": frozenset()}
    anew |= {"position": DAMAGED, "cost_usd": None, "failure": failure}
    columns = {**written(anew, codec), **({"state": to, "ended_at": now} if ends else {})}
    row = await tx.row(
        f"""UPDATE jobs SET {assignments(columns)}{_MONEY if ends else ""}
            WHERE id = :id AND guild_id = :guild_id AND owner IS NOT DISTINCT FROM :held_by AND closed_at IS NULL
            RETURNING {COLUMNS}""",
        id=damaged.id,
        held_by=damaged.owner,
        guild_id=damaged.guild_id,
        **columns,
    )
    if row is None:
        raise Stale
    job = read_job(row, codec)
    if ends:
        await tell_move(tx, job, damaged.state, now, "its row could not be read")
    return job


def tell_ended(on_move: OnMove[R], state: State, at: float, job: Job[R]) -> None:
    """Tell whoever hears of moves that the job has ended, if it had not in this state."""
    if state not in OUTCOMES:
        on_move(replace(job, state=state), at, job)
