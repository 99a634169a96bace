"""The files of jobs on disk: what was attached, what was made of it to be sent, and the finished video."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.domain.job import Job
from bot.placing import link_or_copy, move
from storage.jobs.job_code import code_of, id_of

CLIP, SOUND = "clip", "sound"  # as they were attached
VIDEO = "video.mp4"
PARTS = "part-*.mp4"
PIECES = "pieces-"  # how the names of folders with pieces begin
OLD_NAME = "ai-generated-"  # with which the names of finished videos began while all were in one folder


class JobFiles:
    """One folder per job, named by its code. Which of its files exist tells how far the job's files have come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def tidy(self, old: Path) -> None:
        """Make the folder; take over what is left of the `old` one, and throw away what belongs to no job."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for entry in self.folder.iterdir():
            if id_of(entry.name) is None:
                _remove(entry)
        for file in old.glob(f"{OLD_NAME}*.mp4"):
            code = file.stem.removeprefix(OLD_NAME)
            if id_of(code) is not None:
                place = self.folder / code
                place.mkdir(mode=0o700, exist_ok=True)
                move(file, place / VIDEO)
        shutil.rmtree(old, ignore_errors=True)

    def of(self, job: Job) -> Path:
        """The job's folder, made if it isn't there."""
        place = self.folder / job.code
        place.mkdir(mode=0o700, exist_ok=True)
        return place

    def clip(self, job: Job) -> Path:
        """The clip as it was attached; kept for a day after the end, so that it can be used again."""
        return self.folder / job.code / CLIP

    def sound(self, job: Job) -> Path:
        """The recording as it was attached; kept like the clip."""
        return self.folder / job.code / SOUND

    def share(self, job: Job, folder: Path) -> None:
        """Put the clip and the recording as they were attached, and what was prepared of them to be sent, into another
        folder too; `FileNotFoundError` when they are gone.
        """
        others = [file for file in (self.folder / job.code).iterdir() if file.name == SOUND or _is_prepared(file)]
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
        return (self.folder / job.code / VIDEO).exists()

    def whole(self, job: Job) -> list[Path]:
        """The finished video, or its parts in order where they could not be joined; nothing if neither is there."""
        place = self.folder / job.code
        return [place / VIDEO] if (place / VIDEO).exists() else sorted(place.glob(PARTS), key=_number)

    def copy(self, job: Job) -> Path:
        """The finished video, smaller, until it is posted."""
        return self.of(job) / "copy.mp4"

    def jobs(self) -> set[int]:
        """The ids of the jobs that have a folder."""
        return {job_id for entry in self.folder.iterdir() if (job_id := id_of(entry.name)) is not None}

    def throw_away_video(self, job: Job) -> None:
        """The finished video and all that it was made of, now that the outcome is posted; while it is kept, the whole
        one stays.
        """
        kept = self.whole(job) if job.kept_until else []
        for file in (self.folder / job.code).glob("*.mp4"):
            if file not in kept:
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
            shutil.rmtree(self.folder / code_of(job_id), ignore_errors=True)


def _number(part: Path) -> int:
    return int(part.stem.rpartition("-")[2])


def _is_prepared(file: Path) -> bool:
    return file.name.startswith(("video-", "audio-")) and not file.suffix


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry, ignore_errors=True)
    else:
        entry.unlink(missing_ok=True)
