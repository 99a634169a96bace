"""ai.alad.com, as its siblings document it ("Identify Face", "Lip Sync", "Query Task")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.net.faults import BadKey, OutOfCredit, UnknownOutcome
from bot.providers.alad import Alad
from bot.providers.base import MISSING, Accepted, Done, Failed, Waiting
from tests.providers.kling_documents import AUDIO_INPUT, DONE, ERRORS, FACES, RESULT, TEXT_INPUT
from tests.providers.samples import FACE, VIDEO, Call, Poll, Reply, Sample, Submit, audio_request, text_request

BEARER = {"Authorization": "Bearer al-canary-0001"}
TASKS = "/kling/v1/videos/advanced-lip-sync"
SESSION = {"session_id": FACE["session_id"]}
CREATED = Reply(
    '{"id": "task_abc", "task_id": "task_abc", "object": "video", "model": "kling-lip-sync", "status": "", '
    '"progress": 0, "created_at": 1722769557}'
)
FACE_LIST = Reply(
    '{"code": 0, "message": "SUCCEED", "data": {"session_id": "865289575831703581", '
    '"face_list": [{"face_id": "0", "face_rect": {"x": 0, "y": 0, "width": 0, "height": 0}}]}}'
)
FIND_FACE = Call("POST", "/kling/v1/videos/identify-face", {"video_url": VIDEO.url}, BEARER)


def create(given: Mapping[str, object]) -> Call:
    """The call that creates a task."""
    spoken = {name: value for name, value in given.items() if name != "video_url"}
    return Call("POST", TASKS, {**SESSION, "input": {**SESSION, **spoken}}, BEARER)


def wrapped(status: str, inner: str, more: str = "") -> Reply:
    """The answer to a query, two levels deep."""
    inside = f'{{"code": 0, "message": "SUCCEED", "request_id": "r", "data": {inner}}}'
    return Reply(
        f'{{"code": "success", "message": "", "data": {{"task_id": "task_abc", "action": "lip-sync", '
        f'"status": "{status}", "fail_reason": "", "progress": "100%"{more}, "data": {inside}}}}}'
    )


def poll(reply: Reply, gives: Waiting | Done | Failed) -> Poll:
    """A question about a task."""
    return Poll("lipsync", "task_abc", (Call("GET", f"{TASKS}/task_abc", headers=BEARER),), (reply,), gives)


ELSEWHERE = Poll(
    "lipsync",
    "task_abc",
    (
        Call("GET", f"{TASKS}/task_abc", headers=BEARER),
        Call("GET", "/kling/v1/videos/lip-sync/task_abc", headers=BEARER),
    ),
    (Reply("{}", 404), wrapped("SUCCESS", f'{{"task_status": "succeed", {RESULT}}}')),
    DONE,
)
NOT_HERE = replace(
    ELSEWHERE,
    replies=(
        Reply('{"code": "task_not_exist", "message": "task_not_exist", "data": null}', 400),
        wrapped("PROCESSING", '{"task_status": "processing"}'),
    ),
    gives=Waiting(),
)

SAMPLE = Sample(
    provider=Alad,
    credentials={"api_key": "al-canary-0001"},
    poor={"api_key": "al-poor-canary-0001"},
    submits=(
        Submit(text_request("text"), "face", FIND_FACE, FACES, Done(FACE)),
        Submit(
            audio_request("audio"), "face", FIND_FACE, FACE_LIST, Done({**FACE, "face_start": "0", "face_end": "8000"})
        ),
        Submit(text_request("text"), "lipsync", create(TEXT_INPUT), CREATED, Accepted("task_abc"), SESSION),
        Submit(audio_request("audio"), "lipsync", create(AUDIO_INPUT), CREATED, Accepted("task_abc"), SESSION),
    ),
    polls=(
        poll(wrapped("SUCCESS", f'{{"task_status": "succeed", {RESULT}}}'), DONE),
        poll(wrapped("SUCCESS", f"{{{RESULT}}}"), DONE),
        poll(Reply(f'{{"code": 0, "data": {{"task_status": "succeed", {RESULT}}}}}'), DONE),
        poll(Reply(f'{{"code": "success", "data": {{"status": "SUCCESS", {RESULT}}}}}'), DONE),
        poll(wrapped("PROCESSING", '{"task_status": "processing"}'), Waiting()),
        poll(wrapped("SUBMITTED", '{"task_status": "submitted"}'), Waiting()),
        poll(wrapped("SUCCESS", '{"task_status": "succeed"}'), Failed(MISSING, "no video in the result")),
        poll(
            Reply('{"code": "success", "data": {"status": "FAILED", "fail_reason": "no face", "data": null}}'),
            Failed("provider_failed", "no face"),
        ),
        poll(
            wrapped(
                "FAILURE", '{"task_status": "failed", "task_status_msg": "Failure to pass the risk control system"}'
            ),
            Failed("content_refused", "Failure to pass the risk control system"),
        ),
        poll(Reply('{"code": "success", "data": {"status": "SUCCESS", "result_url": "https://r/x.mp4"}}'), DONE),
        ELSEWHERE,
        NOT_HERE,
    ),
    running=Reply(
        '{"code": "success", "message": "", "data": {"task_id": "task_abc", "status": "WORD", "data": null}}'
    ),
    waits=("SUBMITTED", "PROCESSING", "NOT_START", "QUEUED", "IN_PROGRESS"),
    ends=("SUCCESS", "FAILED", "FAILURE", "succeeded", "succeed"),
    errors=(
        *ERRORS,
        (Reply('{"error": {"message": "invalid token", "type": "x", "code": ""}}', 401), BadKey),
        (Reply('{"code": "insufficient_user_quota", "message": "quota", "data": null}', 403), OutOfCredit),
        (Reply('{"code": "a_new_word", "message": "?", "data": null}'), UnknownOutcome),
    ),
    check=Call("GET", f"{TASKS}/0", headers=BEARER),
    check_passes=(
        Reply('{"code": "task_not_exist", "message": "task_not_exist", "data": null}', 404),
        Reply('{"code": "task_not_exist", "message": "task_not_exist", "data": null}', 400),
    ),
    check_fails=(
        (Reply('{"error": {"message": "invalid token", "type": "x", "code": ""}}', 401), BadKey),
        (Reply("{}", 403), BadKey),
    ),
)
