"""What Kling's own API and its resellers share: the envelope, the error codes, the status words, the result.

Documents: Kling's "Lip Sync", "Identify Face" and "Error Code" pages. HTTP 200 can carry an error, four of the 429s are
about money or access and not about speed, and gateways put their own envelope around Kling's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, NoReturn

from bot.domain.request import Request
from bot.domain.voices import Voice
from bot.net.faults import BadKey, ContentRefused, Gone, InputRejected, OutOfCredit, ProviderError, RateLimited
from bot.net.lenient import text_of
from bot.net.reply import Reply, lost
from bot.providers._faces import face_found
from bot.providers.base import MISSING, Done, Failed, Submission, Waiting

DONE = {"succeed", "succeeded", "success", "completed"}
FAILED = {"failed", "failure", "error", "fail"}
CANCELLED = {"cancelled", "canceled"}
WAITING = {"submitted", "processing", "queued", "in_progress", "not_start", "pending"}
FINE_CODES = {"0", "200", "success", "succeed", "none", ""}
ERRORS: Mapping[str, type[ProviderError]] = {
    **dict.fromkeys(("1000", "1001", "1002", "1003", "1004"), BadKey),
    "1100": OutOfCredit,  # account exception
    "1101": OutOfCredit,  # arrears
    "1102": OutOfCredit,  # package used up or expired
    "1103": BadKey,  # no permission for this resource
    "1200": InputRejected,
    "1201": InputRejected,
    "1202": Gone,
    "1203": Gone,
    "1300": ContentRefused,
    "1301": ContentRefused,
    "1302": RateLimited,
    "1303": RateLimited,  # parallel tasks over the package limit
    "1304": BadKey,  # this machine's address is not in the account's list
    "1305": InputRejected,  # asked about, documented nowhere
    "task_not_exist": Gone,  # a gateway's own word, with HTTP 400
}


def legacy_input(call: Submission, voices: Mapping[str, Voice]) -> dict[str, object]:
    """The `input` of the older lip-sync call, which takes clip and text, or clip and recording, at once."""
    request = call.request
    body: dict[str, object] = {"video_url": call.source("video")}
    if request.mode == "audio":
        return body | {"mode": "audio2video", "audio_type": "url", "audio_url": call.source("audio")}
    return body | {"mode": "text2video", **spoken(request, voices)}


def spoken(request: Request, voices: Mapping[str, Voice]) -> dict[str, object]:
    """The fields of a text that is to be spoken; the speed has one decimal."""
    voice = voices[request.voice or ""]
    return {
        "text": request.text,
        "voice_id": voice.id,
        "voice_language": voice.language,
        "voice_speed": round(request.speed, 1),
    }


def accepted_body(reply: Reply) -> dict[str, Any]:
    """The answer's JSON object, once neither a code in it nor the status says that something is wrong."""
    body = reply.body if isinstance(reply.body, dict) else {}
    nested = body.get("error")
    error: dict[str, Any] = nested if isinstance(nested, dict) else {}
    code = str(error.get("code") or body.get("code") or "").strip().lower()
    message = str(error.get("message") or body.get("message") or nested or "")
    detail = f"{code} {message}".strip()
    if code not in FINE_CODES or nested:
        _raise_code(code, reply, detail)
    reply.raise_by_status(detail)
    if not body:
        reply.unusable("the answer is empty")
    return body


def _raise_code(code: str, reply: Reply, detail: str) -> NoReturn:
    fault = ERRORS.get(code)
    if fault is RateLimited:
        raise RateLimited(detail, reply.retry_after)
    if fault:
        raise fault(detail)
    if any(word in f"{code} {detail.lower()}" for word in ("api_key", "api key", "invalid token", "unauthorized")):
        raise BadKey(detail)
    if any(word in code for word in ("quota", "balance", "credit")):
        raise OutOfCredit(detail)
    if "sensitive" in code or "risk" in code:
        raise ContentRefused(detail)
    reply.raise_by_status(detail)
    raise lost(detail, paid=reply.paid)


