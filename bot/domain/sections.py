"""A text that is too long for one call is made in sections: the provider's stages once for each, one after the other.

What a stage yields is kept under names that begin with the section's number, as in `2:video_url`. The adapters know
nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.job import Job
from bot.domain.request import Request
from storage.jobs.job import Position


def request_here(job: Job) -> Request:
    """What the job's present stage is to make."""
    return job.request.section(job.position.section)


def yields_here(job: Job) -> dict[str, str]:
    """What the earlier stages of the same section have yielded."""
    prefix = _prefix(job.position)
    return {name.removeprefix(prefix): value for name, value in job.yields.items() if name.startswith(prefix)}


def stored_yields(yields: Mapping[str, str], position: Position) -> dict[str, str]:
    """What the stage at that position has yielded, as the row keeps it."""
    return {_prefix(position) + name: value for name, value in yields.items()}


def own_name(name: str) -> str:
    """What an adapter calls something that a stage has yielded."""
    return name.rpartition(":")[2]


def results(yields: Mapping[str, str]) -> list[str]:
    """The addresses of what was made, in order."""
    found = [(int(name.rpartition(":")[0] or 0), url) for name, url in yields.items() if own_name(name) == "video_url"]
    return [url for _, url in sorted(found)]


def is_made(job: Job) -> bool:
    """Whether there is the video; or, where a later section failed, those before it: they were paid for too."""
    return job.has_video or (job.state != "succeeded" and bool(results(job.yields)))


def _prefix(position: Position) -> str:
    return f"{position.section}:" if position.section else ""
