"""Where a face can be driven in a clip, and which part of a sound goes there (Kling's "Identify Face" and "Lip Sync").

The sound's kept part is at least 2 s, lies inside the sound, and inside the interval in which the face is seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.errors import InputRejected, SpeechTooShort
from bot.providers.base import Yields
from bot.providers.request import Request

SHORTEST_MS = 2000
LONGEST_SECONDS = 60.0  # of a clip


def face_yields(session_id: object, faces: object, clip_seconds: float | None) -> dict[str, str]:
    """What a face stage yields: the session, and the first face with its interval in milliseconds.

    `InputRejected` when nobody is in the clip. A face without an interval is taken to be there for the whole clip.
    """
    found = [face for face in faces if isinstance(face, Mapping)] if isinstance(faces, list) else []
    if not session_id or not found:
        raise InputRejected("no face found in the clip")
    face: Mapping[str, Any] = found[0]
    whole = round((clip_seconds or LONGEST_SECONDS) * 1000)
    return {
        "session_id": str(session_id),
        "face_id": str(face.get("face_id") or face.get("faceId") or face.get("id") or "0"),
        "face_start": str(face.get("start_time") or 0),
        "face_end": str(face.get("end_time") or whole),
    }


def sound_span(request: Request, yields: Yields) -> dict[str, int]:
    """The fields that place the sound, in milliseconds: it begins where the face does, and ends with one of them.

    `SpeechTooShort` when less than the shortest part is left.
    """
    spoken = yields.get("audio_seconds") or (request.audio.seconds if request.audio else None) or 0
    start, end = round(float(yields["face_start"])), round(float(yields["face_end"]))
    kept = min(int(float(spoken) * 1000), end - start)
    if kept < SHORTEST_MS:
        raise SpeechTooShort(f"{kept} ms of {float(spoken):.1f} s of sound, with the face from {start} to {end} ms")
    return {"start": 0, "end": kept, "insert": start}
