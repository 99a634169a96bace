"""What the documents of Kling's resellers share with Kling's own: requests, answers and errors."""

from __future__ import annotations

from bot.net.faults import (
    BadKey,
    ContentRefused,
    Gone,
    InputRejected,
    OutOfCredit,
    ProviderError,
    RateLimited,
    UnknownOutcome,
)
from bot.providers.base import Done
from tests.providers.samples import AUDIO, VIDEO, Reply

CREATED = Reply(
    '{"code": 0, "message": "SUCCEED", "request_id": "r", "data": {"task_id": "850508686686064678", '
    '"task_status": "submitted", "created_at": 1722769557708, "updated_at": 1722769557708}}'
)
TASK = "850508686686064678"
SPOKEN = {"text": "Hello", "voice_id": "oversea_male1", "voice_language": "en", "voice_speed": 1.2}
TEXT_INPUT = {"video_url": VIDEO.url, "mode": "text2video", **SPOKEN}
AUDIO_INPUT = {"video_url": VIDEO.url, "mode": "audio2video", "audio_type": "url", "audio_url": AUDIO.url}
FACES = Reply(
    '{"code": 0, "message": "SUCCEED", "request_id": "r", "data": {"session_id": 865289575831703581, '
    '"final_unit_deduction": "0.05", "face_data": [{"face_id": "0", "face_image": "https://x/f.jpg", '
    '"start_time": 200, "end_time": 7700}]}}'
)
ERRORS: tuple[tuple[Reply, type[ProviderError]], ...] = tuple(
    (Reply(f'{{"code": {code}, "message": "as documented", "request_id": "r"}}', status), fault)
    for status, codes, fault in (
        (401, (1000, 1001, 1002, 1003, 1004), BadKey),
        (429, (1100, 1101, 1102), OutOfCredit),
        (403, (1103,), BadKey),
        (400, (1200, 1201), InputRejected),
        (404, (1202, 1203), Gone),
        (400, (1300, 1301), ContentRefused),
        (429, (1302, 1303), RateLimited),
        (429, (1304,), BadKey),
        (429, (1305,), InputRejected),
        (500, (5000,), UnknownOutcome),
        (503, (5001,), UnknownOutcome),
        (504, (5002,), UnknownOutcome),
        (200, (1102,), OutOfCredit),
        (200, (1201,), InputRejected),
        (200, (7777,), UnknownOutcome),
    )
    for code in codes
)


def envelope(data: str) -> Reply:
    """Kling's envelope around this."""
    return Reply(f'{{"code": 0, "message": "SUCCEED", "request_id": "r", "data": {data}}}')


RESULT = '"task_result": {"videos": [{"id": "1", "url": "https://r/x.mp4", "duration": "5.1"}]}'
DONE = Done({"video_url": "https://r/x.mp4"})
