"""From a job's outcome to its message: bring the video to disk, post it where that works, remember that.

The row says `delivering` before the post and holds the message's id after; the video is in the job's folder until then:
a crash costs neither a second post nor a second download. Each step makes one post at most. A place that refuses is
done with; a post that may have arrived is looked for first. What can be posted nowhere is kept to be fetched.
"""

from __future__ import annotations

import logging
from functools import partial

from bot.chat.errors import PostFailed, PostRefused, PostTooLarge
from bot.chat.result_post import ResultPosts
from bot.clock import Clock
from bot.delivery.assemble import Assembler
from bot.delivery.places import Places, most_bytes
from bot.delivery.size_limit import SizeLimit, smaller_step
from bot.domain.job import Job
from bot.domain.results import Finished, Parcel, Rung
from bot.domain.sections import is_made, results
from bot.jobs.decision import Amend, Close, Decision, Wait
from bot.jobs.inputs import Inputs
from bot.jobs.intervals import DELIVERY_PATIENCE, FETCH_PATIENCE, LONGEST_BACKOFF, Intervals
from bot.jobs.open_job import Delivering, OpenJob
from bot.jobs.steps.poll import Poll
from bot.media.child import Interrupted, TooMuchWork
from bot.media.probe import Unreadable
from bot.net.faults import DepotAway, Gone, NotAccepted, ProviderError, Unwritable

log = logging.getLogger(__name__)

AT_ONCE = Wait(0.0, fault=None)


