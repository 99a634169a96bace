"""The same once more, or with other words or another voice: from the files and the ask of an earlier job."""

from __future__ import annotations

import asyncio
import logging
import shutil
from dataclasses import replace
from pathlib import Path

from bot.asking.answers import Answer
from bot.asking.service import Service
from bot.clock import Clock
from bot.domain.ask import Ask, Asker, Place
from bot.domain.fixes import Fixes
from bot.domain.job import Job, Jobs
from bot.domain.request import Request
from bot.files.incoming import Incoming
from bot.files.job_files import FILES_KEPT, JobFiles
from bot.net.faults import DepotAway, Unwritable
from bot.placing import disk_faults
from bot.words.refusals.files import ClipThrownAway, DiskFull, FilesAway
from bot.words.refusals.jobs import NoSuchJob, NotYoursToRepeat, OnItsWay
from bot.words.refusals.results import UndecidedReport
from storage.people.reports import Reports

log = logging.getLogger(__name__)


class Repeat:
    """Starts jobs from earlier ones. Raises a `Refusal`, as `Service.start` does."""

    def __init__(
        self, jobs: Jobs, reports: Reports, job_files: JobFiles, incoming: Incoming, service: Service, clock: Clock
    ) -> None:
        self._jobs = jobs
        self._reports = reports
        self._job_files = job_files
        self._incoming = incoming
        self._service = service
        self._clock = clock
        self._starting: set[int] = set()  # pressed twice is meant once

    async def earlier_request(self, guild_id: int, job_id: int, *, by: int) -> Request:
        """What was asked for then, for whoever asked for it."""
        return (await self._job(guild_id, job_id, by)).request

    async def start(
        self,
        place: Place,
        asker: Asker,
        interaction_id: int,
        job_id: int,
        *,
        text: str | None = None,
        voice: str | None = None,
    ) -> Answer:
        """Ask for the same again, with other words or another voice where they are given."""
        job = await self._job(place.guild_id, job_id, asker.member_id)
        if job_id in self._starting:
            raise OnItsWay(job=job.code)
        self._starting.add(job_id)
        try:
            return await self._service.start(*await self._anew(job, place, asker, interaction_id, text, voice))
        finally:
            self._starting.discard(job_id)

    async def _anew(
        self, job: Job, place: Place, asker: Asker, interaction_id: int, text: str | None, voice: str | None
    ) -> tuple[Ask, Path]:
        request = job.request
        ask = Ask(
            place=place,
            asker=asker,
            interaction_id=interaction_id,
            video=request.video,
            audio=request.audio,
            text=request.text if text is None else text,
            voice=voice or request.voice,
            speed=request.speed,
            volume=None if request.volume == 1 else request.volume,
            own_volume=request.own_volume or None,
            fill=request.fill,
            provider=None if voice and voice != request.voice else job.provider,
            fixes=_agreed(request, text, voice),
            earlier=job,
        )
        try:
            await self._job_files.bring_back(job, attached=True)
        except DepotAway as fault:
            log.warning("%s: its clip can't be brought back: %s", job.code, fault)
            raise FilesAway from None
        except Unwritable:
            raise DiskFull from None
        return ask, await asyncio.to_thread(self._files, job)

    async def _job(self, guild_id: int, job_id: int, by: int) -> Job:
        job = await self._jobs.get(guild_id, job_id)
        if job is None or job.forgotten_at is not None:
            raise NoSuchJob
        if job.member_id != by:
            raise NotYoursToRepeat(job=job.code)
        if await self._reports.awaits_decision(guild_id, job_id):
            raise UndecidedReport
        return job

    def _files(self, job: Job) -> Path:
        """The earlier job's files, attached and prepared, in a new folder; what should be kept and is not is fetched
        again into it.
        """
        folder = self._incoming.new_folder()
        try:
            with disk_faults():
                folder.mkdir(mode=0o700)
            self._job_files.share(job, folder)
        except FileNotFoundError:
            if not self._should_be_kept(job):
                shutil.rmtree(folder, ignore_errors=True)
                raise ClipThrownAway from None
        except Unwritable:
            shutil.rmtree(folder, ignore_errors=True)
            raise DiskFull from None
        return folder

    def _should_be_kept(self, job: Job) -> bool:
        """Whether its files are gone before their time, and can be had again: the bot may have died between taking the
        job and keeping them.
        """
        attached = filter(None, (job.request.video, job.request.audio))
        is_recent = job.closed_at is None or job.closed_at > self._clock.now() - FILES_KEPT
        return is_recent and all(self._incoming.lasts(media, 0.0) for media in attached)


def _agreed(request: Request, text: str | None, voice: str | None) -> Fixes | None:
    """What the person agreed to then. Other words, or a slower voice, may take more parts, and each is paid for."""
    same = text in {None, request.text} and voice in {None, request.voice}
    if same or request.fixes is None:
        return request.fixes
    return replace(request.fixes, agreed=request.fixes.agreed - {"split"})
