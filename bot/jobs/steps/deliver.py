"""From a job's outcome to its message: bring the video to disk, post it where that works, remember that, clean up.

The row says `delivering` before the post and holds the message's id after; the video lies in the job's folder until
then. A crash in between costs neither a second post nor a second download. Each step makes one post at most: a
place that refuses is done with, and the next one is tried; a post that may have arrived stays with its place, and is
looked for first. What can be posted nowhere is kept to be fetched.
"""

from __future__ import annotations

import asyncio
import logging

from bot.chat.card import Cards
from bot.chat.errors import PostFailed, PostRefused, PostTooLarge
from bot.chat.result_post import ResultPosts
from bot.clock import Clock
from bot.delivery.assemble import Assembler
from bot.delivery.places import Places
from bot.delivery.size_limit import SizeLimit, smaller_step
from bot.domain.results import Finished, Parcel, Rung, Sent
from bot.domain.sections import results
from bot.files.job_files import JobFiles
from bot.jobs.intervals import LONGEST_BACKOFF, Intervals
from bot.jobs.open_job import OpenJob
from bot.media.child import Interrupted
from bot.media.editor import TooMuchWork, Unreadable
from bot.net.faults import Gone, NotAccepted, ProviderError, Unwritable
from storage.jobs.jobs import Jobs

log = logging.getLogger(__name__)

FETCH_PATIENCE = 3600.0  # seconds after the end of a job in which its video is tried to be fetched
POST_PATIENCE = 24 * 3600.0  # seconds after the end of a job in which its outcome is tried to be posted
DAY = 86_400.0


