"""Kling's own API, as documented ("Lip Sync", "Identify Face", "Text to Speech", "Account", "Error Code")."""

from __future__ import annotations

from bot.net.faults import BadKey
from bot.providers.base import MISSING, Accepted, Done, Failed, Waiting
from bot.providers.kling import Kling
from tests.providers.kling_documents import (
    CREATED,
    DONE,
    ERRORS,
    FACES,
    RESULT,
    SPOKEN,
    TASK,
    TEXT_INPUT,
    envelope,
)
from tests.providers.samples import (
    AUDIO,
    FACE,
    HANDLE,
    VIDEO,
    Call,
    Poll,
    Reply,
    Sample,
    Submit,
    audio_request,
    text_request,
)

BEARER = {"Authorization": "Bearer kl-canary-0001"}
SPEECH = Reply(
    '{"code": 0, "message": "SUCCEED", "request_id": "r", "data": {"task_id": "1", "task_status": "succeed", '
    '"task_result": {"audios": [{"id": "865272148167389266", "url": "https://x/s.mp3", "duration": "4.2"}]}}}'
)


def dub(sound: dict[str, str], end: int) -> Call:
    """The advanced call with this sound."""
    face = {
        "face_id": "0",
        **sound,
        "sound_start_time": 0,
        "sound_end_time": end,
        "sound_insert_time": 200,
        "sound_volume": 1.0,
        "original_audio_volume": 0.0,
    }
    body = {"session_id": FACE["session_id"], "face_choose": [face], "external_task_id": HANDLE}
    return Call("POST", "/v1/videos/advanced-lip-sync", body, BEARER)


def poll(data: str, gives: Waiting | Done | Failed, stage: str = "dub") -> Poll:
    """A question about a task."""
    path = {"dub": "advanced-lip-sync", "lipsync": "lip-sync"}[stage]
    return Poll(stage, TASK, (Call("GET", f"/v1/videos/{path}/{TASK}", headers=BEARER),), (envelope(data),), gives)


POLLS = (
    poll(f'{{"task_id": "1", "task_status": "succeed", {RESULT}, "created_at": 1722769557708}}', DONE),
    poll(f'{{"task_id": "1", "task_status": "succeeded", {RESULT}}}', DONE),
    poll(f'{{"task_id": "1", "task_status": "succeed", {RESULT}}}', DONE, "lipsync"),
    poll('{"task_id": "1", "task_status": "submitted"}', Waiting()),
    poll('{"task_id": "1", "task_status": "processing", "task_result": {"videos": []}}', Waiting()),
    poll('{"task_status": "succeed"}', Failed(MISSING, "no video in the result")),
    poll('{"task_status": "succeed", "task_result": null}', Failed(MISSING, "no video in the result")),
    poll(
        '{"task_status": "failed", "task_status_msg": "The model did not detect a human"}',
        Failed("provider_failed", "The model did not detect a human"),
    ),
    poll(
        '{"task_status": "failed", "task_status_msg": "Failure to pass the risk control system"}',
        Failed("content_refused", "Failure to pass the risk control system"),
    ),
)

SAMPLE = Sample(
    provider=Kling,
    credentials={"api_key": "kl-canary-0001", "access_key": "", "secret_key": "", "region": ""},
    poor={"api_key": "kl-poor-canary-0001"},
    submits=(
        Submit(
            text_request("text"),
            "lipsync",
            Call("POST", "/v1/videos/lip-sync", {"input": TEXT_INPUT}, BEARER),
            CREATED,
            Accepted(TASK),
        ),
        Submit(
            text_request("long_text"),
            "face",
            Call("POST", "/v1/videos/identify-face", {"video_url": VIDEO.url}, BEARER),
            FACES,
            Done(FACE),
        ),
        Submit(
            text_request("long_text"),
            "speech",
            Call("POST", "/v1/audio/tts", SPOKEN, BEARER),
            SPEECH,
            Done({"audio_id": "865272148167389266", "audio_url": "https://x/s.mp3", "audio_seconds": "4.2"}),
        ),
        Submit(
            text_request("long_text"),
            "dub",
            dub({"audio_id": "865272148167389266"}, 4200),
            CREATED,
            Accepted(TASK),
            yields={**FACE, "audio_id": "865272148167389266", "audio_seconds": "4.2"},
        ),
        Submit(audio_request("audio"), "dub", dub({"sound_file": AUDIO.url}, 4500), CREATED, Accepted(TASK), FACE),
    ),
    polls=POLLS,
    running=envelope(f'{{"task_id": "{TASK}", "task_status": "WORD"}}'),
    waits=("submitted", "processing"),
    ends=("succeed", "succeeded", "failed"),
    errors=ERRORS,
    check=Call("GET", "/account/costs?start_time=*&end_time=*", headers=BEARER),
    check_passes=(envelope('{"code": 0, "resource_pack_subscribe_infos": []}'),),
    check_fails=(
        (Reply('{"code": 1002, "message": "Authorization is invalid"}', 401), BadKey),
        (Reply('{"code": 1304, "message": "IP white list"}', 429), BadKey),
        (Reply("{}", 401), BadKey),
    ),
    others={
        "find": (
            Reply('{"code": 1203, "message": "task not found"}', 404),
            Reply(
                '{"code": 0, "data": [{"task_id": "7", "task_info": {}}, '
                f'{{"task_id": "8", "task_info": {{"external_task_id": "{HANDLE}"}}}}]}}'
            ),
        ),
    },
)
