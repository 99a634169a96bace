"""From a job's outcome to its message: bring the video to disk, post it where that works, remember that, clean up.

The row says `delivering` before the post and holds the message's id after; the video lies on the job's shelf until
then. A crash in between costs neither a second post nor a second download. Each step makes one post at most: a
place that refuses is done with, and the next one is tried; a post that may have arrived stays with its place, and is
looked for first. What can be posted nowhere is kept to be fetched.
"""

from __future__ import annotations

import asyncio
import logging

from bot.chat.card import Replies
from bot.chat.result_post import Outcomes, Rung, Sent
from bot.clock import Clock
from bot.delivery.assemble import Finished, Finishing
from bot.delivery.size_limit import Packing, Parcel, smaller_step
from bot.domain.costs import counting
from bot.domain.sections import results
from bot.errors import Gone, NotAccepted, PostFailed, PostRefused, PostTooLarge, ProviderError, Unwritable
from bot.files.job_files import Shelf
from bot.jobs.intervals import LONGEST_BACKOFF, Pacing
from bot.jobs.scheduler import Ticket
from bot.media.child import Interrupted
from bot.media.editor import TooMuchWork, Unreadable
from storage.jobs.job import Job
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
        finishing: Finishing,
        packing: Packing,
        replies: Replies,
        outcomes: Outcomes,
        shelf: Shelf,
        clock: Clock,
        pacing: Pacing,
        *,
        results_days: int,
    ) -> None:
        self._jobs = jobs
        self.finishing = finishing
        self._packing = packing
        self._replies = replies
        self._outcomes = outcomes
        self._shelf = shelf
        self._clock = clock
        self._pacing = pacing
        self._kept_seconds = results_days * DAY

    async def open(self, job: Job, *, looking: bool) -> Job:
        """Show the job where it was asked for. `PostRefused` ends it before anything was spent."""
        try:
            card_id, thread_id = await self._replies.open(job, looking=looking)
        except PostRefused:
            ended = {"failure": "cannot_post", **counting(job, "failed")}
            failed = await self._jobs.move(job, "failed", now=self._clock.now(), **ended)
            await self._jobs.close(failed, reply_id=None, now=self._clock.now())
            raise
        return await self._jobs.place(job, card_id=card_id, thread_id=thread_id)

    async def step(self, ticket: Ticket) -> float | None:
        """Bring the outcome one step closer to its place; None when the job is closed."""
        job = ticket.job
        try:
            sent = await self._outcomes.found(job) if job.delivering_at is not None or job.restored else None
            if job.restored and (sent or not job.has_video):  # what lies there is of a life unknown to the backup
                await self._keep_rest(ticket, None)
            return await self._closed(ticket, sent) if sent else await self._bring(ticket)
        except PostFailed as fault:
            return await self._post_again(ticket, fault)
        except ProviderError as fault:
            return await self._fetch_again(ticket, fault)
        except (Unreadable, TooMuchWork) as why:
            log.warning("%s: its parts can't be joined: %s", job.code, why)
            return await self._keep(ticket)

    async def _bring(self, ticket: Ticket) -> float | None:
        job, finished = ticket.job, None
        if self.finishing.takes_work(job) and not ticket.large:
            ticket.large = True  # its next step is taken in a lane in which nothing else waits for it
            return 0.0
        if _has_something(ticket):
            finished = await self.finishing.whole(job, faults=ticket.faults)
        rung = next((rung for rung in await self._outcomes.rungs(job) if rung not in ticket.refused), None)
        if rung is None:
            return await self._keep(ticket) if finished else await self._closed(ticket, None)
        return await self._post(ticket, rung, finished)

    async def _post(self, ticket: Ticket, rung: Rung, finished: Finished | None) -> float | None:
        job, parcel = ticket.job, None
        if finished:
            if finished.size > self._most_bytes(ticket, rung) and not ticket.large:
                ticket.large = True
                return 0.0
            try:
                parcel = await self._packing.fitting(job, finished, self._most_bytes(ticket, rung))
            except Interrupted as why:
                raise NotAccepted(f"making a smaller copy broke off: {why}") from None
            except (Unreadable, TooMuchWork, OSError) as why:  # the last: the disk is full
                log.warning("%s: no smaller copy: %s", job.code, why)
                return await self._keep(ticket)
        keeping = parcel.smaller if parcel else job.kept_until
        until = self._clock.now() + self._kept_seconds if keeping else None
        ticket.job = job = await self._jobs.delivering(job, now=self._clock.now(), kept_until=until)
        try:
            sent = await self._outcomes.post(job, rung, parcel)
        except (PostTooLarge, PostRefused) as fault:
            if parcel and isinstance(fault, PostTooLarge):
                return await self._smaller(ticket, parcel)
            log.info("%s: no outcome in its %s: %s", job.code, rung, fault)
            ticket.refused.add(rung)
            return 0.0
        return await self._closed(ticket, sent)

    async def _smaller(self, ticket: Ticket, parcel: Parcel) -> float:
        """Discord takes less than it says."""
        ticket.most_bytes = smaller_step(parcel.size)
        log.info("%s: %d bytes are too large; trying %s", ticket.job.code, parcel.size, ticket.most_bytes)
        return 0.0 if ticket.most_bytes else await self._keep(ticket)

    def _most_bytes(self, ticket: Ticket, rung: Rung) -> int:
        most = self._outcomes.most_bytes(ticket.job, rung)
        return min(most, ticket.most_bytes or most)

    async def _keep(self, ticket: Ticket) -> float:
        """The video can be posted nowhere; a sentence that says where it is may be."""
        log.warning("%s: what there is of the video can't be posted; it is kept", ticket.job.code)
        ticket.refused.clear()
        if ticket.job.has_video:
            until = self._clock.now() + self._kept_seconds
            ticket.job = await self._jobs.keep(ticket.job, now=self._clock.now(), until=until)
            return 0.0
        ticket.without_video = True
        return await self._keep_rest(ticket, None)

    async def _keep_rest(self, ticket: Ticket, failure: str | None) -> float:
        """Keep what is on disk, if anything is, of a video that can't be had whole."""
        job, now = ticket.job, self._clock.now()
        until = now + self._kept_seconds if self._shelf.whole(job) else None
        ticket.job = await self._jobs.delivering(job, now=now, failure=failure, kept_until=until)
        return 0.0

    async def _closed(self, ticket: Ticket, sent: Sent | None) -> float | None:
        """The outcome is posted there, or can be posted nowhere."""
        if sent is None:
            log.warning("%s: its outcome can be posted nowhere", ticket.job.code)
        ticket.job = job = await self._jobs.close(
            ticket.job,
            reply_id=sent.message_id if sent else None,
            reply_channel_id=sent.channel_id if sent else None,
            now=self._clock.now(),
        )
        await self._replies.finish(job)
        await asyncio.to_thread(self._shelf.throw_away_video, job)
        return None

    async def _fetch_again(self, ticket: Ticket, fault: ProviderError) -> float:
        job = ticket.job
        if isinstance(fault, Unwritable) and not self.finishing.is_fetched(job):  # the provider has it
            ticket.faults, ticket.without_room_at = 1, self._clock.now()
            log.warning("%s: its video waits for room: %s", job.code, fault)
            return LONGEST_BACKOFF
        ticket.faults += 1
        hopeless = not isinstance(fault, NotAccepted | Gone) or (isinstance(fault, Gone) and ticket.faults > 2)
        if hopeless or self._clock.now() > max(job.ended_at or 0, ticket.without_room_at) + FETCH_PATIENCE:
            log.warning("%s: the video is lost: %s", job.code, fault)
            if self.finishing.is_fetched(job) or not job.has_video:
                return await self._keep(ticket)
            return await self._keep_rest(ticket, "result_lost")
        log.info("%s: fetching the video: %s; again later", job.code, fault)
        return self._pacing.after_fault(ticket.faults)

    async def _post_again(self, ticket: Ticket, fault: PostFailed) -> float | None:
        job = ticket.job
        ticket.faults += 1
        if self._clock.now() <= (job.ended_at or 0) + POST_PATIENCE:
            log.info("%s: posting: %s; again later", job.code, fault)
            return self._pacing.after_fault(ticket.faults)
        return await self._keep(ticket) if _has_something(ticket) else await self._closed(ticket, None)


def _has_something(ticket: Ticket) -> bool:
    """Whether there is the video; or, where a later part failed, those before it: they were paid for too."""
    job = ticket.job
    return job.has_video or (job.state != "succeeded" and bool(results(job.yields)) and not ticket.without_video)
