"""Taking on jobs that are nobody's: left behind by a life that is over, or let go by their owner."""

from __future__ import annotations

import logging

from bot.clock import Clock
from bot.domain.job import NO_REQUEST, Claims, Job, Jobs
from bot.jobs.intervals import Intervals
from bot.jobs.lease import Lease
from storage.jobs.damaged import Damaged

log = logging.getLogger(__name__)

AT_ONCE = 500  # jobs in one transaction
MOST_OPEN = 10_000  # jobs that one of several processes takes on
RESUME_SPREAD = 10.0  # seconds over which the first steps of jobs that were taken on together are spread


class Claiming:
    """Claims jobs for this process."""

    def __init__(self, lease: Lease, claims: Claims, jobs: Jobs, clock: Clock, intervals: Intervals) -> None:
        self._lease = lease
        self._claims = claims
        self._jobs = jobs
        self._clock = clock
        self._intervals = intervals

    async def claim(self, *, held: int) -> list[tuple[Job, float]]:
        """Jobs that are this process's from now on, each with the seconds until its next step; none when there are
        none, or no room for them beside those that it holds. Where it is the only one, it takes them all in the end.
        """
        room = MOST_OPEN - held if self._lease.can_end else AT_ONCE
        jobs, damaged = await self._claims.claim(min(room, AT_ONCE))
        for row in damaged:
            if ended := await self._ended(row):
                jobs.append(ended)
        spread = min(RESUME_SPREAD, len(jobs) / 10)
        return [(job, 0.0 if _is_urgent(job) else self._intervals.spread(spread)) for job in jobs]

    async def _ended(self, damaged: Damaged) -> Job | None:
        """End a job whose row can't be read; None when even that fails: it must not keep the others waiting."""
        try:
            return await self._jobs.end_damaged(damaged, request=NO_REQUEST, failure="internal", now=self._clock.now())
        except Exception:
            log.exception("job %s can't be read, nor ended; it is left as it is", damaged.id)
            return None


def _is_urgent(job: Job) -> bool:
    return job.closed_at is None and (job.state == "submitting" or job.delivering_at is not None)
