"""Kling's face sessions: found once for a clip, they serve for about a day, and needn't be paid for again.

A job that uses one begins with what the face stage of an earlier one has yielded, and passes that stage over.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.job import Job
from bot.domain.request import Request

SESSION_SECONDS = 20 * 3600.0  # of the day that Kling's documents give a session
REUSED = "session_reused"  # in a job's yields: when the job was asked for that found the session
YIELDS = ("session_id", "face_id", "face_start", "face_end")
PASSED_OVER = {"upload_video": "session_id", "face": "session_id", "speech": "audio_url"}  # once there is that


def reusable(earlier: Job | None, provider: str, request: Request, key_id: int | None, now: float) -> dict[str, str]:
    """What a job for this request begins with; nothing where the session is too old, or was another clip's, or another
    account's.
    """
    if earlier is None or earlier.provider != provider or earlier.key_id != key_id or request.sections:
        return {}
    before = earlier.request
    if before.clip != request.clip or before.video.digest != request.video.digest:
        return {}
    since = float(earlier.yields.get(REUSED, earlier.created_at))
    found = {name: earlier.yields[name] for name in YIELDS if name in earlier.yields}
    return {**found, REUSED: str(since)} if "session_id" in found and now - since < SESSION_SECONDS else {}


def without_session(yields: Mapping[str, str]) -> dict[str, str]:
    """What is left when the provider doesn't know the session any more: what this job has paid for itself."""
    return {name: value for name, value in yields.items() if name not in {*YIELDS, REUSED}}


def uses_session(stage: str) -> bool:
    """Whether a refusal of this stage may be about the session; those before it know nothing of that."""
    return stage not in PASSED_OVER


def is_passed_over(job: Job) -> bool:
    """Whether what the job's stage makes is there already, from an earlier job or an earlier try."""
    return PASSED_OVER.get(job.position.stage, "") in job.yields
