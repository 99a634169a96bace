"""Taking on jobs that are nobody's: left behind by a life that is over, or let go by their owner."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence

from bot.clock import Clock
from bot.domain.job import NO_REQUEST, Claims, Job, Jobs
from bot.jobs.intervals import Intervals
from bot.jobs.lease import Lease
from bot.jobs.open_job import OpenJob
from bot.jobs.roles import ROLES, Role
from bot.jobs.transitions import kind_called
from storage.jobs.damaged import Damaged
from storage.jobs.stage_times import StageTimes

log = logging.getLogger(__name__)

AT_ONCE = 500  # jobs in one transaction
CLAIM_SECONDS = 1.0  # between two looks at what is nobody's, without a hint
MOST_OPEN = 10_000  # jobs that one of several processes takes on
MOST_EDITS = 8  # of these, whose next step may be an edit: others may have a core to spare
MOST_EDITS_OF_SERVER = 2  # of these: each of its files is edited after the other
RECALLED = 2_000  # jobs that ended last, from which it is learned at a start how long they take
RESUME_SPREAD = 10.0  # seconds over which the first steps of jobs that were taken on together are spread


class Claiming:
    """Claims jobs for this process, as far as they are for one of its roles."""

    def __init__(
        self,
        lease: Lease,
        claims: Claims,
        jobs: Jobs,
        stage_times: StageTimes,
        clock: Clock,
        intervals: Intervals,
        roles: frozenset[Role] = ROLES,
    ) -> None:
        self._lease = lease
        self._claims = claims
        self._jobs = jobs
        self._stage_times = stage_times
        self._clock = clock
        self._intervals = intervals
        self._own_roles = roles
        self._edits: dict[int, int] = {}  # the jobs of this process whose next step may be one, with their servers
        self._last_server = 0  # of which it took an edit
        self._hint = asyncio.Event()  # there may be jobs to take on

    async def recall(self) -> None:
        """Learn how long jobs take from those that ended in earlier runs; what can't be read is learned anew."""
        if "worker" not in self._own_roles:
            return
        try:
            times = await self._stage_times.last(RECALLED)
        except Exception as error:  # noqa: BLE001 - whatever it is, jobs can be taken on without it
            log.warning("how long earlier jobs took can't be read: %s", error)
            return
        self._intervals.recall(
            (kind_called(one.provider, one.stage, one.key_id), one.seconds, one.watched) for one in times
        )

    async def claim(self, held: Collection[int]) -> AsyncGenerator[Sequence[tuple[Job, float]]]:
        """Jobs that are this process's from now on, some at a time, each with the seconds until its next step; until
        there are no more, or no room for them beside those that it holds, by their ids. Where it is the only one, these
        are all that were left open.
        """
        if not self._lease.can_end:
            async for jobs, damaged in self._claims.left_open():
                yield await self._begun([job for job in jobs if job.id not in held], damaged)
            return
        if "worker" in self._own_roles:
            while any(found := await self._claims.claim(min(MOST_OPEN - len(held), AT_ONCE), for_media=False)):
                yield await self._begun(*found)
        if "media" in self._own_roles:
            while any(edits := await self._claim_edit()):
                begun = await self._begun(*edits)
                for job, _ in begun:
                    self._edits[job.id] = self._last_server = job.guild_id
                yield begun

    def takes(self, open_job: OpenJob, role: Role) -> bool:
        """Whether this process takes the job's next step, which belongs to that role. Unless it is the only process, it
        leaves to others what it could edit only later.
        """
        job = open_job.job
        if not self._lease.can_end or job.closed_at is not None:
            return True
        if role != "media" or role not in self._own_roles:
            self.dropped(job)
        elif job.id not in self._edits:
            if len(self._edits) >= MOST_EDITS or job.guild_id in self._full_servers():
                return False
            self._edits[job.id] = job.guild_id
        return role in self._own_roles

    def dropped(self, job: Job) -> None:
        """Know that this process doesn't edit the job, or not any more."""
        if job.id in self._edits:
            del self._edits[job.id]
            self._hint.set()

    async def go_on(self, claim: Callable[[], Awaitable[object]]) -> None:
        """Claim whenever there may be something, until cancelled. Where this process is the only one, nothing becomes
        nobody's.
        """
        if not self._lease.can_end or self._own_roles == {"gateway"}:
            return
        async with asyncio.TaskGroup() as tree:
            tree.create_task(self._hear())
            while True:
                await self._until_hint()
                try:
                    await claim()
                except Exception as error:  # noqa: BLE001 - whatever it is, the database may answer next time
                    log.warning("no jobs can be taken on: %s; again later", error)

    async def _hear(self) -> None:
        """Hear of what other processes leave, until cancelled."""
        try:
            await self._claims.listen(self._hint.set)
        except Exception as error:  # noqa: BLE001 - nobody relies on it
            log.warning("no hints from other processes any more: %s; jobs are still looked for every second", error)

    async def let_go(self, job: Job, *, for_media: bool) -> float | None:
        """Leave the job to a process that edits videos, or to one that takes jobs further; seconds until that is tried
        again, None when it is done.
        """
        try:
            await self._claims.let_go(job, for_media=for_media)
        except Exception as error:  # noqa: BLE001 - as above
            log.warning("%s can't be let go: %s; again later", job.code, error)
            return CLAIM_SECONDS
        return None

    async def _claim_edit(self) -> tuple[Sequence[Job], Sequence[Damaged]]:
        """One alone, as other processes look at the same moment; none where there is no room."""
        room, besides = min(MOST_EDITS - len(self._edits), 1), self._full_servers()
        return await self._claims.claim(room, for_media=True, besides=besides, after=self._last_server)

    def _full_servers(self) -> Collection[int]:
        """Those of which this process has as many edits as it does at once."""
        counts = Counter(self._edits.values())
        return [server for server, count in counts.items() if count >= MOST_EDITS_OF_SERVER]

    async def _until_hint(self) -> None:
        """Wait for one, for a second at most: the jobs of a process that died become free without."""
        first = {asyncio.ensure_future(self._clock.sleep(CLAIM_SECONDS)), asyncio.ensure_future(self._hint.wait())}
        try:
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in first:
                waiting.cancel()
        self._hint.clear()

    async def _begun(self, jobs: Sequence[Job], damaged: Sequence[Damaged]) -> Sequence[tuple[Job, float]]:
        """These jobs, and what has become of those that can't be read, each with the seconds until its next step."""
        ended = [job for row in damaged if (job := await self._ended(row))]
        spread = min(RESUME_SPREAD, (len(jobs) + len(ended)) / 10)
        return [(job, 0.0 if _is_urgent(job) else self._intervals.spread(spread)) for job in [*jobs, *ended]]

    async def _ended(self, damaged: Damaged) -> Job | None:
        """End a job whose row can't be read; None when even that fails: it must not keep the others waiting."""
        try:
            return await self._jobs.end_damaged(damaged, request=NO_REQUEST, failure="internal", now=self._clock.now())
        except Exception:
            log.exception("job %s can't be read, nor ended; it is left as it is", damaged.id)
            return None


def _is_urgent(job: Job) -> bool:
    return job.closed_at is None and (job.state == "submitting" or job.delivering_at is not None or job.for_media)
