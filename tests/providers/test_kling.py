"""What is special to Kling's own API; the rest is in the contract suite."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import jwt
import pytest

from bot.net.client import Http
from bot.net.faults import BadKey, InputRejected, NotAccepted, SpeechTooShort
from bot.net.transport import open_transport
from bot.providers.base import MISSING, Accepted, Done, Failed, Submission
from bot.providers.kling import Kling
from bot.sandbox.server import Sandbox
from tests.canned import CannedStudio
from tests.providers.far_end import far_end
from tests.providers.samples import FACE, HANDLE, Reply, audio_request, text_request
from tests.providers.samples.kling import SAMPLE
from tests.world import World

PAIR = {"access_key": "ak-canary-0123456789abcdef", "secret_key": "sk-kling-canary-0123456789abcdef"}


async def test_an_access_key_signs_a_token_that_is_valid_now_and_not_for_long() -> None:
    async with far_end() as end, open_transport({end.host}) as client:
        end.says(Reply('{"code": 0, "data": {}}'))
        await Kling(Http(client), end.base_url).check_key(PAIR)
        token = end.heard[0].headers["Authorization"].removeprefix("Bearer ")
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(token, PAIR["secret_key"], ["HS256"])
    assert claims["iss"] == PAIR["access_key"]
    assert 1700 < claims["exp"] - time.time() <= 1800
    assert -70 < claims["nbf"] - time.time() <= -4
    assert "canary" not in token


async def test_the_emulator_takes_a_signed_token_and_no_other() -> None:
    async with Sandbox() as sandbox, open_transport({sandbox.host}) as client:
        provider = Kling(Http(client), sandbox.provider_urls["kling"])
        await provider.check_key(PAIR)
        with pytest.raises(BadKey):
            await provider.check_key({**PAIR, "secret_key": "sk-kling-somebody-else-0123456789"})


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({}, "an API key, or an access key and a secret key"),
        ({"access_key": "ak-only"}, "an API key, or an access key and a secret key"),
        ({"api_key": "kl-canary-0001", "region": "moon"}, "the region is world or china, not moon"),
    ],
)
async def test_a_form_that_was_filled_in_wrongly_is_explained(credentials: dict[str, str], words: str) -> None:
    async with open_transport() as client:
        with pytest.raises(InputRejected, match=words):
            await Kling(Http(client)).check_key(credentials)


@pytest.mark.parametrize(
    ("seconds", "flow", "usd"),
    [
        (5.0, "text", "0.07"),
        (5.1, "text", "0.14"),
        (10.0, "text", "0.14"),
        (12.0, "audio", "0.217"),
        (4.0, "long_text", "0.084"),
    ],
)
async def test_the_price_is_per_started_five_seconds_and_call(seconds: float, flow: str, usd: str) -> None:
    wish = audio_request(flow) if flow == "audio" else text_request(flow)
    request = wish.model_copy(update={"video": wish.video.model_copy(update={"seconds": seconds})})
    async with open_transport() as client:
        assert await Kling(Http(client)).price(request, {}) == Decimal(usd)


async def test_a_sound_too_short_for_the_advanced_call_is_not_sent() -> None:
    async with far_end() as end, open_transport({end.host}) as client:
        call = Submission("dub", audio_request("audio"), HANDLE, {**FACE, "face_end": "1900"}, SAMPLE.credentials)
        with pytest.raises(SpeechTooShort):
            await Kling(Http(client), end.base_url).submit(call)
        assert end.heard == []


@pytest.mark.parametrize("audios", ["[]", "null", '[{"id": "1"}]', '[{"id": "1", "url": "x", "duration": "soon"}]'])
async def test_a_speech_that_was_paid_and_is_not_there_is_missing_and_no_refusal(audios: str) -> None:
    async with far_end() as end, open_transport({end.host}) as client:
        end.says(Reply(f'{{"code": 0, "data": {{"task_result": {{"audios": {audios}}}}}}}'))
        call = Submission("speech", text_request("long_text"), HANDLE, {}, SAMPLE.credentials)
        answer = await Kling(Http(client), end.base_url).submit(call)
    assert isinstance(answer, Failed)
    assert answer.reason == MISSING


async def test_the_emulator_refuses_what_the_documents_forbid() -> None:
    def dub(session: str, **changes: Any) -> dict[str, Any]:
        face = {"face_id": "0", "sound_file": "https://x/a.mp3", "sound_start_time": 0, "sound_end_time": 3000}
        return {"session_id": session, "face_choose": [{**face, "sound_insert_time": 0, **changes}]}

    async with Sandbox() as sandbox, open_transport({sandbox.host}) as client:
        sandbox.runs.studio = CannedStudio()
        url = sandbox.provider_urls["kling"]
        http = Http(client).at(url)
        headers = {"Authorization": "Bearer kl-canary-0001"}

        async def post(path: str, body: object) -> tuple[int, int, str]:
            reply = await http.request("POST", url + path, headers=headers, body=body)
            return reply.status, reply.body["code"], reply.body["message"]

        legacy = {"video_url": "https://x/v.mp4", "mode": "text2video", "text": "Hi", "voice_id": "AOT"}
        spoken = {**legacy, "voice_language": "en"}
        for given, words in (
            ({}, "input.mode: must not be null"),
            ({**spoken, "mode": "sing"}, "input.mode: allowed values: text2video, audio2video"),
            ({"mode": "text2video"}, "video_id or video_url is required"),
            ({**spoken, "text": ""}, "text is required"),
            ({**spoken, "text": "x" * 121}, "text: size must be between 0 and 120"),
            (legacy, "Voice language not found"),
            ({**spoken, "voice_id": "nobody"}, "Voice id not found"),
            ({**spoken, "voice_speed": 99}, "input.voiceSpeed: must be less than or equal to 2.0"),
            ({**spoken, "mode": "audio2video"}, "text: unknown field"),
            ({"mode": "audio2video", "video_url": "https://x/v.mp4"}, "Audio type is null"),
        ):
            assert await post("/v1/videos/lip-sync", {"input": given}) == (
                400,
                1201 if "unknown" not in words else 1200,
                words,
            )
        session = await Kling(http, url).submit(
            Submission("face", audio_request("audio"), HANDLE, {}, SAMPLE.credentials)
        )
        assert isinstance(session, Done)
        name = session.yields["session_id"]
        for body, words in (
            (dub("1"), "not found"),
            (dub(name, audio_id="1"), "exactly one of audio_id and sound_file"),
            (dub(name, sound_file="https://x/a.aac"), "allowed formats"),
            (dub(name, sound_end_time=1999), "2 seconds or longer"),
            (dub(name, sound_insert_time=4000), "inside the video"),
            (dub(name, sound_volume=3), "less than or equal to 2"),
            (dub(name, face_id="7"), "face_id: not found"),
            ({**dub(name), "face_choose": []}, "exactly one face"),
        ):
            status, code, said = await post("/v1/videos/advanced-lip-sync", body)
            assert (status, code) == (400, 1201)
            assert words in said
        paid = [run.order.makes for run in sandbox.runs.ledger]
        assert paid == ["face"]


async def test_a_text_too_long_for_the_short_way_takes_the_long_one(world: World) -> None:
    await world.fill_key_form("kling", ["kl-canary-0001"])
    await world.text(text="This line is far too long for the call that takes a text. " * 4)
    await world.quiet()
    assert [run.order.makes for run in world.sandbox.runs.ledger] == ["face", "speech", "video"]
    assert world.outcomes()[0].attachments


async def test_a_lost_answer_of_the_advanced_call_is_looked_up_by_our_own_id(world: World) -> None:
    await world.fill_key_form("kling", ["kl-canary-0001"])
    world.sandbox.faults.add("cut after", "POST", "*/advanced-lip-sync")
    await world.audio()
    await world.quiet()
    assert world.outcomes()[0].attachments
    assert [run.order.makes for run in world.sandbox.runs.ledger] == ["face", "video"]


async def test_a_lost_answer_of_the_older_call_is_unknown(world: World) -> None:
    await world.fill_key_form("kling", ["kl-canary-0001"])
    world.sandbox.faults.add("cut after", "POST", "*/lip-sync")
    await world.text()
    await world.quiet()
    assert "can't tell whether it took the job" in world.outcomes()[0].content
    assert len(world.sandbox.runs.ledger) == 1


async def test_what_was_never_there_is_found_by_nobody() -> None:
    async with Sandbox() as sandbox, open_transport({sandbox.host}) as client:
        sandbox.runs.studio = CannedStudio()
        provider = Kling(Http(client), sandbox.provider_urls["kling"])
        assert await provider.find("dub", HANDLE, SAMPLE.credentials) is None
        face = await provider.submit(Submission("face", audio_request("audio"), HANDLE, {}, SAMPLE.credentials))
        assert isinstance(face, Done)
        made = await provider.submit(Submission("dub", audio_request("audio"), HANDLE, face.yields, SAMPLE.credentials))
        assert await provider.find("dub", HANDLE, SAMPLE.credentials) == made
        assert isinstance(made, Accepted)


async def test_where_our_id_cannot_be_asked_for_directly_the_list_of_tasks_tells() -> None:
    theirs, mine = '{"task_id": "7", "task_info": {}}', '{"task_id": "8", "task_info": {"external_task_id": "%s"}}'
    ours = f'{{"code": 0, "data": [{theirs}, {mine}]}}'
    missing = Reply('{"code": 1203, "message": "task not found"}', 404)
    async with far_end() as end, open_transport({end.host}) as client:
        provider = Kling(Http(client), end.base_url)
        end.says(missing, Reply(ours % HANDLE))
        assert await provider.find("dub", HANDLE, SAMPLE.credentials) == Accepted("8")
        end.says(missing, Reply(ours % "somebody else's"))
        assert await provider.find("dub", HANDLE, SAMPLE.credentials) is None
        nobodys = '{"code": 0, "data": [null, {"task_id": "7", "task_info": null}, {"task_id": "7", "task_info": "x"}]}'
        end.says(missing, Reply(nobodys))
        assert await provider.find("dub", HANDLE, SAMPLE.credentials) is None
        for proves_nothing in (Reply("{}", 503), Reply('{"code": 0, "data": null}'), Reply('{"code": 0, "data": {}}')):
            end.says(missing, proves_nothing)
            with pytest.raises(NotAccepted):
                await provider.find("dub", HANDLE, SAMPLE.credentials)
