"""What is special to RunningHub: three tasks in a row, two sites, files handed over, and answers about no task."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.domain.request import Request
from bot.net.client import Http
from bot.net.faults import BadKey, Gone, InputRejected, NotAccepted, ProviderError, RateLimited, SpeechTooShort
from bot.net.reply import Reply
from bot.net.transport import PURPOSE, open_transport
from bot.net.trust import Purpose
from bot.providers.base import Accepted, Done, Failed, Submission, Waiting
from bot.providers.runninghub import RunningHub
from bot.sandbox.server import Sandbox
from tests.canned import CannedStudio
from tests.providers.samples import AUDIO, FACE, HANDLE, VIDEO, audio_request, text_request
from tests.providers.samples.runninghub import KEY, SPOKEN, answer, error

CREDENTIALS = {"api_key": KEY}
QUERY = "*/query"


class Bench:
    """The adapter, its emulator, and shorthands."""

    def __init__(self, transport: httpx.AsyncBaseTransport, sandbox: Sandbox) -> None:
        self.client = httpx.AsyncClient(transport=transport)
        self.sandbox = sandbox
        self.studio = CannedStudio()
        sandbox.runs.studio = self.studio
        self.provider = RunningHub(Http(transport), f"{sandbox.url}/runninghub")

    async def submit(self, request: Request, stage: str, yields: dict[str, str]) -> Accepted:
        return await self.provider.submit(Submission(stage, request, HANDLE, yields, CREDENTIALS))

    async def end(self, stage: str, remote: str) -> Done | Failed:
        while isinstance(ended := await self.provider.poll(stage, remote, CREDENTIALS), Waiting):
            await asyncio.sleep(0.01)
        return ended

    async def run(self, request: Request, known: dict[str, str]) -> dict[str, str]:
        """Everything that the stages of a request yield, merged as the worker does."""
        yields = dict(known)
        for stage in self.provider.stages(request):
            ended = await self.end(stage.name, (await self.submit(request, stage.name, yields)).remote)
            assert isinstance(ended, Done), ended
            yields |= ended.yields
            if stage.name == "speech":
                yields["audio_seconds"] = str(self.studio.speech_seconds)
        return yields

    def answer(self, path: str, reply: Any) -> None:
        self.sandbox.faults.add("answer", "POST", path, status=reply.status, body=reply.body)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Sandbox() as sandbox, open_transport({sandbox.host}) as transport:
        yield Bench(transport, sandbox)


async def test_a_text_becomes_a_video_in_three_paid_tasks(bench: Bench) -> None:
    yields = await bench.run(text_request("text"), {})
    assert yields["video_url"].startswith(f"{bench.sandbox.url}/files/")
    face, speech, video = (run.order for run in bench.sandbox.runs.ledger)
    assert (face.makes, face.video_url) == ("face", VIDEO.url)
    assert (speech.text, speech.voice_id, speech.language, speech.speed) == ("Hello", "oversea_male1", "en", 1.2)
    assert (video.video_url, video.audio_url) == (VIDEO.url, yields["audio_url"])
    assert (video.start, video.end, video.insert, video.volume, video.own_volume) == (0, 3000, 0, 1.0, 0.0)


async def test_a_recording_becomes_a_video_and_ends_with_the_clip(bench: Bench) -> None:
    request = audio_request("audio", volume=1.5, own_volume=0.5)
    request = request.model_copy(update={"audio": AUDIO.model_copy(update={"seconds": 30.0})})
    await bench.run(request, {})
    _, video = (run.order for run in bench.sandbox.runs.ledger)
    assert (video.audio_url, video.start, video.end, video.insert) == (AUDIO.url, 0, 5000, 0)
    assert (video.volume, video.own_volume) == (1.5, 0.5)


async def test_files_are_handed_over_for_free_and_used_in_place_of_their_addresses(
    bench: Bench, tmp_path: Path
) -> None:
    clip, sound = tmp_path / "v.mp4", tmp_path / "a.mp3"
    clip.write_bytes(b"a clip")
    sound.write_bytes(b"a sound")
    sources = {
        "video_source": await bench.provider.upload(clip, CREDENTIALS),
        "audio_source": await bench.provider.upload(sound, CREDENTIALS),
    }
    assert bench.sandbox.runs.ledger == []
    allowed = {PURPOSE: Purpose("127.0.0.1")}
    assert (await bench.client.get(sources["video_source"], extensions=allowed)).content == b"a clip"
    await bench.run(audio_request("audio"), sources)
    face, video = (run.order for run in bench.sandbox.runs.ledger)
    assert face.video_url == sources["video_source"]
    assert (video.video_url, video.audio_url) == (sources["video_source"], sources["audio_source"])


async def test_an_upload_that_gives_no_address_may_be_tried_again(bench: Bench, tmp_path: Path) -> None:
    clip = tmp_path / "v.mp4"
    clip.write_bytes(b"a clip")
    for body in ('{"code": 0, "message": "success", "data": null}', '{"code": 808, "message": "APIKEY_UPLOAD_FAILED"}'):
        bench.sandbox.faults.add("answer", "POST", "*/upload/binary", status=200, body=body)
        with pytest.raises(NotAccepted):
            await bench.provider.upload(clip, CREDENTIALS)


async def test_a_clip_that_cannot_be_used_ends_the_face_stage_as_the_inputs_fault(bench: Bench) -> None:
    bench.studio.clip = replace(bench.studio.clip, width=320, height=240)
    remote = (await bench.submit(text_request("text"), "face", {})).remote
    failed = await bench.end("face", remote)
    assert isinstance(failed, Failed)
    assert failed.reason == "input_rejected"
    assert failed.cost_usd is None


@pytest.mark.parametrize("code", ["1004", "1007", "423", "807"])
async def test_an_answer_about_no_task_says_that_the_task_is_not_known(bench: Bench, code: str) -> None:
    bench.answer(QUERY, error(code))
    with pytest.raises(Gone):
        await bench.provider.poll("face", "2013508786110730241", CREDENTIALS)


async def test_another_keys_task_is_not_known(bench: Bench) -> None:
    remote = (await bench.submit(text_request("text"), "face", {})).remote
    with pytest.raises(Gone):
        await bench.provider.poll("face", remote, {"api_key": "rh-somebody-else"})


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (error("1003"), RateLimited),
        (error("1005"), NotAccepted),
        (error("1002"), BadKey),
        (error("1999"), NotAccepted),
        (error(""), NotAccepted),
        (answer("RUNNING", None, "1003", "slow down"), RateLimited),
    ],
)
async def test_an_error_of_the_question_is_no_end_of_the_task(
    bench: Bench, reply: Any, fault: type[ProviderError]
) -> None:
    remote = (await bench.submit(text_request("text"), "face", {})).remote
    bench.answer(QUERY, reply)
    with pytest.raises(ProviderError) as caught:
        await bench.provider.poll("face", remote, CREDENTIALS)
    assert type(caught.value) is fault
    assert isinstance(await bench.end("face", remote), Done)


@pytest.mark.parametrize("code", ["1003", "1007", "1999"])
async def test_a_task_that_was_made_is_never_sent_again_whatever_its_answer_says(bench: Bench, code: str) -> None:
    bench.answer("*/identify-face", answer("FAILED", None, code, "said in words"))
    assert await bench.submit(text_request("text"), "face", {}) == Accepted("2013508786110730241")


async def test_a_face_without_an_interval_is_there_all_along(bench: Bench) -> None:
    bench.answer(QUERY, answer("SUCCESS", ['{"sessionId": 865289575831703581}', '{"faceId": "3"}']))
    ended = await bench.provider.poll("face", "2013508786110730241", CREDENTIALS)
    assert ended == Done({"session_id": "865289575831703581", "face_id": "3", "face_start": "0", "face_end": "60000"})


async def test_speech_shorter_than_two_seconds_is_not_sent(bench: Bench) -> None:
    with pytest.raises(SpeechTooShort):
        await bench.submit(text_request("text"), "lipsync", {**FACE, **SPOKEN, "audio_seconds": "1.9"})
    assert bench.sandbox.runs.ledger == []


async def test_a_speed_is_sent_with_the_one_decimal_that_is_taken(bench: Bench) -> None:
    await bench.submit(text_request("text", speed=1.25), "speech", FACE)
    assert bench.sandbox.runs.ledger[0].order.speed == 1.2


async def test_an_ordinary_key_is_told_apart_from_an_enterprise_one(bench: Bench) -> None:
    await bench.provider.check_key(CREDENTIALS)
    with pytest.raises(BadKey, match="enterprise shared key"):
        await bench.provider.check_key({"api_key": "rh-normal-canary"})
    with pytest.raises(BadKey, match="1014"):
        await bench.provider.submit(
            Submission("face", text_request("text"), HANDLE, {}, {"api_key": "rh-normal-canary"})
        )
    assert bench.sandbox.runs.ledger == []


@pytest.mark.parametrize(
    ("request_", "seconds", "yuan"),
    [
        (text_request("text"), 5.0, "0.42"),
        (text_request("text"), 5.1, "0.77"),
        (audio_request("audio"), 5.0, "0.385"),
        (audio_request("audio"), None, None),
    ],
)
async def test_prices_are_in_yuan_by_started_five_seconds_and_call(
    bench: Bench, request_: Request, seconds: float | None, yuan: str | None
) -> None:
    asked = request_.model_copy(update={"video": request_.video.model_copy(update={"seconds": seconds})})
    price = await bench.provider.price(asked, CREDENTIALS)
    assert (price, bench.provider.currency) == (None if yuan is None else Decimal(yuan), "CNY")


class Addresses(Http):
    """Notes where a request would go, and answers that it worked."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def request(self, method: str, url: str, **sent: Any) -> Reply:  # noqa: ARG002
        self.seen.append(url)
        return Reply(200, {"code": 0, "data": {"apiType": "SHARED"}}, None, paid=False)


@pytest.mark.parametrize(
    ("site", "host"),
    [
        ({}, "www.runninghub.ai"),
        ({"site": ""}, "www.runninghub.ai"),
        ({"site": "ai"}, "www.runninghub.ai"),
        ({"site": " CN "}, "www.runninghub.cn"),
    ],
)
async def test_the_keys_site_decides_where_requests_go_unless_the_operator_does(
    site: dict[str, str], host: str
) -> None:
    http = Addresses()
    await RunningHub(http).check_key({**CREDENTIALS, **site})
    await RunningHub(http, "https://proxy.example/rh/").check_key({**CREDENTIALS, **site})
    path = "/uc/openapi/accountStatus"
    assert http.seen == [f"https://{host}{path}", f"https://proxy.example/rh{path}"]


@pytest.mark.parametrize("base", [None, "https://proxy.example"])
async def test_a_site_that_is_none_is_refused_before_anything_is_sent(base: str | None) -> None:
    http = Addresses()
    with pytest.raises(InputRejected, match="example"):
        await RunningHub(http, base).check_key({**CREDENTIALS, "site": "example.com"})
    assert http.seen == []
