"""Jobs that wait for a moderator's yes. Nothing of them is counted or sent before it."""

from __future__ import annotations

from bot.domain.request import Request
from bot.jobs.intervals import deadline
from bot.jobs.open_job import OpenJob
from bot.jobs.transitions import Transitions
from bot.words.refusals.moderation import NotWaiting


class Approvals:
    """Takes held jobs one step further."""

    def __init__(self, transitions: Transitions) -> None:
        self._transitions = transitions

    async def wait(self, open_job: OpenJob) -> float:
        """The delay until nobody's answer is waited for any more; then the job ends."""
        left = open_job.job.deadline_at - self._transitions.clock.now()
        return left + 1.0 if left >= 0 else await self._transitions.end(open_job, "failed", "approval_expired")

    async def approve(self, open_job: OpenJob, *, by: int) -> None:
        """Let the job begin; `OverLimit` leaves it waiting."""
        self._check(open_job)
        now = self._transitions.clock.now()
        deadline_at = deadline(Request.model_validate_json(open_job.job.request), now)
        open_job.job = await self._transitions.jobs.approve(open_job.job, by=by, now=now, deadline_at=deadline_at)

    async def deny(self, open_job: OpenJob, *, by: int) -> None:
        """End the job."""
        self._check(open_job)
        await self._transitions.end(open_job, "cancelled", "denied", by=by)

    def _check(self, open_job: OpenJob) -> None:
        if open_job.job.state != "held" or self._transitions.clock.now() > open_job.job.deadline_at:
            raise NotWaiting(job=open_job.job.code)
