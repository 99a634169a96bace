"""Kling's face sessions: found once for a clip, they serve for about a day, and needn't be paid for again.

A job that uses one begins with what the face stage of an earlier one has yielded, and passes that stage over.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.providers.base import Provider
from bot.providers.request import Request
from bot.sections import own_name
from storage.job import Job

REUSED = "session_reused"
YIELDS = ("session_id", "face_id", "face_start", "face_end")
PASSED_OVER = {"upload_video", "face"}  # all that is done with the clip itself


def reusable(earlier: Job | None, provider: Provider, request: Request, key_id: int | None) -> dict[str, str]:
    """What a job for this request begins with; nothing where the session was another clip's, or another account's."""
    if earlier is None or earlier.provider != provider.name or earlier.key_id != key_id or request.sections:
        return {}
    before = Request.model_validate_json(earlier.request)
    if before.clip != request.clip or before.video.digest != request.video.digest:
        return {}
    found = {name: earlier.yields[name] for name in YIELDS if name in earlier.yields}
    return {**found, REUSED: "1"} if "session_id" in found else {}


def is_passed_over(stage: str, yields: Mapping[str, str]) -> bool:
    """Whether an earlier job has done this stage already."""
    return REUSED in yields and own_name(stage) in PASSED_OVER
