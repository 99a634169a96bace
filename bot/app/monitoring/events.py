"""What the log and the metrics are told of a job's moves. Nothing of it names a person, or holds a text or a key."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bot.domain.job import Job
from storage.jobs.job import OUTCOMES

LONGEST_REMOTE = 100  # characters of a provider's id that are told
Facts = dict[str, str | float | None]


@dataclass(frozen=True, slots=True)
class JobMoved:
    """A job has moved to another state, or its outcome has been posted, at the moment `at` (seconds since 1970).
    `before` is the job as it was, None for one that has just been accepted; `job` is how it is now.
    """

    before: Job | None
    at: float
    job: Job

    @property
    def left(self) -> str:
        """The state that it has left; `none` for a job that has just been accepted."""
        return self.before.state if self.before else "none"

    @property
    def to(self) -> str:
        """The state in which it is; `closed` once its outcome has been posted, or can be posted nowhere."""
        return "closed" if self.job.closed_at is not None else self.job.state

    @property
    def origin(self) -> Job:
        """The job that says where the move happened: by whom and in which stage. After it, that may be the next one."""
        return self.before or self.job

    @property
    def seconds(self) -> float | None:
        """For how long it was in the state that it has left; None where that isn't known, as after a restart."""
        since = None if self.before is None else _since(self.before)
        return None if since is None else max(0.0, self.at - since)

    @property
    def stage_seconds(self) -> float | None:
        """How long the stage took that is done now, from its request on; for a job that is closed, how long its outcome
        took to be posted. None when the move ends no stage, or that isn't known.
        """
        if self.to == "closed":
            return self.seconds
        is_done = self.job.state == "succeeded" or self.job.position != self.origin.position
        return self.seconds if self.left == "running" or (self.left == "submitting" and is_done) else None

    @property
    def cost_usd(self) -> Decimal | None:
        """What the job has cost until now, in US dollars, as far as its provider has named that; else None."""
        return Decimal(0) if self.job.cost_usd is None and self.job.charge == "free" else self.job.cost_usd

    def facts(self) -> Facts:
        """Everything that the log says of it, by the name under which it does; None for what isn't known, or isn't."""
        remote = self.job.remote or self.origin.remote
        return {
            "job": self.job.code,
            "server": str(self.job.guild_id),
            "provider": self.origin.provider,
            "key": self.job.key_id,
            "stage": str(self.origin.position),
            "from": self.left,
            "to": self.to,
            "handle": self.job.handle or self.origin.handle,
            "remote": remote[:LONGEST_REMOTE] if remote else None,
            "cost_usd": None if self.cost_usd is None else float(self.cost_usd),
            "charge": self.job.charge,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "age": round(max(0.0, self.at - self.job.created_at), 3),
            "failure": self.job.failure,
        }


def _since(job: Job) -> float | None:
    """Since when a job is in its state, as far as its row tells."""
    if job.moved_at is not None:
        return job.moved_at
    if job.state in OUTCOMES:
        return job.ended_at
    return {"running": job.submitted_at, "held": job.created_at}.get(job.state)