class Delivery:
    """Everything between a job and its channel. The methods for the worker return the delay until the next try."""

    def __init__(
        self,
        jobs: Jobs,
        assembler: Assembler,
        size_limit: SizeLimit,
        cards: Cards,
        result_posts: ResultPosts,
        places: Places,
        job_files: JobFiles,
        clock: Clock,
        intervals: Intervals,
        *,
        results_days: int,
    ) -> None:
        self._jobs = jobs
        self.assembler = assembler
        self._size_limit = size_limit
        self._cards = cards
        self._result_posts = result_posts
        self._places = places
        self._job_files = job_files
        self._clock = clock
        self._intervals = intervals
        self._kept_seconds = results_days * DAY

    async def step(self, open_job: OpenJob) -> float | None:
        """Bring the outcome one step closer to its place; None when the job is closed."""
        job = open_job.job
        try:
            sent = (
                await self._result_posts.found(job, await self._places.rungs(job))
                if job.delivering_at is not None or job.restored
                else None
            )
            if job.restored and (sent or not job.has_video):  # what lies there is of a life unknown to the backup
                await self._keep_rest(open_job, None)
            return await self._closed(open_job, sent) if sent else await self._bring(open_job)
        except PostFailed as fault:
            return await self._post_again(open_job, fault)
        except ProviderError as fault:
            return await self._fetch_again(open_job, fault)
        except (Unreadable, TooMuchWork) as why:
            log.warning("%s: its parts can't be joined: %s", job.code, why)
            return await self._keep(open_job)

    async def _bring(self, open_job: OpenJob) -> float | None:
        job, finished = open_job.job, None
        if self.assembler.takes_work(job) and not open_job.large:
            open_job.large = True  # its next step is taken in a lane in which nothing else waits for it
            return 0.0
        if _has_something(open_job):
            finished = await self.assembler.whole(job, faults=open_job.faults)
        rung = next((rung for rung in await self._places.rungs(job) if rung not in open_job.refused), None)
        if rung is None:
            return await self._keep(open_job) if finished else await self._closed(open_job, None)
        return await self._post(open_job, rung, finished)

    async def _post(self, open_job: OpenJob, rung: Rung, finished: Finished | None) -> float | None:
        job, parcel = open_job.job, None
        if finished:
            if finished.size > self._most_bytes(open_job, rung) and not open_job.large:
                open_job.large = True
                return 0.0
            try:
                parcel = await self._size_limit.fitting(job, finished, self._most_bytes(open_job, rung))
            except Interrupted as why:
                raise NotAccepted(f"making a smaller copy broke off: {why}") from None
            except (Unreadable, TooMuchWork, OSError) as why:  # the last: the disk is full
                log.warning("%s: no smaller copy: %s", job.code, why)
                return await self._keep(open_job)
        keeping = parcel.smaller if parcel else job.kept_until
        until = self._clock.now() + self._kept_seconds if keeping else None
        open_job.job = job = await self._jobs.delivering(job, now=self._clock.now(), kept_until=until)
        try:
            sent = await self._result_posts.post(job, rung, parcel)
        except (PostTooLarge, PostRefused) as fault:
            if parcel and isinstance(fault, PostTooLarge):
                return await self._smaller(open_job, parcel)
            log.info("%s: no outcome in its %s: %s", job.code, rung, fault)
            open_job.refused.add(rung)
            return 0.0
        return await self._closed(open_job, sent)

    async def _smaller(self, open_job: OpenJob, parcel: Parcel) -> float:
        """Discord takes less than it says."""
        open_job.most_bytes = smaller_step(parcel.size)
        log.info("%s: %d bytes are too large; trying %s", open_job.job.code, parcel.size, open_job.most_bytes)
        return 0.0 if open_job.most_bytes else await self._keep(open_job)

    def _most_bytes(self, open_job: OpenJob, rung: Rung) -> int:
        most = self._result_posts.most_bytes(open_job.job, rung)
        return min(most, open_job.most_bytes or most)

    async def _keep(self, open_job: OpenJob) -> float:
        """The video can be posted nowhere; a sentence that says where it is may be."""
        log.warning("%s: what there is of the video can't be posted; it is kept", open_job.job.code)
        open_job.refused.clear()
        if open_job.job.has_video:
            until = self._clock.now() + self._kept_seconds
            open_job.job = await self._jobs.keep(open_job.job, now=self._clock.now(), until=until)
            return 0.0
        open_job.without_video = True
        return await self._keep_rest(open_job, None)

    async def _keep_rest(self, open_job: OpenJob, failure: str | None) -> float:
        """Keep what is on disk, if anything is, of a video that can't be had whole."""
        job, now = open_job.job, self._clock.now()
        until = now + self._kept_seconds if self._job_files.whole(job) else None
        open_job.job = await self._jobs.delivering(job, now=now, failure=failure, kept_until=until)
        return 0.0

    async def _closed(self, open_job: OpenJob, sent: Sent | None) -> float | None:
        """The outcome is posted there, or can be posted nowhere."""
        if sent is None:
            log.warning("%s: its outcome can be posted nowhere", open_job.job.code)
        open_job.job = job = await self._jobs.close(
            open_job.job,
            reply_id=sent.message_id if sent else None,
            reply_channel_id=sent.channel_id if sent else None,
            now=self._clock.now(),
        )
        await self._cards.finish(job)
        await asyncio.to_thread(self._job_files.throw_away_video, job)
        return None

    async def _fetch_again(self, open_job: OpenJob, fault: ProviderError) -> float:
        job = open_job.job
        if isinstance(fault, Unwritable) and not self.assembler.is_fetched(job):  # the provider has it
            open_job.faults, open_job.without_room_at = 1, self._clock.now()
            log.warning("%s: its video waits for room: %s", job.code, fault)
            return LONGEST_BACKOFF
        open_job.faults += 1
        hopeless = not isinstance(fault, NotAccepted | Gone) or (isinstance(fault, Gone) and open_job.faults > 2)
        if hopeless or self._clock.now() > max(job.ended_at or 0, open_job.without_room_at) + FETCH_PATIENCE:
            log.warning("%s: the video is lost: %s", job.code, fault)
            if self.assembler.is_fetched(job) or not job.has_video:
                return await self._keep(open_job)
            return await self._keep_rest(open_job, "result_lost")
        log.info("%s: fetching the video: %s; again later", job.code, fault)
        return self._intervals.after_fault(open_job.faults)

    async def _post_again(self, open_job: OpenJob, fault: PostFailed) -> float | None:
        job = open_job.job
        open_job.faults += 1
        if self._clock.now() <= (job.ended_at or 0) + POST_PATIENCE:
            log.info("%s: posting: %s; again later", job.code, fault)
            return self._intervals.after_fault(open_job.faults)
        return await self._keep(open_job) if _has_something(open_job) else await self._closed(open_job, None)


def _has_something(open_job: OpenJob) -> bool:
    """Whether there is the video; or, where a later part failed, those before it: they were paid for too."""
    job = open_job.job
    return job.has_video or (job.state != "succeeded" and bool(results(job.yields)) and not open_job.without_video)
