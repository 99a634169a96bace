"""What RunningHub's answers say: the errors in them, and what a finished task has made.

Documents: RunningHub's "API Error Code Reference" and its model pages "可灵对口型". Submitting and asking are answered
with one object, in which a filled `errorCode` is an error whatever the HTTP status; account and upload have a `code`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.net.faults import (
    BadKey,
    ContentRefused,
    Gone,
    InputRejected,
    NotAccepted,
    OutOfCredit,
    ProviderError,
    RateLimited,
)
from bot.net.lenient import text_of
from bot.net.reply import Reply
from bot.providers._faces import face_found
from bot.providers.base import MISSING, Done, Failed, Waiting

# The codes that prove that nothing was started. After the others (500, 1000, 1005, 1006, 1012, 1015, 1504, those of
# older calls, unknown ones) a paid call may have had its effect.
ERRORS: Mapping[str, type[ProviderError]] = {
    **dict.fromkeys(("412", "801", "802", "806", "811", "1002", "1014", "1601"), BadKey),
    **dict.fromkeys(("416", "812"), OutOfCredit),
    **dict.fromkeys(("415", "421", "814", "1003", "1011", "1520"), RateLimited),
    "1010": NotAccepted,  # unavailable
    **dict.fromkeys(("301", "380", "433", "803", "809", "901"), InputRejected),
    **dict.fromkeys(("1001", "1007", "1008", "1009", "1013", "1101"), InputRejected),
    **dict.fromkeys(("1501", "1505"), ContentRefused),
    **dict.fromkeys(("423", "807", "1004"), Gone),
}
CANCELLED = {"cancel", "canceled", "cancelled"}
WAITING = {"", "queued", "running", "create"}
VIDEO_TYPES = {"mp4", "mov", "webm", "video"}


def as_object(value: object) -> dict[str, Any]:
    """The JSON object; empty where the answer has something else in its place."""
    return value if isinstance(value, dict) else {}


def error_of(body: Mapping[str, Any]) -> tuple[str, str]:
    """The error code, and code and words together; both empty where the answer has no error."""
    code = str(body.get("errorCode") or body.get("code") or "").removeprefix("0")
    words = body.get("errorMessage") or (code and (body.get("message") or body.get("msg"))) or ""
    words = "" if not code and str(words).lower() in {"success", "ok"} else words
    return code, f"{code} {words}".strip()


def accepted_body(reply: Reply) -> dict[str, Any]:
    """The answer's object, once neither a code in it nor the status says that something is wrong."""
    body = as_object(reply.body)
    code, detail = error_of(body)
    fault = ERRORS.get(code)
    if fault is RateLimited:
        raise RateLimited(detail, reply.retry_after)
    if fault:
        raise fault(detail)
    reply.raise_by_status(detail)
    if detail or not body:
        reply.unusable(detail or "the answer is empty")
    return body


def told(stage: str, reply: Reply) -> Waiting | Done | Failed:
    """How the task is doing that was asked about."""
    body = as_object(reply.body)
    code, detail = error_of(body)
    if not body.get("taskId"):  # the answer is about the question, not about a task
        if code == "1007":
            raise Gone(detail)
        accepted_body(reply)
        raise NotAccepted("the answer has no taskId")
    word = str(body.get("status")).lower()
    if word == "failed":
        return failure(body)
    if word in CANCELLED:
        return Failed("cancelled_by_provider", detail[:300])
    accepted_body(reply)
    if word == "success":
        return made(stage, body.get("results"))
    return Waiting(word="" if word in WAITING else word)


def failure(body: Mapping[str, Any]) -> Failed:
    """Why a task failed."""
    code, detail = error_of(body)
    fault = ERRORS.get(code)
    return Failed(fault.code if fault in {ContentRefused, InputRejected} else "provider_failed", detail[:300])


def made(stage: str, results: object) -> Done | Failed:
    """What a finished stage yields. Facts and ids are inside texts, as JSON or bare; a text may stand alone or in an
    item, beside the address of a file.
    """
    given = results if isinstance(results, list) else []
    items = [item if isinstance(item, dict) else {"text": item} for item in given]
    files = [(url, str(item.get("outputType")).lower()) for item in items if (url := text_of(item.get("url")))]
    texts = [_parsed(item.get("text")) for item in items]
    ids = [str(text) for text in texts if str(text).isdigit()]
    if stage == "face":
        return _face(ids, [text for text in texts if isinstance(text, dict)])
    if stage == "speech":
        return _speech(ids, [url for url, _ in files])
    videos = [url for url, kind in files if kind in VIDEO_TYPES or url.partition("?")[0].lower().endswith(".mp4")]
    return Done({"video_url": videos[0]}) if videos else Failed(MISSING, "no video in the result")


def _face(ids: list[str], facts: list[dict[str, Any]]) -> Done | Failed:
    sessions = [text_of(fact.get(name)) for fact in facts for name in ("session_id", "sessionId")] + ids
    session = next(filter(None, sessions), None)
    if session is None:
        return Failed(MISSING, "no session in the result")
    return face_found(session, [fact for fact in facts if {"face_id", "faceId"} & fact.keys()], None)


def _speech(ids: list[str], urls: list[str]) -> Done | Failed:
    if not ids:
        return Failed(MISSING, "no audio id in the result")
    if not urls:
        return Failed(MISSING, "the made speech has no address to measure it at")
    return Done({"audio_id": ids[0], "audio_url": urls[0]})


def _parsed(text: object) -> object:
    """What a text holds: JSON, or itself."""
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text
