"""A Kling-compatible gateway, as documented (docs.yutoai.net, "Lip Sync") and as its siblings answer."""

from __future__ import annotations

from bot.net.faults import BadKey, ContentRefused, Gone, InputRejected, OutOfCredit, UnknownOutcome
from bot.providers.base import MISSING, Accepted, Done, Failed, Waiting
from bot.providers.kling_gateway import KlingGateway
from tests.providers.kling_documents import AUDIO_INPUT, CREATED, DONE, ERRORS, RESULT, TASK, TEXT_INPUT, envelope
from tests.providers.samples import Call, Poll, Reply, Sample, Submit, audio_request, text_request

BEARER = {"Authorization": "Bearer gw-canary-0001"}
PATH = "/kling/v1/videos/lip-sync"
FLAT = Reply(
    f'{{"id": "{TASK}", "task_id": "{TASK}", "object": "video", "status": "queued", "progress": 0, '
    '"created_at": 1722769557}'
)
ONLY_ID = Reply(f'{{"id": {TASK}, "object": "video", "status": ""}}')


def poll(reply: Reply, gives: Waiting | Done | Failed) -> Poll:
    """A question about a task."""
    return Poll("lipsync", TASK, (Call("GET", f"{PATH}/{TASK}", headers=BEARER),), (reply,), gives)


SAMPLE = Sample(
    provider=KlingGateway,
    credentials={"api_key": "gw-canary-0001", "address": "https://gateway.example"},
    poor={"api_key": "gw-poor-canary-0001", "address": "https://gateway.example"},
    submits=(
        Submit(
            text_request("text"), "lipsync", Call("POST", PATH, {"input": TEXT_INPUT}, BEARER), CREATED, Accepted(TASK)
        ),
        Submit(
            text_request("text"), "lipsync", Call("POST", PATH, {"input": TEXT_INPUT}, BEARER), FLAT, Accepted(TASK)
        ),
        Submit(
            audio_request("audio"),
            "lipsync",
            Call("POST", PATH, {"input": AUDIO_INPUT}, BEARER),
            CREATED,
            Accepted(TASK),
        ),
        Submit(
            audio_request("audio"),
            "lipsync",
            Call("POST", PATH, {"input": AUDIO_INPUT}, BEARER),
            ONLY_ID,
            Accepted(TASK),
        ),
    ),
    polls=(
        poll(envelope(f'{{"task_id": "1", "task_status": "succeed", {RESULT}}}'), DONE),
        poll(envelope('{"task_id": "1", "task_status": "processing"}'), Waiting()),
        poll(Reply(f'{{"code": "success", "data": {{"status": "SUCCESS", "data": {{"data": {{{RESULT}}}}}}}}}'), DONE),
        poll(
            Reply('{"code": "success", "message": "", "data": {"status": "IN_PROGRESS", "progress": "30%"}}'), Waiting()
        ),
        poll(Reply('{"code": "success", "message": "", "data": {"status": "NOT_START"}}'), Waiting()),
        poll(
            Reply(
                '{"code": "success", "data": {"status": "FAILURE", "fail_reason": "there is no human in the video"}}'
            ),
            Failed("provider_failed", "there is no human in the video"),
        ),
        poll(envelope('{"task_status": "succeed"}'), Failed(MISSING, "no video in the result")),
        poll(Reply('{"code": "success", "data": {"status": "SUCCESS", "result_url": "https://r/x.mp4"}}'), DONE),
        poll(Reply('{"code": "success", "data": {"status": "SUCCESS", "fail_reason": "https://r/x.mp4"}}'), DONE),
        poll(
            Reply('{"code": "success", "data": {"status": "FAILURE", "fail_reason": "https://r/x.mp4 is no video"}}'),
            Failed("provider_failed", "https://r/x.mp4 is no video"),
        ),
    ),
    running=envelope(f'{{"task_id": "{TASK}", "task_status": "WORD"}}'),
    waits=("submitted", "processing", "queued", "in_progress", "not_start"),
    ends=("succeed", "succeeded", "success", "failed", "failure"),
    errors=(
        *ERRORS,
        (Reply('{"error": {"message": "invalid token", "type": "new_api_error", "code": ""}}', 401), BadKey),
        (Reply('{"error": {"message": "quota", "type": "x", "code": "insufficient_user_quota"}}', 403), OutOfCredit),
        (Reply('{"code": "insufficient_balance", "message": "top up", "data": null}', 400), OutOfCredit),
        (Reply('{"code": "sensitive_words_detected", "message": "no", "data": null}', 400), ContentRefused),
        (Reply('{"code": "invalid_request", "message": "no", "data": null}', 400), InputRejected),
        (Reply('{"code": "task_not_exist", "message": "task_not_exist", "data": null}', 400), Gone),
        (Reply('{"code": "do_request_failed", "message": "upstream", "data": null}', 500), UnknownOutcome),
        (Reply('{"code": "a_new_word", "message": "?", "data": null}'), UnknownOutcome),
        (Reply('{"error": {"message": "?", "type": "x", "code": null}}'), UnknownOutcome),
    ),
    check=Call("GET", f"{PATH}/0", headers=BEARER),
    check_passes=(
        Reply('{"code": "task_not_exist", "message": "task_not_exist", "data": null}', 400),
        Reply('{"code": 1203, "message": "task not found"}', 404),
        Reply('{"code": "task_not_exist", "message": "task_not_exist", "data": null}'),
        envelope("null"),
    ),
    check_fails=(
        (Reply('{"error": {"message": "invalid token", "type": "x", "code": ""}}', 401), BadKey),
        (Reply('{"code": 1002, "message": "Authorization is invalid"}', 401), BadKey),
        (Reply("{}", 403), BadKey),
    ),
)
