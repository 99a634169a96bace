"""Using again what an earlier job has paid for: what a stage finds in a clip, such as Kling's face sessions, may serve
later jobs with the same clip.

Such a job begins with what the stage of the earlier one has yielded, and passes that stage over. Which stages these
are, and for how long, the stages say (`yields`, `kept_seconds`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.flows import HANDED_OVER, Stage, stage_at
from bot.domain.job import Job
from bot.domain.request import Request

# In a job's yields, beside what it took over from an earlier job:
SINCE = "session_reused"  # when the job was asked for that paid for it
NAMES = "reused_names"  # the names of all that was taken over
NAMES_BEFORE = ("session_id", "face_id", "face_start", "face_end")  # in rows that don't say them: written by 0.1


def reusable(
    earlier: Job | None, provider: str, stages: Sequence[Stage], request: Request, key_id: int | None, now: float
) -> dict[str, str]:
    """What a job for this request begins with, given the stages that it is to take; nothing where that is too old, or
    was another clip's, or another account's.
    """
    if earlier is None or earlier.provider != provider or earlier.key_id != key_id or request.sections:
        return {}
    before = earlier.request
    if before.clip != request.clip or before.video.digest != request.video.digest:
        return {}
    since = float(earlier.yields.get(SINCE, earlier.created_at))
    kept = [stage for stage in stages if now - since < stage.kept_seconds and _has_made(stage, earlier.yields)]
    found = {name: earlier.yields[name] for stage in kept for name in stage.yields}
    return {**found, SINCE: str(since), NAMES: " ".join(found)} if found else {}


def is_reusing(job: Job) -> bool:
    """Whether the job uses what an earlier one has paid for."""
    return SINCE in job.yields


def own_yields(yields: Mapping[str, str]) -> dict[str, str]:
    """What the job's own stages have yielded, and no earlier job's."""
    if SINCE not in yields:
        return dict(yields)
    taken_over = yields[NAMES].split() if NAMES in yields else NAMES_BEFORE
    return {name: value for name, value in yields.items() if name not in {*taken_over, SINCE, NAMES}}


def is_passed_over(job: Job, stages: Sequence[Stage]) -> bool:
    """Whether what the job's present stage makes is there already, from an earlier job or an earlier try."""
    stage = stage_at(stages, job.position)
    if HANDED_OVER.get(stage.name) == "video":
        return any(other.kept_seconds and _has_made(other, job.yields) for other in stages)
    return _has_made(stage, job.yields)


def _has_made(stage: Stage, yields: Mapping[str, str]) -> bool:
    return bool(stage.yields) and yields.keys() >= set(stage.yields)
