"""Jobs that wait for a moderator's yes. Nothing of them is counted or sent before it."""

from __future__ import annotations

from bot.clock import Clock
from bot.jobs.decision import Advance, Decision, Wait
from bot.jobs.intervals import deadline
from bot.jobs.open_job import OpenJob
from bot.jobs.transitions import ended
from bot.words.refusals.jobs import NotWaiting


class Approval:
    """Waits for a decision about a held job, and carries it out."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def __call__(self, open_job: OpenJob) -> Decision:
        """Wait until nobody's answer is waited for any more; then the job ends."""
        left = open_job.job.deadline_at - self._clock.now()
        return Wait(left + 1.0) if left >= 0 else ended(open_job.job, "failed", "approval_expired")

    def approve(self, open_job: OpenJob, *, by: int) -> Decision:
        """Let the job begin. Writing that down may raise `OverLimit`, which leaves it waiting."""
        self._check(open_job)
        return Advance("queued", {"deadline_at": deadline(open_job.job.request, self._clock.now())}, by=by)

    def deny(self, open_job: OpenJob, *, by: int) -> Decision:
        """End the job."""
        self._check(open_job)
        return ended(open_job.job, "cancelled", "denied", by=by)

    def _check(self, open_job: OpenJob) -> None:
        if open_job.job.state != "held" or self._clock.now() > open_job.job.deadline_at:
            raise NotWaiting(job=open_job.job.code)
