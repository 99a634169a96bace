"""Open jobs as the worker holds them in memory: their rows as last read, and what only matters until the next start."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain.job import Job
from bot.domain.media_facts import MediaFacts
from bot.domain.results import Parcel, Rung
from bot.jobs.lease import SendWindow
from bot.providers.base import Submission
from storage.jobs.job import OUTCOMES

if TYPE_CHECKING:
    from bot.jobs.decision import Decision


@dataclass(slots=True)
class Queued:
    """Held, or in line. `accepted_now`: nobody has shown it yet, so no earlier card is looked for. `not_before` says
    when a provider that had too much to do may be tried, by its name. `gathered`: what earlier sections have made is on
    disk, as far as it can be had.
    """

    accepted_now: bool = False
    gathered: bool = False
    not_before: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Submitting:
    """Its request is to leave (`call`, within `window`), or may have left. `was_sent`: this process has tried to send
    it, and that is over. `lookups` is how often a lost one was not found; `not_before` as in `Queued`.
    """

    call: Submission | None = None
    window: SendWindow | None = None
    was_sent: bool = False
    lookups: int = 0
    not_before: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Polling:
    """The provider has it: its place in the provider's queue, and the last fault of a poll with how often in a row.
    `watched`: it was seen to be under way. `missing_since`: the provider says since then that it is made, and doesn't
    say where. `refused`: the last poll was one too many, and the provider wants to be left alone for so many seconds.
    """

    watched: bool = False
    position: int | None = None
    missing_since: float | None = None
    same_fault: tuple[str, int] = ("", 0)
    refused: float | None = None


@dataclass(slots=True)
class Delivering:
    """Its outcome is on its way. `post` is what the row was told of, and is posted next."""

    post: tuple[Rung, Parcel | None] | None = None
    fetching: bool = False  # its next step fetches what was made
    unfetched: bool = False  # what was made could not be fetched, several times in a row
    fetched: list[tuple[Path, MediaFacts]] | None = None  # what was made, on disk, and what is in it
    cleared: bool = False  # its prepared files were taken out of its thread
    needs_editing: bool = False  # its next step runs an encoder, so it belongs in the narrow lane
    refused: set[Rung] = field(default_factory=set)  # the places where Discord doesn't take it
    most_bytes: int | None = None  # that a file may have, where Discord took less than it says
    without_room_at: float = 0.0  # when the disk last had no room for its video
    without_video: bool = False  # what was made before a later section failed can't be had or posted


Phase = Queued | Submitting | Polling | Delivering


@dataclass(slots=True, eq=False)
class OpenJob:
    """An open job's place in the schedule. `faults` is how many steps in a row went wrong. `undone` was decided, and
    could not be written down yet.
    """

    job: Job
    phase: Phase
    faults: int = 0
    undone: Decision | None = None
    turn: int = 0  # which of its entries in the schedule counts
    slot: int | None = None  # its next poll has its time, as its account was held back when it had been so many times
    stepping: asyncio.Lock = field(default_factory=asyncio.Lock)
    shown: asyncio.Event = field(default_factory=asyncio.Event)  # it was shown, or that was tried

    @property
    def position(self) -> int | None:
        """Its place in the provider's queue, as far as it is known."""
        return self.phase.position if isinstance(self.phase, Polling) else None

    @property
    def on_card(self) -> tuple[object, ...]:
        """What of it its card tells."""
        return self.job.state, self.job.position, self.job.provider, self.position, self.needs_editing, self.unfetched

    @property
    def unfetched(self) -> bool:
        """Whether its video is made and can't be fetched for now."""
        return isinstance(self.phase, Delivering) and self.phase.unfetched

    @property
    def needs_editing(self) -> bool:
        """Whether its next step runs an encoder."""
        return isinstance(self.phase, Delivering) and self.phase.needs_editing


class OpenJobs(dict[int, OpenJob]):
    """One for each job that this process owns, by the job's id. One that was taken on anew is current no more, and is
    left alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self._per_guild: Counter[int] = Counter()

    def in_guild(self, guild_id: int) -> int:
        """How many of them are this server's."""
        return self._per_guild[guild_id]

    def take_on(self, job: Job, phase: Phase) -> OpenJob:
        """Hold the job, in place of what was known of it."""
        if job.id not in self:
            self._per_guild[job.guild_id] += 1
        open_job = self[job.id] = OpenJob(job, phase)
        return open_job

    def drop(self, open_job: OpenJob) -> None:
        """Hold it no more: it is over, or somebody else's by now."""
        if self.get(open_job.job.id) is open_job:
            del self[open_job.job.id]
            self._per_guild[open_job.job.guild_id] -= 1


def phase_of(job: Job) -> Phase:
    """The phase in which a job in this state begins."""
    if job.state in OUTCOMES:
        return Delivering()
    if job.state == "submitting":
        return Submitting()
    return Polling() if job.state == "running" else Queued()
