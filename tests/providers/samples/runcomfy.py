"""RunComfy's Model API, as documented (docs.runcomfy.com, "Model APIs")."""

from __future__ import annotations

from decimal import Decimal

from bot.net.faults import BadKey, Gone, InputRejected, OutOfCredit, UnknownOutcome
from bot.providers.base import MISSING, Accepted, Done, Failed, Waiting
from bot.providers.runcomfy import RunComfy
from tests.providers.samples import AUDIO, VIDEO, Call, Poll, Reply, Sample, Submit, audio_request, text_request

BEARER = {"Authorization": "Bearer rc-canary-0001"}
TEXT = "/v1/models/kling/kling/lipsync/text-to-video"
AUDIO_MODEL = "/v1/models/kling/kling/lipsync/audio-to-video"
STATUS = Call("GET", "/v1/requests/9f-1/status", headers=BEARER)
RESULT = Call("GET", "/v1/requests/9f-1/result?include_cost=true", headers=BEARER)
CREATED = Reply('{"request_id": "9f-1", "status_url": "https://x/status", "result_url": "https://x/result"}')


def poll(status: str, result: str | None, gives: Waiting | Done | Failed) -> Poll:
    """A poll of `/status`, and of `/result` where the status says that there is one."""
    if result is None:
        return Poll("text", "9f-1", (STATUS,), (Reply(status),), gives)
    return Poll("text", "9f-1", (STATUS, RESULT), (Reply(status), Reply(result)), gives)


COMPLETED = '{"request_id": "9f-1", "status": "completed"}'
DONE = Done({"video_url": "https://r/x.mp4"})
OUTPUTS = (
    '{"video": "https://r/x.mp4"}',
    '{"video": {"url": "https://r/x.mp4"}}',
    '{"videos": ["https://r/x.mp4"]}',
    '{"videos": [{"url": "https://r/x.mp4"}], "images": []}',
    '{"video": null, "videos": "https://r/x.mp4"}',
)

SAMPLE = Sample(
    provider=RunComfy,
    credentials={"api_key": "rc-canary-0001"},
    poor={"api_key": "rc-poor-canary-0001"},
    submits=(
        Submit(
            text_request("text"),
            "text",
            Call(
                "POST",
                TEXT,
                {
                    "video_url": VIDEO.url,
                    "text": "Hello",
                    "voice_id": "oversea_male1",
                    "voice_language": "en",
                    "voice_speed": 1.2,
                },
                BEARER,
            ),
            CREATED,
            Accepted("9f-1"),
        ),
        Submit(
            audio_request("audio"),
            "audio",
            Call("POST", AUDIO_MODEL, {"video_url": VIDEO.url, "audio_url": AUDIO.url}, BEARER),
            CREATED,
            Accepted("9f-1"),
        ),
    ),
    polls=(
        poll('{"status": "in_queue", "queue_position": 3}', None, Waiting(position=3)),
        *(poll(COMPLETED, f'{{"status": "succeeded", "output": {output}}}', DONE) for output in OUTPUTS),
        poll(
            COMPLETED,
            '{"status": "succeeded", "output": {"video": "https://r/x.mp4"}, "cost": 0.05}',
            Done({"video_url": "https://r/x.mp4"}, Decimal("0.05")),
        ),
        poll(COMPLETED, '{"status": "succeeded", "output": {}}', Failed(MISSING, "no video")),
        poll(COMPLETED, '{"status": "succeeded"}', Failed(MISSING, "no video")),
        poll(COMPLETED, '{"status": "completed", "error": "no face"}', Failed("provider_failed", "no face")),
        poll(COMPLETED, '{"status": "failed", "cost": 0}', Failed("provider_failed", "failed", Decimal(0))),
        poll('{"status": "canceled"}', '{"status": "canceled"}', Failed("cancelled_by_provider")),
        poll(COMPLETED, '{"status": "in_progress"}', Waiting()),
    ),
    running=Reply('{"request_id": "9f-1", "status": "WORD", "output": {"video": "https://r/x.mp4"}}'),
    waits=("in_queue", "in_progress", "pending", "waiting", "starting", "processing"),
    ends=("completed", "succeeded", "failed", "cancelled", "canceled"),
    errors=(
        (Reply('{"error_code": 400001, "error_message": "InvalidResourceIdentifier"}', 400), Gone),
        (Reply('{"error_code": 400002, "error_message": "InsufficientResources"}', 400), OutOfCredit),
        (Reply('{"code": 400004, "error": "UserAccountError"}', 400), BadKey),
        (Reply('{"error_code": 400004, "message": "UserAccountError"}', 401), BadKey),
        (Reply('{"error_code": 401001}', 401), BadKey),
        (Reply('{"error_code": 403001, "error_message": "PermissionDeniedError"}', 403), BadKey),
        (Reply('{"error_code": 403003}', 403), BadKey),
        (Reply('{"error_code": 404001, "error_message": "ResourceNotFound"}', 404), Gone),
        (Reply('{"error_code": 422001, "detail": [{"loc": ["text"], "msg": "too long"}]}', 422), InputRejected),
        (Reply('{"detail": "no code at all"}', 422), InputRejected),
        (Reply('{"error_code": 400002, "error_message": "an error in spite of HTTP 200"}'), OutOfCredit),
        (Reply('{"error_code": 500001}', 500), UnknownOutcome),
        (Reply('{"error_code": 10001}', 500), UnknownOutcome),
        (Reply('{"error_code": 500001}'), UnknownOutcome),
        (Reply('{"error_code": 99999}'), UnknownOutcome),
        (Reply('{"request_id": {"a": 1}}'), UnknownOutcome),
    ),
    check=Call("GET", TEXT, headers=BEARER),
    check_passes=(Reply('{"model_id": "x", "base_price_usd": 0.05}'),),
    check_fails=(
        (Reply('{"code": 400004, "error": "UserAccountError"}', 400), BadKey),
        (Reply("{}", 401), BadKey),
        (Reply("{}", 403), BadKey),
    ),
    others={
        "cancel": (Reply('{"request_id": "9f-1", "status": "in_queue", "outcome": "cancelled"}'),),
        "price": (Reply('{"model_id": "x", "base_price_usd": 0.05}'),),
    },
)
