"""From a job's outcome to its message: fetch the video to disk, post it, remember that, clean up.

The row says `delivering` before the post and holds the message's id after; the video lies in a named file until then.
A crash in between costs neither a second post nor a second download.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from bot import cards
from bot.charges import counting
from bot.clock import Clock
from bot.errors import Gone, NotAccepted, PostFailed, PostRefused, PostTooLarge, ProviderError
from bot.pacing import Pacing
from bot.polls import Polls
from bot.providers.http import Http
from bot.replies import Replies
from bot.results import MOST_RESULT_BYTES
from bot.schedule import Ticket
from storage.job import Job
from storage.jobs import Jobs

log = logging.getLogger(__name__)

FETCH_PATIENCE = 3600.0  # seconds after the end of a job in which its video is tried to be fetched
POST_PATIENCE = 24 * 3600.0  # seconds after the end of a job in which its outcome is tried to be posted


class Delivery:
    """Everything between a job and its channel. The methods for the worker return the delay until the next try."""

    def __init__(
        self,
        jobs: Jobs,
        polls: Polls,
        replies: Replies,
        http: Http,
        folder: Path,
        clock: Clock,
        pacing: Pacing,
    ) -> None:
        self._jobs = jobs
        self._polls = polls
        self._replies = replies
        self._http = http
        self._folder = folder
        self._clock = clock
        self._pacing = pacing

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
        """Bring the outcome one step closer to its thread; None when the job is closed."""
        job = ticket.job
        video = self._folder / cards.result_file(job) if job.state == "succeeded" and not job.failure else None
        if video and not await asyncio.to_thread(video.exists):
            try:
                await self._fetch(job, video, asking=ticket.faults > 0)
            except ProviderError as fault:
                return await self._fetch_again(ticket, fault)
        looking = job.delivering_at is not None or job.restored
        ticket.job = job = await self._jobs.delivering(job, now=self._clock.now())
        try:
            reply_id = await self._replies.deliver(job, video, looking=looking)
        except PostTooLarge:
            log.info("%s: kept as %s, too large for the server", job.code, video)
            ticket.job = await self._jobs.delivering(job, now=self._clock.now(), failure="result_too_large")
            return 0.0
        except (PostFailed, PostRefused) as fault:
            return await self._post_again(ticket, fault)
        ticket.job = job = await self._jobs.close(job, reply_id=reply_id, now=self._clock.now())
        await self._replies.finish(job)
        if video:
            await asyncio.to_thread(video.unlink, missing_ok=True)
        return None

    async def _fetch(self, job: Job, video: Path, *, asking: bool) -> None:
        yields = await self._polls.yields_again(job) if asking else job.yields
        await self._http.download(yields["video_url"], video, most=MOST_RESULT_BYTES)

    async def _fetch_again(self, ticket: Ticket, fault: ProviderError) -> float:
        job = ticket.job
        ticket.faults += 1
        hopeless = not isinstance(fault, NotAccepted | Gone) or (isinstance(fault, Gone) and ticket.faults > 2)
        if hopeless or self._clock.now() > (job.ended_at or 0) + FETCH_PATIENCE:
            log.warning("%s: the video is lost: %s", job.code, fault)
            ticket.job = await self._jobs.delivering(job, now=self._clock.now(), failure="result_lost")
            return 0.0
        log.info("%s: fetching the video: %s; again later", job.code, fault)
        return self._pacing.after_fault(ticket.faults)

    async def _post_again(self, ticket: Ticket, fault: PostFailed | PostRefused) -> float | None:
        job = ticket.job
        ticket.faults += 1
        if isinstance(fault, PostRefused) or self._clock.now() > (job.ended_at or 0) + POST_PATIENCE:
            log.warning("%s: the outcome can't be posted: %s", job.code, fault)
            ticket.job = await self._jobs.close(job, reply_id=None, now=self._clock.now())
            return None
        log.info("%s: posting: %s; again later", job.code, fault)
        return self._pacing.after_fault(ticket.faults)
