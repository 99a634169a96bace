"""The files of jobs on disk: what was attached, what was made of it to be sent, and the finished video."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.domain.job import Job
from bot.placing import PART, disk_faults, link_or_copy, move
from storage.jobs.job_code import id_of

FILES_KEPT = 86_400.0  # seconds after a job's end: what was attached can be used again
CLIP, SOUND = "clip", "sound"  # as they were attached
VIDEO = "video.mp4"
PARTS = "part-*.mp4"
PIECES = "pieces-"  # how the names of folders with pieces begin
OLD_NAME = "ai-generated-"  # with which the names of finished videos began while all were in one folder


class JobFiles:
    """One folder per job, named by its id. Which of its files exist tells how far the job's files have come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def tidy(self, old: Path) -> None:
        """Make the folder, take over what earlier versions named by the jobs' codes, here and in the `old` folder, and
        throw away what belongs to no job and what the last run didn't write to its end.
        """
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for entry in list(self.folder.iterdir()):
            if (job_id := id_of(entry.name)) is not None:
                self._rename(entry, job_id)
            elif _job_id(entry) is None:
                _remove(entry)
        within_folders_of_jobs = [entry for entry in self.folder.glob("*/*") if entry.is_dir()]
        for unfinished in [*self.folder.rglob(f"*{PART}"), *within_folders_of_jobs]:
            _remove(unfinished)
        for file in old.glob(f"{OLD_NAME}*.mp4"):
            if (job_id := id_of(file.stem.removeprefix(OLD_NAME))) is not None:
                move(file, self._made(job_id) / VIDEO)
        shutil.rmtree(old, ignore_errors=True)

    def of(self, job: Job) -> Path:
        """The job's folder, made if it isn't there; `Unwritable` when it can't be made."""
        return self._made(job.id)

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
        others = [file for file in self._place(job.id).iterdir() if file.name == SOUND or _is_prepared(file)]
        for file in (self.clip(job), *others):
            link_or_copy(file, folder / file.name)

    def prepared(self, job: Job, part: str, what: str) -> Path:
        """Where a file lies that was made of the clip (`video`) or the recording (`audio`), by what was done to it."""
        return self.of(job) / f"{part}-{what}"

    def part(self, job: Job, number: int) -> Path:
        """What a provider made, as it was fetched: one of the parts of the finished video, from 0 on."""
        return self.of(job) / PARTS.replace("*", str(number))

    def joined(self, job: Job) -> Path:
        """The parts in one file, unless that has become the finished video."""
        return self.of(job) / "joined.mp4"

    def video(self, job: Job) -> Path:
        """The finished video, whole; kept where it could not be posted like this."""
        return self.of(job) / VIDEO

    def has_video(self, job: Job) -> bool:
        """Whether it is there."""
        return (self._place(job.id) / VIDEO).exists()

    def whole(self, job: Job) -> list[Path]:
        """The finished video, or its parts in order where they could not be joined; nothing if neither is there."""
        place = self._place(job.id)
        return [place / VIDEO] if (place / VIDEO).exists() else sorted(place.glob(PARTS), key=_number)

    def copy(self, job: Job) -> Path:
        """The finished video, smaller, until it is posted."""
        return self.of(job) / "copy.mp4"

    def jobs(self) -> set[int]:
        """The ids of the jobs that have a folder."""
        return {job_id for entry in self.folder.iterdir() if (job_id := _job_id(entry)) is not None}

    def throw_away_video(self, job: Job) -> None:
        """The finished video and all that it was made of, now that the outcome is posted; while it is kept, the whole
        one stays.
        """
        kept = self.whole(job) if job.kept_until else []
        for file in self._place(job.id).glob("*.mp4"):
            if file not in kept:
                file.unlink(missing_ok=True)

    def throw_away_kept(self, job: Job) -> None:
        """The finished video, or what there is of it, before its time."""
        for file in self.whole(job):
            file.unlink(missing_ok=True)

    def throw_away_but_video(self, job: Job) -> None:
        """Everything but the finished video, and the pieces of it that are being handed out."""
        kept = self.whole(job)
        for entry in self.of(job).iterdir():
            if entry not in kept and not entry.name.startswith(PIECES):
                _remove(entry)

    def throw_away(self, *job_ids: int) -> None:
        """Everything of these jobs."""
        for job_id in job_ids:
            shutil.rmtree(self._place(job_id), ignore_errors=True)

    def _place(self, job_id: int) -> Path:
        return self.folder / str(job_id)

    def _made(self, job_id: int) -> Path:
        place = self._place(job_id)
        with disk_faults():
            place.mkdir(mode=0o700, exist_ok=True)
        return place

    def _rename(self, folder: Path, job_id: int) -> None:
        """Name the folder by the job's id. File by file, so that it goes on where an earlier start broke off."""
        place = self._made(job_id)
        for file in list(folder.iterdir()):
            if file.is_file() and not (place / file.name).exists():
                move(file, place / file.name)
        _remove(folder)


def _number(part: Path) -> int:
    return int(part.stem.rpartition("-")[2])


def _is_prepared(file: Path) -> bool:
    return file.name.startswith(("video-", "audio-")) and not file.suffix


def _job_id(folder: Path) -> int | None:
    """The job whose folder it is; None when it is no job's."""
    return int(folder.name) if folder.name.isascii() and folder.name.isdecimal() else None


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)
