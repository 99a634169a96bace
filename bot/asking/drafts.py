"""What a command has brought, from the moment its files are on disk until its job is stored, or is not wanted."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from bot.domain.ask import Ask
from bot.domain.media_facts import Seen
from bot.files.job_files import JobFiles
from bot.preflight.offer import Offer
from storage.jobs.job import Job


@dataclass(frozen=True, slots=True)
class Draft:
    """The wish, what its files hold, and where they lie; `offer` is what the person was offered, if anything."""

    ask: Ask
    folder: Path
    seen: Seen | None = None
    offer: Offer | None = None

    def keep_in(self, job_files: JobFiles, job: Job) -> None:
        """Keep the files for the job."""
        self.folder.replace(job_files.folder / job.code)

    def throw_away(self) -> None:
        """The files are not needed."""
        shutil.rmtree(self.folder, ignore_errors=True)
