"""An open job as the worker holds it in memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.providers.base import Accepted, Done
from storage.jobs.job import Job


@dataclass(slots=True, eq=False)
class OpenJob:
    """An open job's place in the schedule: its row as last read, and what only matters until the next start."""

    job: Job
    faults: int = 0  # calls that failed in a row
    lookups: int = 0  # of a lost submission that found nothing
    same_fault: tuple[str, int] = ("", 0)  # the last fault of a poll, and how often in a row
    position: int | None = None  # last seen in the provider's queue
    not_before: dict[str, float] = field(default_factory=dict)  # when a provider that had too much to do may be tried
    answer: Accepted | Done | None = None  # what the provider said to a submission, until that is committed
    without_room_at: float = 0.0  # when the disk last had no room for its video
    cleared: bool = False  # whether its prepared files were taken out of its thread
    refused: set[str] = field(default_factory=set)  # the places where Discord doesn't take its outcome
    large: bool = False  # whether its video must be worked on
    most_bytes: int | None = None  # that a file may have, where Discord took less than it says
    without_video: bool = False  # what was made before a later part failed can't be had or posted
    turn: int = 0  # which of its entries in the heap counts
    stepping: asyncio.Lock = field(default_factory=asyncio.Lock)
