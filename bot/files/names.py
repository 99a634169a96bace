"""The names of a job's files, and which of them are still needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.domain.job import Job
from storage.jobs.job import Holding

CLIP, SOUND = "clip", "sound"  # as they were attached
VIDEO, JOINED = "video.mp4", "joined.mp4"
MADE = ".mp4"  # how the names end of what is made of what providers made
PARTS = re.compile(rf"part-(\d+){re.escape(MADE)}")
PIECES = "pieces-"  # how the names of folders with pieces begin

Names = Mapping[int, list[str]]  # of files, by job


def whole_of(names: Iterable[str]) -> list[str]:
    """Which of a job's files are the finished video; else its parts in order, where they could not be joined."""
    names = list(names)
    return [VIDEO] if VIDEO in names else parts_of(names)


def parts_of(names: Iterable[str]) -> list[str]:
    """Which of them are parts as they were fetched, in order."""
    numbered = sorted((int(found[1]), found[0]) for found in map(PARTS.fullmatch, names) if found)
    return [name for _, name in numbered]


def needless(job: Job | Holding | None, names: Iterable[str], attached_until: float = 0.0) -> list[str]:
    """Which of a job's files are not needed any more: all when there is no job, none while it is open."""
    if job is None or job.closed_at is None:
        return [] if job else list(names)
    names = [name for name in names if not name.startswith(PIECES)]  # somebody is getting them right now
    kept = whole_of(names) if job.kept_until else []
    return [name for name in names if name not in kept and (name.endswith(MADE) or job.closed_at < attached_until)]


def surplus(jobs: Mapping[int, Job | Holding], names: Names, attached_until: float = 0.0) -> Names:
    """The same of each job that has files, whether it is among these or not."""
    return {job_id: needless(jobs.get(job_id), names[job_id], attached_until) for job_id in names}


def job_id_of(folder: Path) -> int | None:
    """The job whose folder it is; None when it is no job's."""
    return int(folder.name) if folder.name.isascii() and folder.name.isdecimal() else None


def is_prepared(file: Path) -> bool:
    """Whether it was made of what was attached, to be sent."""
    return file.name.startswith(("video-", "audio-")) and not file.suffix
