"""RunningHub's standard-model API, as documented (its model pages "可灵对口型", "API Error Code Reference" and "Get
Account Information") and as seen in published records of real calls.
"""

from __future__ import annotations

import json
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
    UnknownOutcome,
)
from bot.providers.base import MISSING, Accepted, Done, Failed, Waiting
from bot.providers.runninghub import RunningHub
from tests.providers.samples import AUDIO, FACE, VIDEO, Call, Poll, Reply, Sample, Submit, audio_request, text_request

KEY = "rh-canary-0001"
BEARER = {"Authorization": f"Bearer {KEY}"}
TASK = "2013508786110730241"
LIPSYNC = "/openapi/v2/kling-lip-sync/lip-sync-video"
QUERY = Call("POST", "/openapi/v2/query", {"taskId": TASK}, BEARER)


def answer(status: str, results: Any = None, code: str = "", message: str = "", task: str = TASK) -> Reply:
    """The object with which submitting and asking are answered."""
    usage = {"consumeMoney": None, "consumeCoins": None, "taskCostTime": "0", "thirdPartyConsumeMoney": "0.35"}
    return Reply(
        json.dumps(
            {
                "taskId": task,
                "status": status,
                "errorCode": code,
                "errorMessage": message,
                "failedReason": {},
                "usage": usage,
                "results": results,
                "clientId": "f828b9af25161bc066ef152db7b29ccc",
                "promptTips": '{"result": true, "error": null, "outputs_to_execute": ["4"], "node_errors": {}}',
            }
        )
    )


def error(code: str, message: str = "said in words") -> Reply:
    """An answer without a task: what it says is about the request."""
    return answer("", None, code, message, task="")


def item(url: str | None = None, kind: str = "text", text: str | None = None) -> dict[str, str | None]:
    """One part of a result."""
    return {"url": url, "outputType": kind, "text": text}


def poll(stage: str, reply: Reply, gives: Waiting | Done | Failed) -> Poll:
    """One stage being asked about."""
    return Poll(stage, TASK, (QUERY,), (reply,), gives)


SESSION = '{"session_id":"865289575831703581"}'
SEEN = '{"end_time":7700,"face_id":"0","start_time":200}'
SECOND = '{"end_time":8000,"face_id":"1","start_time":0}'
SPOKEN = {"audio_id": "928033620248772694", "audio_url": "https://r/x.mp3", "audio_seconds": "3.25"}
PICTURE = item("https://r/face.jpg", "jpg")

FACES = (
    [PICTURE, item(text=SESSION), item(text=SEEN)],
    [PICTURE, item(text=SESSION), item(text=SEEN), item("https://r/2.jpg", "jpg"), item(text=SECOND)],
    [item("https://r/face.jpg", "jpg", SESSION), item(text=SEEN)],
    [item("https://r/face.jpg", "jpg", "865289575831703581"), item(text=SEEN)],
    [SESSION, SEEN],
    ["865289575831703581", SEEN],
)
SPEECHES = (
    [item("https://r/x.mp3", "mp3"), item(text="928033620248772694")],
    [item(text="928033620248772694"), item("https://r/x.mp3", "mp3")],
    [item(text='"928033620248772694"'), item("https://r/x.mp3", "mp3")],
    [item("https://r/x.mp3", "mp3"), "928033620248772694"],
    [item("https://r/x.mp3", "mp3", "928033620248772694")],
)
VIDEOS = (
    [item("https://r/x.mp4", "mp4")],
    [item("https://r/cover.jpg", "jpg"), item("https://r/x.mp4", "mp4")],
    [item("https://r/x.mp4", "MP4"), item("https://r/y.mp4", "mp4")],
    [{"url": "https://r/x.mp4", "nodeId": "2", "outputType": None, "text": None}],
)

ERRORS: dict[type[ProviderError], str] = {
    BadKey: "412 801 802 806 811 1002 1014 1601",
    OutOfCredit: "416 812",
    RateLimited: "415 421 814 1003 1011 1520",
    NotAccepted: "1010",
    InputRejected: "301 380 433 803 809 901 1001 1007 1008 1009 1013 1101",
    ContentRefused: "1501 1505",
    Gone: "423 807 1004",
    UnknownOutcome: "500 804 805 808 813 1000 1005 1006 1012 1015 1504 1999",
}

