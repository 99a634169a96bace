"""Where a face can be driven in a clip, and which part of a sound goes there (Kling's "Identify Face" and "Lip Sync").

The sound's kept part is at least 2 s, lies inside the sound, and inside the interval in which the face is seen.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.flows import Stage
from bot.domain.request import Request
from bot.net.faults import SpeechTooShort
from bot.net.lenient import text_of
from bot.providers.base import Done, Failed, Yields

SHORTEST_MS = 2000
LONGEST_SECONDS = 60.0  # of a clip
SESSION_SECONDS = 20 * 3600.0  # of the day that Kling's documents give a session
FACE = Stage(
    "face",
    "Looking for the face",
    yields=("session_id", "face_id", "face_start", "face_end"),
    kept_seconds=SESSION_SECONDS,
)


def face_found(session_id: str, faces: object, clip_seconds: float | None) -> Done | Failed:
    """What an accepted face stage comes to: the session, and the first face that is seen long enough, with its interval
    in milliseconds. Failed when there is none. A face without an interval is taken to be there all along.
    """
    found = [face for face in faces if isinstance(face, Mapping)] if isinstance(faces, list) else []
    if not found:
        return Failed("input_rejected", "no face found in the clip")
    whole = round((clip_seconds or LONGEST_SECONDS) * 1000)
    spans = [(_ms(face.get("start_time"), 0), _ms(face.get("end_time"), whole)) for face in found]
    seen = [number for number, (start, end) in enumerate(spans) if end - start >= SHORTEST_MS]
    if not seen:
        return Failed("input_rejected", "the face is seen for less than 2 s")
    face, (start, end) = found[seen[0]], spans[seen[0]]
    face_id = next(filter(None, (text_of(face.get(name)) for name in ("face_id", "faceId", "id"))), "0")
    return Done({"session_id": session_id, "face_id": face_id, "face_start": str(start), "face_end": str(end)})


def _ms(value: object, default: int) -> int:
    try:
        return round(float(value)) if isinstance(value, str | int | float) and value != "" else default
    except (ValueError, OverflowError):
        return default


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