class Deliver:
    """Brings the outcome of an ended job closer to its place."""

    def __init__(
        self,
        poll: Poll,
        inputs: Inputs,
        assembler: Assembler,
        size_limit: SizeLimit,
        result_posts: ResultPosts,
        places: Places,
        clock: Clock,
        intervals: Intervals,
    ) -> None:
        self._poll = poll
        self._inputs = inputs
        self._assembler = assembler
        self._size_limit = size_limit
        self._result_posts = result_posts
        self._places = places
        self._clock = clock
        self._intervals = intervals

    async def __call__(self, open_job: OpenJob) -> Decision:
        """Take the next step of the delivery."""
        job = open_job.job
        phase = open_job.phase if isinstance(open_job.phase, Delivering) else Delivering()
        open_job.phase = phase
        if job.failure == "cannot_post":  # it was never shown, so there is nothing to be told
            return Close(None)
        try:
            if not phase.cleared:
                await self._inputs.clear(job)
                phase.cleared = True
            if phase.post:
                post, phase.post = phase.post, None
                return await self._posted(job, phase, *post)
            return await self._brought(open_job, phase)
        except PostFailed as fault:
            return self._post_again(open_job, phase, fault)
        except ProviderError as fault:
            phase.fetched = None
            return self._fetch_again(open_job, phase, fault)
        except (Unreadable, TooMuchWork) as why:
            log.warning("%s: its parts can't be joined: %s", job.code, why)
            return self._kept(job, phase)

    async def _brought(self, open_job: OpenJob, phase: Delivering) -> Decision:
        job, finished = open_job.job, None
        if job.delivering_at is not None or job.restored:
            await self._assembler.bring_back(job)
            sent = await self._result_posts.found(job, await self._places.rungs(job))
            unknown_to_backup = job.restored and (sent or not job.has_video)
            if unknown_to_backup and job.kept_until is None and self._assembler.has_files(job):
                return self._rest_kept(job, None)
            if sent:
                return Close(sent)
        has_something = is_made(job) and not phase.without_video
        if has_something and phase.fetched is None:
            return await self._fetch(open_job, phase)
        if self._assembler.takes_work(job) and not phase.needs_editing:
            phase.needs_editing = True  # its next step is taken in a lane in which nothing else waits for it
            return AT_ONCE
        if has_something:
            clip = partial(self._inputs.source, job, "video")
            finished = await self._assembler.whole(job, phase.fetched or (), clip, faults=open_job.faults)
        rung = next((rung for rung in await self._places.rungs(job) if rung not in phase.refused), None)
        if rung is None:
            return self._kept(job, phase) if finished else _nowhere(job)
        return await self._announced(job, phase, rung, finished)

    async def _fetch(self, open_job: OpenJob, phase: Delivering) -> Decision:
        """Bring what was made to disk, in a lane in which nobody waits for anything else."""
        job = open_job.job
        if not phase.fetching and not self._assembler.is_fetched(job):
            phase.fetching = True
            return AT_ONCE
        await self._assembler.bring_back(job)
        on_disk = self._assembler.is_fetched(job)
        out_of_date = open_job.faults > 0 and not job.failure and not on_disk
        yields = await self._poll.yields_again(job) if out_of_date else job.yields
        phase.fetched = await self._assembler.fetch(
            job, results(yields), None if on_disk else await self._poll.http(job)
        )
        phase.fetching = False
        return AT_ONCE

    async def _announced(self, job: Job, phase: Delivering, rung: Rung, finished: Finished | None) -> Decision:
        """Write down that the outcome is about to be posted there; the post is made at once after that."""
        parcel = None
        if finished:
            most = most_bytes(job, rung)
            most = min(most, phase.most_bytes or most)
            if finished.size > most and not phase.needs_editing:
                phase.needs_editing = True
                return AT_ONCE
            try:
                parcel = await self._size_limit.fitting(job, finished, most)
            except Interrupted as why:
                raise NotAccepted(f"making a smaller copy broke off: {why}") from None
            except (Unreadable, TooMuchWork, Unwritable) as why:
                log.warning("%s: no smaller copy: %s", job.code, why)
                return self._kept(job, phase)
        phase.post, now = (rung, parcel), self._clock.now()
        keeping = parcel.smaller if parcel else job.kept_until
        until = now + self._places.kept_seconds if keeping else None
        return Amend({"delivering_at": now, "kept_until": until}, at_once=True)

    async def _posted(self, job: Job, phase: Delivering, rung: Rung, parcel: Parcel | None) -> Decision:
        try:
            return Close(await self._result_posts.post(job, rung, parcel))
        except (PostTooLarge, PostRefused) as fault:
            if parcel and isinstance(fault, PostTooLarge):
                phase.most_bytes = smaller_step(parcel.size)
                log.info("%s: %d bytes are too large; trying %s", job.code, parcel.size, phase.most_bytes)
                return AT_ONCE if phase.most_bytes else self._kept(job, phase)
            log.info("%s: no outcome in its %s: %s", job.code, rung, fault)
            phase.refused.add(rung)
        return AT_ONCE

    def _kept(self, job: Job, phase: Delivering) -> Decision:
        """The video can be posted nowhere; a sentence that says where it is may be."""
        log.warning("%s: what there is of the video can't be posted; it is kept", job.code)
        phase.refused.clear()
        if job.has_video:
            now = self._clock.now()
            kept = {"delivering_at": now, "failure": "kept", "kept_until": now + self._places.kept_seconds}
            return Amend(kept, kind="kept")
        phase.without_video = True
        return self._rest_kept(job, None)

    def _rest_kept(self, job: Job, failure: str | None) -> Amend:
        """Keep what is on disk, if anything is, of a video that can't be had whole."""
        now = self._clock.now()
        until = now + self._places.kept_seconds if self._assembler.has_files(job) else None
        changes = {"delivering_at": now, "failure": failure or job.failure, "kept_until": until}
        return Amend(changes, kind="lost" if failure else "")

    def _fetch_again(self, open_job: OpenJob, phase: Delivering, fault: ProviderError) -> Decision:
        job, faults = open_job.job, open_job.faults + 1
        if isinstance(fault, DepotAway) or (isinstance(fault, Unwritable) and not self._assembler.is_fetched(job)):
            phase.without_room_at = self._clock.now()  # the provider has it
            log.warning("%s: its video waits: %s", job.code, fault)
            return Wait(LONGEST_BACKOFF)
        hopeless = not isinstance(fault, NotAccepted | Gone) or (isinstance(fault, Gone) and faults > 2)
        if hopeless or self._clock.now() > max(job.ended_at or 0, phase.without_room_at) + FETCH_PATIENCE:
            log.warning("%s: the video is lost: %s", job.code, fault)
            if self._assembler.is_fetched(job) or not job.has_video:
                return self._kept(job, phase)
            return self._rest_kept(job, "result_lost")
        log.info("%s: fetching the video: %s; again later", job.code, fault)
        phase.unfetched = phase.unfetched or faults > 1
        return Wait(self._intervals.after_fault(faults), fault=True)

    def _post_again(self, open_job: OpenJob, phase: Delivering, fault: PostFailed) -> Decision:
        job = open_job.job
        if self._clock.now() <= (job.ended_at or 0) + DELIVERY_PATIENCE:
            log.info("%s: posting: %s; again later", job.code, fault)
            return Wait(self._intervals.after_fault(open_job.faults + 1), fault=True)
        return self._kept(job, phase) if is_made(job) and not phase.without_video else _nowhere(job)


def _nowhere(job: Job) -> Decision:
    log.warning("%s: its outcome can be posted nowhere", job.code)
    return Close(None)
