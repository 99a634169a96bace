"""What earlier lives and versions of the bot left on disk: taken over, or thrown away, at a start."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from bot.files.job_files import JobFiles
from bot.files.names import VIDEO, job_id_of
from bot.placing import PART, move, remove
from storage.jobs.job_code import id_of

OLD_NAME = "ai-generated-"  # with which the names of finished videos began while all were in one folder


def tidy(job_files: JobFiles, old: Path) -> None:
    """Make the folder, take over what earlier versions named by the jobs' codes, there and in the `old` folder, and
    throw away what belongs to no job and what the last run didn't write to its end.
    """
    job_files.folder.mkdir(mode=0o700, exist_ok=True)
    for entry in list(job_files.folder.iterdir()):
        if (job_id := id_of(entry.name)) is not None:
            _rename(job_files, entry, job_id)
        elif job_id_of(entry) is None:
            remove(entry)
    for place in job_files.folder.iterdir():
        for unfinished in _unfinished(place):
            remove(unfinished)
    for file in old.glob(f"{OLD_NAME}*.mp4"):
        if (job_id := id_of(file.stem.removeprefix(OLD_NAME))) is not None:
            move(file, job_files.made(job_id) / VIDEO)
    shutil.rmtree(old, ignore_errors=True)


def _unfinished(place: Path) -> list[Path]:
    """What is in the folder of a job that isn't a whole file; nothing where that is no folder."""
    try:
        with os.scandir(place) as entries:
            return [Path(entry) for entry in entries if entry.is_dir() or entry.name.endswith(PART)]
    except NotADirectoryError:
        return []


def _rename(job_files: JobFiles, folder: Path, job_id: int) -> None:
    """Name the folder by the job's id. File by file, so that it goes on where an earlier start broke off."""
    place = job_files.made(job_id)
    for file in list(folder.iterdir()):
        if file.is_file() and not (place / file.name).exists():
            move(file, place / file.name)
    remove(folder)
