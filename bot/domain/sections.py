"""A text that is too long for one call is made in sections: the provider's stages once for each, one after the other.

In a job's row their names, and the names of what they yield, begin with the section's number, as in `2:lipsync`. The
adapters know nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.request import Request
from storage.jobs.job import Job


def own_name(stage: str) -> str:
    """What the provider calls the stage."""
    return stage.rpartition(":")[2]


def request_at(request: Request, stage: str) -> Request:
    """What the stage is to make."""
    return request.section(int(stage.rpartition(":")[0] or 0))


def yields_at(yields: Mapping[str, str], stage: str) -> dict[str, str]:
    """What the earlier stages of the same section have yielded."""
    prefix = _prefix(stage)
    return {name.removeprefix(prefix): value for name, value in yields.items() if name.startswith(prefix)}


def stored_yields(yields: Mapping[str, str], stage: str) -> dict[str, str]:
    """What the stage has yielded, as the row keeps it."""
    prefix = _prefix(stage)
    return {prefix + name: value for name, value in yields.items()}


def results(yields: Mapping[str, str]) -> list[str]:
    """The addresses of what was made, in order."""
    found = [(int(name.rpartition(":")[0] or 0), url) for name, url in yields.items() if own_name(name) == "video_url"]
    return [url for _, url in sorted(found)]


def stopped_at(job: Job) -> str:
    """A sentence about which part of a long text failed, where there are parts before it; nothing otherwise."""
    number = int(job.stage.rpartition(":")[0] or 0)
    if job.state not in {"failed", "unknown"} or number < 2:
        return ""
    return f" It stopped at part {number} of {len(Request.model_validate_json(job.request).sections)}."


def _prefix(stage: str) -> str:
    return stage[: len(stage) - len(own_name(stage))]
