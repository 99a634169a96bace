"""What is special to Runware: a lost task is found by our own id, many are asked about at once, and texts are spoken by
another maker's voices.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from runware.types.task_map import KlingaiLipSyncParams, MinimaxSpeech28Params

from bot.domain.request import Media, Request
from bot.domain.voices import LANGUAGES
from bot.net.client import Http
from bot.net.faults import BadKey, Gone, InputRejected, NotAccepted, OutOfCredit, ProviderError, RateLimited
from bot.net.transport import PURPOSE, open_transport
from bot.net.trust import Purpose
from bot.providers.base import Accepted, Done, Failed, Submission, Waiting
from bot.providers.runware import CHUNK, Runware
from bot.sandbox.server import Sandbox
from tests.canned import CannedStudio
from tests.providers.samples import AUDIO, HANDLE, VIDEO, Reply, audio_request, text_request
from tests.providers.samples.runware import ACK, SAMPLE, SPEECH, URL, error, lipsync, told

CREDENTIALS = SAMPLE.credentials
TEXT = text_request("text", "en:English_CalmWoman", text="A line that is long enough to be spoken.")
RECORDING = audio_request("audio")


class Bench:
    """The adapter, its emulator, and shorthands."""

    def __init__(self, transport: httpx.AsyncBaseTransport, sandbox: Sandbox) -> None:
        self.client = httpx.AsyncClient(transport=transport)
        self.sandbox = sandbox
        self.studio = CannedStudio()
        sandbox.runs.studio = self.studio
        self.provider = Runware(Http(transport), f"{sandbox.url}/runware")

    async def submit(self, request: Request = RECORDING, stage: str = "lipsync", **yields: str) -> Accepted:
        return await self.provider.submit(Submission(stage, request, str(uuid4()), yields, CREDENTIALS))

    async def end(self, remote: str) -> Done | Failed:
        while isinstance(ended := await self.provider.poll("any", remote, CREDENTIALS), Waiting):
            await asyncio.sleep(0.005)
        return ended

    def answer(self, reply: Reply, **headers: str) -> None:
        self.sandbox.faults.add("answer", "POST", status=reply.status, body=reply.body, headers=headers)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Sandbox() as sandbox, open_transport({sandbox.host}) as transport:
        yield Bench(transport, sandbox)


async def fault_of(asking: Any) -> type[ProviderError]:
    with pytest.raises(ProviderError) as caught:
        await asking
    return type(caught.value)


def test_every_field_that_is_sent_is_known_to_the_vendors_own_types() -> None:
    for call, form in ((lipsync(AUDIO.url), KlingaiLipSyncParams), (SPEECH, MinimaxSpeech28Params)):
        (task,) = call.body
        assert set(task) <= set(form.__annotations__)


async def test_a_text_is_spoken_first_and_the_speech_is_put_into_the_clip(bench: Bench) -> None:
    spoken = await bench.end((await bench.submit(TEXT, "speech")).remote)
    assert isinstance(spoken, Done)
    assert spoken.cost_usd == Decimal("0.0024")
    assert spoken.yields["audio_url"].startswith(f"{bench.sandbox.url}/files/")
    video = await bench.end((await bench.submit(TEXT, **spoken.yields)).remote)
    assert isinstance(video, Done)
    assert video.cost_usd == Decimal("0.0462")
    speech, clip = (run.order for run in bench.sandbox.runs.ledger)
    assert (speech.text, speech.voice_id, speech.speed) == (TEXT.text, "English_CalmWoman", 1.2)
    assert (clip.video_url, clip.audio_url) == (VIDEO.url, spoken.yields["audio_url"])


async def test_volumes_are_sent(bench: Bench) -> None:
    await bench.submit(audio_request("audio", volume=1.5, own_volume=0.5))
    (run,) = bench.sandbox.runs.ledger
    assert (run.order.volume, run.order.own_volume) == (1.5, 0.5)


async def test_the_same_task_is_accepted_again_and_paid_once(bench: Bench) -> None:
    call = Submission("lipsync", RECORDING, HANDLE, {}, CREDENTIALS)
    assert await bench.provider.submit(call) == await bench.provider.submit(call) == Accepted(HANDLE)
    assert len(bench.sandbox.runs.ledger) == 1


@pytest.mark.parametrize(
    "reply",
    [
        error("conflictTaskUUID", parameter="taskUUID", taskUUID=HANDLE),
        error("conflictTaskUUID", taskUUID=HANDLE),
        error("duplicateTaskUUID", 409),
        error("duplicateValue", parameter=["taskUUID"], taskUUID=HANDLE),
        Reply(ACK.body, 500),
        Reply(json.dumps({**json.loads(ACK.body), "errors": [{"code": "internalServerError"}]})),
    ],
)
async def test_an_answer_that_shows_that_the_task_is_known_means_accepted(bench: Bench, reply: Reply) -> None:
    bench.answer(reply)
    call = Submission("lipsync", RECORDING, HANDLE, {}, CREDENTIALS)
    assert await bench.provider.submit(call) == Accepted(HANDLE)


@pytest.mark.parametrize(
    "reply", [error("conflictTaskUUID", taskUUID=str(uuid4())), error("conflictInputs"), error("duplicateInput")]
)
async def test_another_conflict_is_a_refusal(bench: Bench, reply: Reply) -> None:
    bench.answer(reply)
    assert await fault_of(bench.submit()) is InputRejected


@pytest.mark.parametrize(
    "reply",
    [
        told(status="processing"),
        told(status="success", videoURL=URL),
        told(status="error", error={"code": "inferenceError"}),
        error("timeoutProvider", 200, taskUUID=HANDLE, taskType="videoInference"),
        error("taskFailedOrNotFound", 404, taskUUID=HANDLE),
    ],
)
async def test_a_task_of_which_anything_is_told_was_accepted(bench: Bench, reply: Reply) -> None:
    bench.answer(reply)
    assert await bench.provider.find("lipsync", HANDLE, CREDENTIALS) == Accepted(HANDLE)


async def test_only_an_empty_answer_says_that_a_task_is_not_known(bench: Bench) -> None:
    assert await bench.provider.find("lipsync", HANDLE, CREDENTIALS) is None
    for reply, fault in (
        (error("invalidApiKey", 401, taskUUID=HANDLE), BadKey),
        (error("internalServerError", 500, taskUUID=HANDLE), NotAccepted),
        (error("neverHeardOf", 200, taskUUID=HANDLE, taskType="getResponse"), NotAccepted),
        (error("rateLimitExceeded", 429), RateLimited),
        (Reply("{}"), NotAccepted),
        (Reply('{"data": [null]}'), NotAccepted),
        (Reply('{"data": [{"taskType": "videoInference", "status": "success"}]}'), NotAccepted),
        (Reply("{}", 503), NotAccepted),
    ):
        bench.answer(reply)
        assert await fault_of(bench.provider.find("lipsync", HANDLE, CREDENTIALS)) is fault


async def test_many_tasks_are_asked_about_in_one_call_and_each_gets_its_own_answer(bench: Bench) -> None:
    names = [str(uuid4()) for _ in range(6)]
    items = [
        {"taskUUID": names[0], "status": "processing", "progress": 10},
        {"taskUUID": names[1], "status": "success", "videoURL": URL, "cost": 0.0462},
        {"taskUUID": names[2], "status": "error", "error": {"code": "moderationFailed", "message": "m"}},
    ]
    errors = [
        {"code": "taskFailedOrNotFound", "message": "m", "taskUUID": names[3]},
        {"code": "timeoutProvider", "message": "m", "taskUUID": names[4]},
        {"code": "rateLimitExceeded", "message": "about none of them"},
    ]
    bench.answer(Reply(json.dumps({"data": items, "errors": errors})))
    answers = dict(await bench.provider.poll_many(names, CREDENTIALS))
    assert isinstance(answers.pop(names[3]), Gone)
    assert answers == {
        names[0]: Waiting(progress=0.1),
        names[1]: Done({"video_url": URL}, Decimal("0.0462")),
        names[2]: Failed("content_refused", "moderationFailed m"),
        names[4]: Failed("provider_failed", "timeoutProvider m"),
        names[5]: Waiting(),
    }


async def test_the_emulator_tells_of_many_tasks_at_once(bench: Bench) -> None:
    remotes = [(await bench.submit()).remote for _ in range(3)]
    for remote in remotes:
        await bench.end(remote)
    bench.studio.clip = replace(bench.studio.clip, width=320, height=240)
    unfit = (await bench.submit()).remote
    await bench.end(unfit)
    never_sent = str(uuid4())
    answers = await bench.provider.poll_many([*remotes, unfit, never_sent], CREDENTIALS)
    assert all(isinstance(answers[remote], Done) for remote in remotes)
    assert answers[unfit] == Failed(
        "provider_failed", "inferenceError video size 320x240 is not within 512 to 2160 pixels"
    )
    assert answers[never_sent] == Waiting()


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (error("invalidApiKey", 401, taskUUID=HANDLE), BadKey),
        (error("rateLimitExceeded", 200, taskUUID=HANDLE), RateLimited),
        (error("internalServerError", 503, taskUUID=HANDLE), NotAccepted),
        (error("invalidTaskUUID", taskUUID=HANDLE, taskType="getResponse"), InputRejected),
        (error("insufficientCredits", 402), OutOfCredit),
        (error("taskNotFound", taskUUID=HANDLE), Gone),
    ],
)
async def test_a_question_that_fails_is_no_end_of_the_task(
    bench: Bench, reply: Reply, fault: type[ProviderError]
) -> None:
    remote = (await bench.submit()).remote
    bench.answer(Reply(reply.body.replace(HANDLE, remote), reply.status))
    assert await fault_of(bench.provider.poll("lipsync", remote, CREDENTIALS)) is fault
    assert isinstance(await bench.end(remote), Done)


async def test_a_video_that_is_there_outweighs_an_error(bench: Bench) -> None:
    both = json.loads(told(videoURL=URL).body) | json.loads(error("timeoutProvider", taskUUID=HANDLE).body)
    both["data"] = json.loads(told(videoURL=URL).body)["data"]
    bench.answer(Reply(json.dumps(both)))
    assert await bench.provider.poll("lipsync", HANDLE, CREDENTIALS) == Done({"video_url": URL})


async def test_being_too_fast_says_when_to_come_back(bench: Bench) -> None:
    bench.answer(error("rateLimitExceeded"), **{"Retry-After": "7"})
    with pytest.raises(RateLimited) as caught:
        await bench.submit()
    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize("size", [0, 1, 2, 3, CHUNK - 1, CHUNK, 2 * CHUNK + 1])
async def test_a_file_of_any_size_arrives_whole_and_is_used_by_its_id(bench: Bench, tmp_path: Path, size: int) -> None:
    clip = tmp_path / "file.mp4"
    clip.write_bytes(bytes(index % 251 for index in range(1000)) * (size // 1000) + b"x" * (size % 1000))
    source = await bench.provider.upload(clip, CREDENTIALS)
    assert bench.sandbox.runs.ledger == []
    await bench.submit(video_source=source)
    (run,) = bench.sandbox.runs.ledger
    assert run.order.video_url.endswith(".mp4")
    allowed = {PURPOSE: Purpose("127.0.0.1")}
    assert (await bench.client.get(run.order.video_url, extensions=allowed)).content == clip.read_bytes()


@pytest.mark.parametrize(
    "body",
    [
        '{"data": [{"mediaUUID": "1"}]}',
        '{"data": [{}]}',
        '{"data": []}',
        '{"errors": [{"code": "uploadFailed"}]}',
        "{}",
    ],
)
async def test_an_upload_that_gives_no_id_may_be_tried_again(bench: Bench, tmp_path: Path, body: str) -> None:
    clip = tmp_path / "file.mp4"
    clip.write_bytes(b"a clip")
    bench.answer(Reply(body))
    assert await fault_of(bench.provider.upload(clip, CREDENTIALS)) is NotAccepted


@pytest.mark.parametrize(
    ("seconds", "price"),
    [(2.0, "0.0462"), (5.0, "0.0462"), (5.1, "0.0924"), (10.0, "0.0924"), (10.5, "0.1016"), (60.0, "0.5524")],
)
async def test_a_recording_is_priced_by_its_length(bench: Bench, seconds: float, price: str) -> None:
    request = RECORDING.model_copy(update={"audio": AUDIO.model_copy(update={"seconds": seconds})})
    assert await bench.provider.price(request, CREDENTIALS) == Decimal(price)


@pytest.mark.parametrize(
    ("length", "speed", "price"), [(70, 1.0, "0.0504"), (5, 1.0, "0.0465"), (140, 0.5, "0.1928"), (140, 2.0, "0.0546")]
)
async def test_a_text_is_priced_by_its_characters_and_the_length_of_its_speech(
    bench: Bench, length: int, speed: float, price: str
) -> None:
    request = text_request("text", "en:English_CalmWoman", text="x" * length, speed=speed)
    assert await bench.provider.price(request, CREDENTIALS) == Decimal(price)


async def test_a_recording_of_unknown_length_has_no_price(bench: Bench) -> None:
    unknown = Media(url=AUDIO.url, name="a.mp3", size=10)
    assert await bench.provider.price(RECORDING.model_copy(update={"audio": unknown}), CREDENTIALS) is None


async def test_what_a_recording_costs_is_what_was_said_before(bench: Bench) -> None:
    bench.studio.clip = replace(bench.studio.clip, seconds=23.5)
    request = RECORDING.model_copy(update={"audio": AUDIO.model_copy(update={"seconds": 23.5})})
    done = await bench.end((await bench.submit(request)).remote)
    assert isinstance(done, Done)
    assert done.cost_usd == await bench.provider.price(request, CREDENTIALS)


async def test_its_voices_are_minimaxs_and_one_of_each_language_is_accepted(bench: Bench) -> None:
    voices = bench.provider.voices
    assert len(voices) == 332
    assert all(len(key) <= 100 and len(voice.title) <= 100 for key, voice in voices.items())
    assert {voice.providers for voice in voices.values()} == {("runware",)}
    of_language = {voice.language: key for key, voice in voices.items()}
    assert set(of_language) == set(LANGUAGES)
    for key in of_language.values():
        await bench.submit(text_request("text", key), "speech")
    assert len(bench.sandbox.runs.ledger) == len(LANGUAGES)