SAMPLE = Sample(
    provider=RunningHub,
    credentials={"api_key": KEY},
    poor={"api_key": "rh-poor-canary-0001"},
    submits=(
        Submit(
            text_request("text"),
            "face",
            Call("POST", "/openapi/v2/kling-lip-sync/identify-face", {"videoUrl": VIDEO.url}, BEARER),
            answer("RUNNING"),
            Accepted(TASK),
        ),
        Submit(
            text_request("text"),
            "speech",
            Call(
                "POST",
                "/openapi/v2/kling-lip-sync/tts",
                {"text": "Hello", "voiceId": "oversea_male1", "voiceLanguage": "en", "voiceSpeed": 1.2},
                BEARER,
            ),
            answer("QUEUED"),
            Accepted(TASK),
            FACE,
        ),
        Submit(
            text_request("text"),
            "lipsync",
            Call(
                "POST",
                LIPSYNC,
                {
                    "sessionId": "865289575831703581",
                    "faceId": "0",
                    "audioId": "928033620248772694",
                    "soundStartTime": 0,
                    "soundEndTime": 3250,
                    "soundInsertTime": 200,
                    "soundVolume": 1.0,
                    "originalAudioVolume": 0.0,
                },
                BEARER,
            ),
            answer("RUNNING"),
            Accepted(TASK),
            {**FACE, **SPOKEN},
        ),
        Submit(
            audio_request("audio", volume=1.5, own_volume=0.25),
            "lipsync",
            Call(
                "POST",
                LIPSYNC,
                {
                    "sessionId": "865289575831703581",
                    "faceId": "0",
                    "audioUrl": AUDIO.url,
                    "soundStartTime": 0,
                    "soundEndTime": 4500,
                    "soundInsertTime": 200,
                    "soundVolume": 1.5,
                    "originalAudioVolume": 0.25,
                },
                BEARER,
            ),
            answer("CREATE"),
            Accepted(TASK),
            FACE,
        ),
    ),
    polls=(
        *(poll("face", answer("SUCCESS", result), Done(FACE)) for result in FACES),
        *(
            poll(
                "speech",
                answer("SUCCESS", result),
                Done({"audio_id": "928033620248772694", "audio_url": "https://r/x.mp3"}),
            )
            for result in SPEECHES
        ),
        *(poll("lipsync", answer("SUCCESS", result), Done({"video_url": "https://r/x.mp4"})) for result in VIDEOS),
        poll(
            "face",
            answer("SUCCESS", [item(text=SESSION)]),
            Failed("input_rejected", "no face found in the clip"),
        ),
        poll("face", answer("SUCCESS", []), Failed(MISSING, "no session in the result")),
        poll("face", answer("SUCCESS", [item(text=SEEN)]), Failed(MISSING, "no session in the result")),
        poll(
            "speech",
            answer("SUCCESS", [item(text="928033620248772694")]),
            Failed(MISSING, "the made speech has no address to measure it at"),
        ),
        poll(
            "speech",
            answer("SUCCESS", [item("https://r/x.mp3", "mp3")]),
            Failed(MISSING, "no audio id in the result"),
        ),
        poll("lipsync", answer("SUCCESS"), Failed(MISSING, "no video in the result")),
        poll("lipsync", answer("SUCCESS", [PICTURE]), Failed(MISSING, "no video in the result")),
        poll("face", answer("FAILED", None, "1013", "no human"), Failed("input_rejected", "1013 no human")),
        poll("face", answer("FAILED", None, "1001", "bad url"), Failed("input_rejected", "1001 bad url")),
        poll("face", answer("FAILED", None, "1008", "too large"), Failed("input_rejected", "1008 too large")),
        poll("lipsync", answer("FAILED", None, "1007", "bad time"), Failed("input_rejected", "1007 bad time")),
        poll("lipsync", answer("FAILED", None, "1501", "refused"), Failed("content_refused", "1501 refused")),
        poll("lipsync", answer("FAILED", None, "1505", "a person"), Failed("content_refused", "1505 a person")),
        poll("lipsync", answer("FAILED", None, "1015", "failed"), Failed("provider_failed", "1015 failed")),
        poll("lipsync", answer("FAILED", None, "1504", "timeout"), Failed("provider_failed", "1504 timeout")),
        poll("lipsync", answer("FAILED"), Failed("provider_failed")),
        poll("lipsync", answer("CANCEL"), Failed("cancelled_by_provider")),
        poll("lipsync", answer("QUEUED"), Waiting()),
    ),
    running=answer("WORD", VIDEOS[0]),
    waits=("CREATE", "QUEUED", "RUNNING"),
    ends=("SUCCESS", "FAILED", "CANCEL"),
    errors=(
        *((error(code), fault) for fault, codes in ERRORS.items() for code in codes.split()),
        (Reply('{"errorCode": 1002, "errorMessage": "a number for once"}', 401), BadKey),
        (Reply('{"code": 1601, "msg": "apiKey is required"}'), BadKey),
        (Reply('{"taskId": "", "errorCode": "1003", "errorMessage": "slow down"}', 429), RateLimited),
        (Reply('{"taskId": "", "errorCode": "1005", "errorMessage": "internal"}', 500), UnknownOutcome),
        (Reply('{"taskId": "", "errorCode": "", "errorMessage": "words without a code"}'), UnknownOutcome),
        (Reply('{"taskId": null, "status": "RUNNING", "errorCode": "", "errorMessage": ""}'), UnknownOutcome),
        (Reply('{"taskId": {"a": 1}}'), UnknownOutcome),
    ),
    check=Call("POST", "/uc/openapi/accountStatus", {"apikey": KEY}, BEARER),
    check_passes=(
        Reply(
            '{"code": 0, "msg": "success", "data": {"remainCoins": "0", "currentTaskCounts": "0",'
            ' "remainMoney": "12.345", "currency": "CNY", "apiType": "SHARED"}}'
        ),
    ),
    check_fails=(
        (Reply('{"code": 0, "msg": "success", "data": {"remainCoins": "9", "apiType": "NORMAL"}}'), BadKey),
        (Reply('{"code": 1601, "msg": "apiKey is required", "data": null}'), BadKey),
        (Reply('{"code": 802, "msg": "APIKEY_UNAUTHORIZED", "data": null}'), BadKey),
        (Reply('{"code": 412, "msg": "TOKEN_INVALID", "data": null}'), BadKey),
        (Reply('{"code": 0, "msg": "success", "data": null}'), NotAccepted),
        (Reply('{"code": 500, "msg": "UNKNOWN_ERROR", "data": null}'), NotAccepted),
        (Reply("{}", 401), BadKey),
    ),
    others={
        "upload": (
            Reply('{"code": 0, "message": "success", "data": {"type": "video", "download_url": "https://r/c.mp4"}}'),
        ),
    },
)
