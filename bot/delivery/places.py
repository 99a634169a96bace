"""Where a job's outcome may go: its thread, else its channel, else the channel around that, else a direct message; and
for how long the video is kept here, to be fetched.
"""

from __future__ import annotations

from bot.domain.job import Job
from bot.domain.results import Rung
from storage.jobs.job import SAFE_FILE_BYTES
from storage.people.direct_messages import DirectMessages


def most_bytes(job: Job, rung: Rung) -> int:
    """How large a file may be there."""
    return SAFE_FILE_BYTES if rung == "direct" else job.file_bytes


class Places:
    """Lists the places for an outcome."""

    def __init__(self, direct_messages: DirectMessages, *, kept_seconds: float) -> None:
        self._direct_messages = direct_messages
        self.kept_seconds = kept_seconds

    async def rungs(self, job: Job) -> list[Rung]:
        """The places where the outcome may be posted, the best one first."""
        rungs: list[Rung] = ["thread", "channel"] if job.thread_id else ["channel"]
        if job.parent_id:
            rungs.append("parent")
        return [*rungs, "direct"] if await self._direct_messages.agreed(job.member_id) else rungs