def task_id(body: Mapping[str, Any], reply: Reply) -> str:
    """The id of a created task, from Kling's envelope or from a gateway's flat answer."""
    data = body.get("data")
    for place in (data if isinstance(data, dict) else {}, body):
        if found := text_of(place.get("task_id")) or text_of(place.get("id")):
            return found
    raise lost("the answer has no task_id", paid=reply.paid)


def result_data(reply: Reply) -> dict[str, Any]:
    """The `data` of a call that answers at once."""
    data = accepted_body(reply).get("data")
    if isinstance(data, dict) and data:
        return data
    raise lost("the answer has no data", paid=reply.paid)


def face_in(reply: Reply, request: Request) -> Done | Failed:
    """What an accepted face call comes to. Kling calls the faces `face_data`, a sibling's document `face_list`."""
    data = result_data(reply)
    session_id = text_of(data.get("session_id"))
    if not session_id:
        raise lost("the answer has no session_id", paid=reply.paid)
    return face_found(session_id, data.get("face_data") or data.get("face_list"), request.video.seconds)


def speech_in(reply: Reply) -> Done | Failed:
    """What an accepted speech call comes to."""
    data = result_data(reply)
    try:
        made = data["task_result"]["audios"][0]
        speech_id, url, spoken_seconds = text_of(made["id"]), text_of(made.get("url")), float(made["duration"])
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return Failed(MISSING, "the answer has no speech")
    if not speech_id or not isfinite(spoken_seconds):
        return Failed(MISSING, "the answer's speech has no id or no length")
    made_at = {"audio_url": url} if url else {}
    return Done({"audio_id": speech_id, **made_at, "audio_seconds": str(spoken_seconds)})


def told(reply: Reply) -> Waiting | Done | Failed:
    """How the task is doing that was asked about."""
    return outcome(accepted_body(reply))


def outcome(body: Mapping[str, Any]) -> Waiting | Done | Failed:
    """How the task in a query's answer is doing, however deep the answer is nested."""
    levels = list(_levels(body))
    words = [str(level.get(key) or "").lower() for level in levels for key in ("task_status", "status")]
    reasons = (level.get(key) for level in levels for key in ("task_status_msg", "fail_reason", "message"))
    reason = next((str(text) for text in reasons if text and str(text).lower() not in {*FINE_CODES, *DONE}), "")
    if any(word in FAILED for word in words):
        return failed(reason)
    if any(word in CANCELLED for word in words):
        return Failed("cancelled_by_provider", reason[:300])
    going_on = any(word in WAITING for word in words)  # a gateway may be ahead of what it passes on
    done = any(word in DONE for word in words)
    if url := _video_in(levels) if done or not going_on else "":
        return Done({"video_url": url})
    if done and not going_on:
        return _elsewhere(levels) or Failed(MISSING, "no video in the result")
    return Waiting(word=next((word for word in words if word and word not in WAITING), ""))


def _video_in(levels: Sequence[Mapping[str, Any]]) -> str:
    """The address of the first video, at whatever depth."""
    for level in levels:
        result = level.get("task_result")
        videos = result.get("videos") if isinstance(result, dict) else None
        for video in videos if isinstance(videos, list) else []:
            if url := text_of(video.get("url")) if isinstance(video, dict) else "":
                return url
    return ""


def _elsewhere(levels: Sequence[Mapping[str, Any]]) -> Done | None:
    """The video, where a gateway has its address beside the task: older ones keep it in the field for failures."""
    addresses = (str(level.get(key) or "") for level in levels for key in ("result_url", "fail_reason"))
    found = next((text for text in addresses if text.startswith(("https://", "http://"))), None)
    return Done({"video_url": found}) if found else None


def failed(reason: str) -> Failed:
    """A task that ended without a result: moderation is told apart from what can't be made."""
    refused = any(word in reason.lower() for word in ("risk control", "sensitive", "policy"))
    return Failed("content_refused" if refused else "provider_failed", reason[:300])


def _levels(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The object and every `data` in it, the innermost first: what is inside is nearer to Kling."""
    data = body.get("data")
    if isinstance(data, dict):
        yield from _levels(data)
    yield body
