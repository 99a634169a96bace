"""From what a provider made to the finished video: fetch → check → assemble → one whole file in the job's folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from bot.domain.job import Job
from bot.domain.media_facts import MOST_WORK, MediaFacts
from bot.domain.results import MOST_RESULT_BYTES, Finished
from bot.domain.sections import results
from bot.files.job_files import JobFiles
from bot.media.child import MOST_BREAKS, Interrupted, TooMuchWork
from bot.media.edit_queue import EditQueue
from bot.media.inspect.c2pa import content_credentials
from bot.media.probe import Probe, Unreadable
from bot.net.client import Http
from bot.net.faults import NotAccepted, ProviderError, Unwritable
from bot.placing import move
from bot.words import result_message

log = logging.getLogger(__name__)

Fetched = tuple[Path, MediaFacts]  # a file that was made, and what is in it
BringClip = Callable[[], Awaitable[Path]]  # the clip as it was attached, fetched again if need be


class Assembler:
    """Brings finished videos to disk. Raises what `Http.download` raises; `NotAccepted` too for what is no video."""

    def __init__(self, http: Http, probe: Probe, edits: EditQueue, job_files: JobFiles) -> None:
        self._http = http
        self._edits = edits
        self._job_files = job_files
        self.look = probe.look
        self.bring_back = job_files.bring_back

    async def whole(self, job: Job, parts: Sequence[Fetched], clip: BringClip, *, faults: int) -> Finished:
        """Build the finished video on disk and describe it, from what was fetched unless it is there already; `clip`
        brings the clip as it was attached. For a job whose later section failed: the sections before it. `faults` is
        how many tries in a row have failed.

        Raises `NotAccepted` (try again), `Unwritable` (the disk is full), `Unreadable` or `TooMuchWork` (the sections
        can't be joined).
        """
        video, facts = self._job_files.video(job), None
        if self.takes_work(job) and any(part.work > MOST_WORK for _, part in parts):
            raise TooMuchWork("what was made has too many and too large pictures")
        if not await asyncio.to_thread(self._job_files.has_video, job):
            edited = await self._assemble(job, [part for part, _ in parts], clip, faults)
            facts = None if edited else parts[0][1]  # a large file is not looked into twice
        facts = facts or await self._checked(job, video)
        await self._job_files.keep_video(job)
        size = (await asyncio.to_thread(video.stat)).st_size
        is_alone = await asyncio.to_thread(self._is_alone, job)
        odd = () if job.failure else result_message.odd(facts, job.request, is_alone=is_alone)
        if await asyncio.to_thread(self._lost_credentials, job):
            odd = (*odd, result_message.CREDENTIALS_LOST)
        return Finished(video, size, odd, facts.work)

    def takes_work(self, job: Job) -> bool:
        """Whether what was made must be worked on before it is the finished video; that may take minutes."""
        request = job.request
        several = len(results(job.yields)) > 1 or (request.whole_seconds is not None and not job.failure)
        return several and not self._job_files.has_video(job)

    def is_fetched(self, job: Job) -> bool:
        """Whether all that was made is on disk."""
        return self._job_files.has_all(job, len(results(job.yields)))

    def has_files(self, job: Job) -> bool:
        """Whether anything that was made is on disk."""
        return bool(self._job_files.whole(job))

    async def gather(self, job: Job, http: Http | None) -> None:
        """Bring what is made so far to disk: its address may not last until the last part is made.

        `http` as for `fetch`.
        """
        for number, url in enumerate(results(job.yields)):
            try:
                if not await self._job_files.has(self._job_files.part(job, number)):
                    await self._fetch(job, number, url, http or self._http)
            except ProviderError as fault:
                log.info("%s: fetching part %d: %s; again at the end", job.code, number + 1, fault)

    def _is_alone(self, job: Job) -> bool:
        """Whether the rest of the clip should be around it but is not: what was put in still lies there, what was not
        has become the video itself.
        """
        made = self._job_files.joined(job) if job.request.sections else self._job_files.part(job, 0)
        return job.request.whole_seconds is not None and not made.exists()

    def _lost_credentials(self, job: Job) -> bool:
        """Whether what was put together doesn't carry what its parts do; a single part became the video itself."""
        parts = self._job_files.of(job).glob("part-*.mp4")
        return any(map(content_credentials, parts)) and not content_credentials(self._job_files.video(job))

    async def fetch(self, job: Job, urls: Sequence[str], http: Http | None = None) -> list[Fetched]:
        """Bring what was made to disk, each file unless it is there already. All that can be had is fetched, also where
        something else can't: it may be all that there will be. `http` is what the provider's files are fetched
        through, None for public addresses only. Raises what `Http.download` raises.
        """
        if await asyncio.to_thread(self._job_files.has_video, job):
            return []
        parts, faults = [], []
        for number, url in enumerate(urls):
            try:
                parts.append(await self._fetch(job, number, url, http or self._http))
            except ProviderError as fault:
                faults.append(fault)
        if faults:
            raise next((fault for fault in faults if isinstance(fault, Unwritable)), faults[0])
        return parts

    async def _fetch(self, job: Job, number: int, url: str, http: Http) -> Fetched:
        part = self._job_files.part(job, number)
        if not await asyncio.to_thread(part.exists):
            await http.download(url, part, most=MOST_RESULT_BYTES)
        facts = await self._checked(job, part)
        await self._job_files.keep(part)
        return part, facts

    async def _checked(self, job: Job, file: Path) -> MediaFacts:
        """What is in it. A file that is no video is thrown away: the next fetch may bring a better one."""
        try:
            facts = await self.look(file, job)
        except Interrupted as why:
            raise NotAccepted(f"the result can't be looked into: {why}") from None
        except Unreadable as why:
            problem = str(why)
        else:
            if facts.width:
                return facts
            problem = "it has no picture"
        await asyncio.to_thread(file.unlink, missing_ok=True)
        raise NotAccepted(f"the result is no video: {problem}")

    async def _assemble(self, job: Job, parts: Sequence[Path], clip: BringClip, faults: int) -> bool:
        """Make the whole video of what was fetched; the one place where a job's parts come together. False where that
        is the only part as it is.
        """
        request, video = job.request, self._job_files.video(job)
        _see_on_disk(parts)
        made = await self._joined(job, parts, faults) if len(parts) > 1 else parts[0]
        has_rest = request.whole_seconds is not None and not job.failure
        if has_rest and await self._put_back(job, made, clip, faults):
            return True
        await asyncio.to_thread(move, made, video)
        return len(parts) > 1

    async def _joined(self, job: Job, parts: Sequence[Path], faults: int) -> Path:
        joined = self._job_files.joined(job)
        try:
            await self._edits.editor(job).join(parts, joined)
        except Interrupted as why:
            if faults < MOST_BREAKS:
                raise NotAccepted(f"joining the parts broke off: {why}") from None
            raise
        except Unreadable:
            _see_on_disk(parts)
            raise
        return joined

    async def _put_back(self, job: Job, made: Path, clip: BringClip, faults: int) -> bool:
        """False when that is not possible: then there is what was made alone, as it was paid for."""
        request, video = job.request, self._job_files.video(job)
        first = request.sections[0].clip if request.sections else request.clip
        start = first.start if first else 0.0
        try:
            whole = await clip()
            await self._edits.editor(job).put_back(made, whole, start, request.video.seconds or 0.0, video)
        except Unwritable:
            raise
        except (Interrupted, NotAccepted) as why:
            if faults < MOST_BREAKS:
                raise NotAccepted(f"putting it back into its clip broke off: {why}") from None
            return False
        except (Unreadable, TooMuchWork, ProviderError) as why:
            log.warning("%s: not put back into its clip: %s", job.code, why)
            return False
        return True


def _see_on_disk(parts: Sequence[Path]) -> None:
    """`NotAccepted` when they are not there any more, or none is known: they are brought there once more."""
    if not parts or not all(part.exists() for part in parts):
        raise NotAccepted("what was made is not on disk any more")
