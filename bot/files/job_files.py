"""The files of jobs: what was attached, what was made of it to be sent, and the finished video.

They lie on disk, in one folder per job. With a depot that folder is a cache, which may vanish at any moment: what
another machine may need is kept in the depot before the job's row tells of it, and is brought back from there. What is
thrown away goes from both.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.job import Job
from bot.files.names import CLIP, JOINED, MADE, PIECES, SOUND, VIDEO, Names, is_prepared, job_id_of, surplus, whole_of
from bot.placing import disk_faults, link_or_copy, move, remove
from storage.jobs.job import Holding

if TYPE_CHECKING:
    from bot.files.depot import Depot

FILES_KEPT = 86_400.0  # seconds after a job's end: what was attached can be used again


class JobFiles:
    """One folder per job, named by its id. Which of its files exist tells how far the job's files have come. With a
    depot, what keeps files and brings them back raises `DepotAway`.
    """

    def __init__(self, folder: Path, depot: Depot | None = None) -> None:
        self.folder = folder
        self._depot = depot

    @property
    def is_cache(self) -> bool:
        """Whether what lies on disk comes back when it is needed."""
        return self._depot is not None

    def of(self, job: Job) -> Path:
        """The job's folder, made if it isn't there; `Unwritable` when it can't be made."""
        return self.made(job.id)

    def made(self, job_id: int) -> Path:
        """The same of the job with this id."""
        place = self._place(job_id)
        with disk_faults():
            place.mkdir(mode=0o700, exist_ok=True)
        return place

    def take_over(self, job: Job, folder: Path) -> None:
        """Make this folder the job's; `Unwritable` when that can't be done."""
        move(folder, self._place(job.id))

    def clip(self, job: Job) -> Path:
        """The clip as it was attached; kept for a day after the end, so that it can be used again."""
        return self._place(job.id) / CLIP

    def sound(self, job: Job) -> Path:
        """The recording as it was attached; kept like the clip."""
        return self._place(job.id) / SOUND

    def share(self, job: Job, folder: Path) -> None:
        """Put the clip and the recording as they were attached, and what was prepared of them to be sent, into another
        folder too; `FileNotFoundError` when they are gone, `Unwritable` when there is no room.
        """
        others = [file for file in self._place(job.id).iterdir() if file.name == SOUND or is_prepared(file)]
        for file in (self.clip(job), *others):
            link_or_copy(file, folder / file.name)

    def prepared(self, job: Job, part: str, what: str) -> Path:
        """Where a file lies that was made of the clip (`video`) or the recording (`audio`), by what was done to it."""
        return self.of(job) / f"{part}-{what}"

    def part(self, job: Job, number: int) -> Path:
        """What a provider made, as it was fetched: one of the parts of the finished video, from 0 on."""
        return self.of(job) / f"part-{number}{MADE}"

    def joined(self, job: Job) -> Path:
        """The parts in one file, unless that has become the finished video."""
        return self.of(job) / JOINED

    def video(self, job: Job) -> Path:
        """The finished video, whole; kept where it could not be posted like this."""
        return self.of(job) / VIDEO

    def has_video(self, job: Job) -> bool:
        """Whether it is there."""
        return (self._place(job.id) / VIDEO).exists()

    def has_all(self, job: Job, parts: int) -> bool:
        """Whether it is there, or each of so many parts; not when there are none."""
        lie_there = [(self._place(job.id) / f"part-{number}{MADE}").exists() for number in range(parts)]
        return self.has_video(job) or (bool(lie_there) and all(lie_there))

    def whole(self, job: Job) -> list[Path]:
        """The finished video, or its parts in order where they could not be joined; nothing if neither is there."""
        place = self._place(job.id)
        return [place / name for name in whole_of(self._names(job.id))]

    def copy(self, job: Job) -> Path:
        """The finished video, smaller, until it is posted."""
        return self.of(job) / f"copy{MADE}"

    def jobs(self) -> set[int]:
        """The ids of the jobs that have a folder."""
        return {job_id for entry in self.folder.iterdir() if (job_id := job_id_of(entry)) is not None}

    async def keep_attached(self, job: Job) -> None:
        """Keep what was attached and prepared, as far as that can be done now."""
        if self._depot:
            await self._depot.keep_attached(self._place(job.id))

    async def keep(self, file: Path) -> None:
        """Keep what a provider made, before the job's row tells of it."""
        if self._depot:
            await self._depot.keep(file)

    async def keep_video(self, job: Job) -> None:
        """Keep the finished video, before the job's row tells of it."""
        if self._depot:
            await self._depot.keep_video(self._place(job.id))

    async def has(self, file: Path) -> bool:
        """Whether the file is on disk, also when it had to be brought back for that."""
        if await asyncio.to_thread(file.exists):
            return True
        return self._depot is not None and await self._depot.bring(file)

    async def has_whole(self, job: Job) -> bool:
        """Whether there is a finished video, or parts of one, on disk or in the depot."""
        if await asyncio.to_thread(self.whole, job):
            return True
        return self._depot is not None and bool(whole_of(await self._depot.names(job.id)))

    async def bring_back(self, job: Job, *, attached: bool = False) -> None:
        """Bring back to disk what was made, or what was attached and prepared."""
        if self._depot:
            await self._depot.bring_back(self.of(job), attached=attached)

    async def throw_away_made(self, job: Job) -> None:
        """The finished video and all that it was made of, now that the outcome is posted; while it is kept, the whole
        one stays.
        """
        await asyncio.to_thread(lambda: self._remove(surplus({job.id: job}, {job.id: self._names(job.id)})))
        if self._depot:
            await self._depot.throw_away_made(job)

    async def throw_away(self, *job_ids: int) -> None:
        """Everything of these jobs."""
        await asyncio.to_thread(self._remove_folders, job_ids)
        if self._depot:
            await self._depot.throw_away(*job_ids)

    async def sweep(
        self, needed: Callable[[Iterable[int]], Awaitable[Mapping[int, Holding]]], *, attached_until: float
    ) -> None:
        """Throw away what no job needs. `needed` gives those of these jobs whose files may be; those that were closed
        before `attached_until` need no more what was attached to them.

        What lies there is listed before it is asked which jobs there are: a job is stored before its files are.
        """
        here = await asyncio.to_thread(self._lying)
        kept = await self._depot.everything() if self._depot else {}
        jobs = await needed({*here, *kept})
        await asyncio.to_thread(lambda: self._remove(surplus(jobs, here, attached_until)))
        await asyncio.to_thread(self._remove_folders, here.keys() - jobs.keys())
        if self._depot:
            await self._depot.remove(surplus(jobs, kept, attached_until))

    def throw_away_kept(self, job: Job) -> None:
        """The finished video, or what there is of it, before its time; that of a cache comes back."""
        for file in self.whole(job):
            file.unlink(missing_ok=True)

    def empty(self, job_id: int) -> None:
        """What lies in the folder of a job that is over, of a cache: it comes back when it is needed."""
        self._remove({job_id: [name for name in self._names(job_id) if not name.startswith(PIECES)]})

    def _remove(self, names: Names) -> None:
        for job_id in names:
            for name in names[job_id]:
                remove(self._place(job_id) / name)

    def _remove_folders(self, job_ids: Iterable[int]) -> None:
        for job_id in job_ids:
            shutil.rmtree(self._place(job_id), ignore_errors=True)

    def _lying(self) -> Names:
        return {job_id: self._names(job_id) for job_id in self.jobs()}

    def _names(self, job_id: int) -> list[str]:
        """What is in the job's folder, if there is one."""
        place = self._place(job_id)
        return [entry.name for entry in place.iterdir()] if place.exists() else []

    def _place(self, job_id: int) -> Path:
        return self.folder / str(job_id)
