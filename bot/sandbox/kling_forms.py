"""What the emulators of Kling and its resellers share: the envelope, the error codes, and what each call accepts.

The words of the older call's refusals are those that the real one was seen to use.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from bot.domain.voices import voices_of
from bot.sandbox.runs import Run
from bot.sandbox.studio import Order

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LEGACY_SECONDS, LEGACY_SIDES = (2.0, 10.0), (720, 1920)
FACE_SECONDS, FACE_SIDES = (2.0, 60.0), (512, 2160)
SHORTEST_MS = 2000
AUDIO_ENDINGS = (".mp3", ".wav", ".m4a")
STATUSES = {"in_queue": "submitted", "in_progress": "processing", "completed": "succeed", "cancelled": "failed"}
HTTP = {"10": 401, "110": 429, "1103": 403, "120": 400, "1202": 404, "1203": 404, "130": 400, "1302": 429, "1303": 429}
TIMES = {"created_at": 1_722_769_557_708, "updated_at": 1_722_769_557_708}  # milliseconds
VOICES = frozenset(voices_of("kling"))


class Refused(Exception):
    """The call is refused, with a code and words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def answered(data: object, request_id: str = "850508686686064678") -> web.Response:
    """A good answer in Kling's envelope."""
    return web.json_response({"code": 0, "message": "SUCCEED", "request_id": request_id, "data": data})


def refused(refusal: Refused) -> web.Response:
    """A refusal in Kling's envelope, with the status that goes with its code."""
    code = str(refusal.code)
    status = HTTP.get(code) or HTTP.get(code[:3]) or HTTP.get(code[:2]) or 400
    return web.json_response({"code": refusal.code, "message": refusal.message, "request_id": "9"}, status=status)


def judged(handler: Handler) -> Handler:
    """The handler, with whatever it refuses answered in Kling's envelope."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refusal:
            return refused(refusal)

    return handle


async def body_of(request: web.Request) -> dict[str, Any]:
    """The request's JSON object."""
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise Refused(1200, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(1200, "the body must be an object")
    return body


def task_data(run: Run, origin: str) -> dict[str, Any]:
    """How a task is doing, as `data`."""
    data: dict[str, Any] = {
        "task_id": run.id,
        "task_status": STATUSES.get(run.status, "failed"),
        "task_status_msg": run.error,
        "task_info": {"external_task_id": run.handle} if run.handle else {},
        **TIMES,
    }
    if run.result:
        video = {"id": run.id, "url": f"{origin}/files/{run.result.name}", "duration": f"{run.seconds:.1f}"}
        data |= {"task_result": {"videos": [video]}, "final_unit_deduction": "0.5"}
    return data


def only(body: Mapping[str, Any], *names: str) -> None:
    """Refuse fields that no document knows."""
    for name in body:
        if name not in names:
            raise Refused(1200, f"{name}: unknown field")


def address_in(body: Mapping[str, Any], name: str, endings: tuple[str, ...] = ()) -> str:
    """A link to a file, of one of these kinds."""
    found = body.get(name)
    if not isinstance(found, str) or not found.startswith(("http://", "https://")):
        raise Refused(1201, f"{name}: must be a URL")
    if endings and not found.partition("?")[0].lower().endswith(endings):
        raise Refused(1201, f"{name}: allowed formats: {', '.join(endings)}")
    return found


def number_in(
    body: Mapping[str, Any], name: str, least: float, most: float, default: float | None = None, *, called: str = ""
) -> float:
    """A number within these ends; refusals call it by its name, or as they were seen to."""
    found, called = body.get(name, default), called or name
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise Refused(1200, f"{called}: must not be null")
    if found < least:
        raise Refused(1201, f"{called}: must be greater than or equal to {least}")
    if found > most:
        raise Refused(1201, f"{called}: must be less than or equal to {most}")
    return float(found)


def spoken_in(body: Mapping[str, Any], most: int) -> dict[str, Any]:
    """Text, voice, language and speed, as an order's fields."""
    text, language, voice = body.get("text"), body.get("voice_language"), body.get("voice_id")
    if not isinstance(text, str) or not text:
        raise Refused(1201, "text is required")
    if len(text) > most:
        raise Refused(1201, f"text: size must be between 0 and {most}")
    if language is None:
        raise Refused(1201, "Voice language not found")
    if language not in {"zh", "en"}:
        raise Refused(1201, "input.voiceLanguage: allowed values: zh, en")
    if f"{language}:{voice}" not in VOICES:
        raise Refused(1201, "Voice id not found")
    speed = number_in(body, "voice_speed", 0.8, 2.0, 1.0, called="input.voiceSpeed")
    if round(speed, 1) != speed:
        raise Refused(1201, "voice_speed: one decimal place")
    return {"text": text, "voice_id": str(voice), "language": language, "speed": speed}


def legacy_order(body: object) -> Order:
    """What the older call orders."""
    fields = body.get("input") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(fields, dict) or fields.get("mode") is None:
        raise Refused(1201, "input.mode: must not be null")
    only(body, "input", "callback_url")
    if fields["mode"] not in {"text2video", "audio2video"}:
        raise Refused(1201, "input.mode: allowed values: text2video, audio2video")
    if not fields.get("video_url") and not fields.get("video_id"):
        raise Refused(1201, "video_id or video_url is required")
    limits: dict[str, Any] = {"seconds": LEGACY_SECONDS, "sides": LEGACY_SIDES}
    video = address_in(fields, "video_url")
    if fields["mode"] == "text2video":
        only(fields, "mode", "video_url", "text", "voice_id", "voice_language", "voice_speed")
        return Order(video, **spoken_in(fields, 120), **limits)
    only(fields, "mode", "video_url", "audio_type", "audio_url")
    if fields.get("audio_type") is None:
        raise Refused(1201, "Audio type is null")
    if fields["audio_type"] not in {"url", "file"}:
        raise Refused(1201, "input.audioType: allowed values: file, url")
    return Order(video, audio_url=address_in(fields, "audio_url", (*AUDIO_ENDINGS, ".aac")), **limits)


def face_order(body: object) -> Order:
    """What the face call orders: exactly one of a link and an id."""
    if not isinstance(body, dict) or bool(body.get("video_url")) == bool(body.get("video_id")):
        raise Refused(1201, "exactly one of video_id and video_url is required")
    only(body, "video_url", "video_id")
    return Order(address_in(body, "video_url"), makes="face", seconds=FACE_SECONDS, sides=FACE_SIDES)
