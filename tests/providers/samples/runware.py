"""Runware's API, as documented (Runware's pages on Kling lip sync, MiniMax Speech 2.8, task polling, media storage,
account management and errors).
"""

from __future__ import annotations

import json
from decimal import Decimal
from uuid import UUID

from bot.net.faults import (
    BadKey,
    ContentRefused,
    Gone,
    InputRejected,
    NotAccepted,
    OutOfCredit,
    RateLimited,
    UnknownOutcome,
)
from bot.providers.base import MISSING, Accepted, Done, Failed, Waiting
from bot.providers.runware import Runware
from tests.providers.samples import AUDIO, HANDLE, VIDEO, Call, Poll, Reply, Sample, Submit, audio_request, text_request

BEARER = {"Authorization": "Bearer rw-canary-0001"}
SOUND_ID = "7d1c5f0e-0d7b-4f4c-9f6a-3b5f8d2f9a10"
DOCS = "https://runware.ai/docs/platform/errors"


class AnyUuid4:
    """Equal to the text of every UUID of version 4, such as the one under which a task of no consequence is sent."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and str(UUID(other)) == other and UUID(other).version == 4

    __hash__ = None  # type: ignore[assignment]


def told(**more: object) -> Reply:
    """What is told of the task that was asked about."""
    item = {"taskType": "videoInference", "taskUUID": HANDLE, **more}
    return Reply(json.dumps({"data": [{name: value for name, value in item.items() if value is not None}]}))


def error(code: str, status: int = 400, **more: object) -> Reply:
    """A refusal, as it was recorded: with no data beside it."""
    entry = {"code": code, "message": "m", "parameter": "p", "type": "string", "documentation": DOCS, **more}
    return Reply(json.dumps({"data": [], "errors": [entry]}), status)


def poll(reply: Reply, gives: Waiting | Done | Failed, stage: str = "lipsync") -> Poll:
    """A poll of the one task."""
    asked = Call("POST", "", [{"taskType": "getResponse", "taskUUID": HANDLE}], BEARER)
    return Poll(stage, HANDLE, (asked,), (reply,), gives)


def failed(code: str, reason: str, *, status: int = 200, **more: object) -> tuple[Poll, Poll]:
    """A failed task, told of in both ways: as an error that names it, and inside its own item."""
    entry = {"code": code, "message": "m", "parameter": ["p", "q"], "documentation": DOCS, **more}
    named = json.dumps({"errors": [{**entry, "taskType": "videoInference", "taskUUID": HANDLE}]})
    return (
        poll(Reply(named, status), Failed(reason, f"{code} m")),
        poll(told(status="error", error=entry), Failed(reason, f"{code} m")),
    )


def lipsync(audio: str, volume: float = 1.0, own_volume: float = 0.0) -> Call:
    """The lip sync of the sample clip."""
    task = {
        "taskType": "videoInference",
        "taskUUID": HANDLE,
        "model": "klingai:7@1",
        "inputs": {"video": VIDEO.url, "audio": audio},
        "providerSettings": {"klingai": {"soundVolume": volume, "originalAudioVolume": own_volume}},
        "outputFormat": "MP4",
        "deliveryMethod": "async",
        "includeCost": True,
    }
    return Call("POST", "", [task], BEARER)


SPEECH = Call(
    "POST",
    "",
    [
        {
            "taskType": "audioInference",
            "taskUUID": HANDLE,
            "model": "minimax:speech@2.8",
            "speech": {"text": "Hello", "voice": "English_CalmWoman", "speed": 1.2},
            "settings": {"languageBoost": "en"},
            "outputFormat": "MP3",
            "deliveryMethod": "async",
            "includeCost": True,
        }
    ],
    BEARER,
)
TEXT = text_request("text", "en:English_CalmWoman")
AUDIO_WISH = audio_request("audio")
ACK = Reply(json.dumps({"data": [{"taskType": "videoInference", "taskUUID": HANDLE}]}))
ACCEPTED = Accepted(HANDLE)
URL = "https://vm.runware.ai/video/os/a21/ws/5/x.mp4"
SOUND_URL = "https://am.runware.ai/audio/os/a21/ws/5/x.mp3"
VIDEO_DONE = Done({"video_url": URL}, Decimal("0.0462"))
MADE = {"audio_url": SOUND_URL}

SAMPLE = Sample(
    provider=Runware,
    credentials={"api_key": "rw-canary-0001"},
    poor={"api_key": "rw-poor-canary-0001"},
    submits=(
        Submit(TEXT, "speech", SPEECH, Reply(ACK.body.replace("video", "audio")), ACCEPTED),
        Submit(TEXT, "lipsync", lipsync(SOUND_URL), ACK, ACCEPTED, MADE),
        Submit(AUDIO_WISH, "lipsync", lipsync(AUDIO.url), ACK, ACCEPTED),
        Submit(
            audio_request("audio", volume=2.0, own_volume=0.5), "lipsync", lipsync(AUDIO.url, 2.0, 0.5), ACK, ACCEPTED
        ),
        Submit(AUDIO_WISH, "lipsync", lipsync(AUDIO.url), Reply('{"data": []}'), ACCEPTED),
        Submit(AUDIO_WISH, "lipsync", lipsync(AUDIO.url), told(status="processing"), ACCEPTED),
        Submit(AUDIO_WISH, "lipsync", lipsync(AUDIO.url), error("conflictTaskUUID", 200, taskUUID=HANDLE), ACCEPTED),
    ),
    polls=(
        poll(Reply('{"data": []}'), Waiting()),
        poll(told(status="processing", progress=40), Waiting(progress=0.4)),
        poll(told(status="processing", progress=0.25), Waiting(progress=0.25)),
        poll(told(status="processing", progress="soon"), Waiting()),
        poll(told(status="success", videoUUID="a", videoURL=URL, cost=0.0462, seed=123), VIDEO_DONE),
        poll(told(status="SUCCESS", videoURL=URL, cost="0.0462"), VIDEO_DONE),
        poll(told(videoURL=URL), Done({"video_url": URL})),
        poll(told(status="success", cost=0.0462), Failed(MISSING, "no video", Decimal("0.0462"))),
        poll(told(status="success", videoURL=""), Failed(MISSING, "no video")),
        poll(
            told(taskType="audioInference", status="success", audioUUID=SOUND_ID, audioURL=SOUND_URL, cost=0.0003),
            Done(MADE, Decimal("0.0003")),
            "speech",
        ),
        poll(
            told(taskType="audioInference", audioURL=SOUND_URL),
            Done(MADE),
            "speech",
        ),
        poll(
            told(taskType="audioInference", status="success"),
            Failed(MISSING, "no speech"),
            "speech",
        ),
        *failed("timeoutProvider", "provider_failed"),
        *failed("inferenceError", "provider_failed"),
        *failed("providerError", "provider_failed", status=400),
        *failed("neverHeardOf", "provider_failed"),
        *failed("invalidProviderContent", "content_refused"),
        *failed("providerContentPolicyViolation", "content_refused", status=400),
        *failed("invalidInputVideoDuration", "input_rejected"),
        *failed("insufficientCredits", "out_of_credit"),
        poll(
            told(status="error", error={"code": "downloadFailed", "message": "m"}, cost=0),
            Failed("provider_failed", "downloadFailed m", Decimal(0)),
        ),
        poll(told(status="error"), Failed("provider_failed")),
    ),
    running=told(status="WORD"),
    waits=("processing", "pending", "queued", "scheduled", "waiting"),
    ends=("success", "error"),
    errors=(
        *((error(code, 401), BadKey) for code in ("invalidApiKey", "missingApiKey", "unauthorized")),
        *((error(code, 403), BadKey) for code in ("forbidden", "insufficientPermissions", "accountSuspended")),
        (error("invalidApiKey", 200), BadKey),
        (error("neverHeardOf", 401), BadKey),
        *((error(code, 402), OutOfCredit) for code in ("insufficientCredits", "paymentRequired", "lowBalance")),
        (error("quotaExceeded"), OutOfCredit),
        (error("insufficientCredits", 200, taskUUID=HANDLE), OutOfCredit),
        (error("rateLimitExceeded", 429), RateLimited),
        (error("neverHeardOf", 429), RateLimited),
        *((error(code), ContentRefused) for code in ("contentPolicyViolation", "moderationFailed", "promptBlocked")),
        (error("providerContentPolicyViolation"), ContentRefused),
        (error("invalidModel", 200, taskUUID=HANDLE), InputRejected),
        *((error(code), InputRejected) for code in ("missingInputs", "unsupportedFormat", "valueTooLarge")),
        *((error(code), InputRejected) for code in ("unknownParameter", "maxLength", "arrayTooLong", "duplicateInput")),
        (Reply('{"errors": [{"code": "invalidInputs", "parameter": ["inputs", "model"]}]}', 400), InputRejected),
        (told(status="error", error={"code": "invalidInputs", "message": "m"}), InputRejected),
        *((error(code, 404), Gone) for code in ("mediaNotFound", "taskFailedOrNotFound", "mediaExpired")),
        *((error(code), UnknownOutcome) for code in ("providerError", "timeoutProvider", "noAvailableServer")),
        *((error(code), UnknownOutcome) for code in ("neverHeardOf", "loadBalancerError")),
        *((error(code, 500), UnknownOutcome) for code in ("internalServerError", "standardError")),
        (Reply('{"data": [], "errors": [{"message": "no code at all"}]}'), UnknownOutcome),
        (Reply('{"errors": {"code": "a form of its own"}}'), UnknownOutcome),
        (Reply('{"data": {"taskUUID": "a form of its own"}}'), UnknownOutcome),
    ),
    check=Call(
        "POST",
        "",
        [{"taskType": "accountManagement", "taskUUID": AnyUuid4(), "operation": "getDetails"}],
        BEARER,
    ),
    check_passes=(
        Reply('{"data": [{"taskType": "accountManagement", "operation": "getDetails", "balance": {"amount": 5}}]}'),
        Reply('{"data": []}'),
    ),
    check_fails=(
        (error("invalidApiKey", 401), BadKey),
        (error("accountSuspended", 403), BadKey),
        (Reply("{}", 401), BadKey),
        (error("errorRetrievingAccountManagement"), NotAccepted),
        (Reply("{}"), NotAccepted),
    ),
    others={
        "find": (told(status="processing"),),
        "upload": (
            Reply(f'{{"data": [{{"taskType": "mediaStorage", "operation": "upload", "mediaUUID": "{SOUND_ID}"}}]}}'),
        ),
    },
)
