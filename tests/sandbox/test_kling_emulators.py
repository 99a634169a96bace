"""The emulated Kling, gateway and ai.alad.com: each answers in its own form, and refuses what no document allows.

What the legacy call and the face_choose of the advanced one refuse at Kling's own API is in `test_kling.py`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import pytest

from bot.net.client import Http
from bot.net.faults import BadAddress
from bot.net.transport import PURPOSE, open_transport
from bot.net.trust import Purpose
from bot.providers.base import Accepted, Done, Submission, Waiting
from bot.providers.kling import Kling
from bot.providers.kling_gateway import KlingGateway
from bot.sandbox.server import Sandbox
from bot.sandbox.studio import Clip
from tests.canned import CannedStudio
from tests.providers.samples import HANDLE, text_request

CLIP = "https://cdn.example/v.mp4?ex=1"
SOUND = "https://cdn.example/a.mp3?ex=1"
SPOKEN = {"text": "Hello there", "voice_id": "oversea_male1", "voice_language": "en"}
TEXT = {"mode": "text2video", **SPOKEN}
AUDIO = {"mode": "audio2video", "audio_type": "url", "audio_url": SOUND}
LEGACY = {"input": {"video_url": CLIP, **TEXT}}
ACCESS, SECRET = "ak-0123456789abcdef0123456789", "sk-kling-0123456789abcdef0123456789"
ALLOWED = {PURPOSE: Purpose("127.0.0.1")}


@dataclass
class Caller:
    """Calls the emulators as anybody may."""

    transport: httpx.AsyncBaseTransport
    sandbox: Sandbox
    studio: CannedStudio

    @property
    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.transport)

    async def send(self, method: str, path: str, key: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url = self.sandbox.url + path
        answer = await self.client.request(method, url, json=body, headers=headers, extensions=ALLOWED)
        found: dict[str, Any] = answer.json()
        return answer.status_code, found

    async def kling(self, path: str, body: Any, key: str = "kl-1") -> tuple[int, dict[str, Any]]:
        return await self.send("POST", f"/kling/v1/{path}", key, body)

    async def alad(self, call: str, body: Any, key: str = "al-1") -> tuple[int, dict[str, Any]]:
        return await self.send("POST", f"/alad/kling/v1/videos/{call}", key, body)

    async def gateway(self, body: Any, key: str = "gw-1") -> tuple[int, dict[str, Any]]:
        return await self.send("POST", "/kling_gateway/kling/v1/videos/lip-sync", key, body)

    async def ended(self, path: str, key: str) -> dict[str, Any]:
        """The answer about a task once nothing is under way any more."""
        await asyncio.gather(*(run.task for run in self.sandbox.runs.ledger if run.task))
        status, body = await self.send("GET", path, key)
        assert status == 200
        return body

    async def session(self, name: str = "kling") -> str:
        """The session of a face that was found."""
        call = self.alad if name == "alad" else self.kling
        status, body = await call("identify-face" if name == "alad" else "videos/identify-face", {"video_url": CLIP})
        assert status == 200
        return str(body["data"]["session_id"])

    @property
    def paid(self) -> list[str]:
        return [run.order.makes for run in self.sandbox.runs.ledger]


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with Sandbox() as sandbox, open_transport({sandbox.host}) as transport:
        sandbox.runs.studio = studio = CannedStudio()
        yield Caller(transport, sandbox, studio)


def dub(session: Any, **face: Any) -> dict[str, Any]:
    times = {"sound_start_time": 0, "sound_end_time": 3000, "sound_insert_time": 0}
    sound = {} if "audio_id" in face else {"sound_file": SOUND}
    return {"session_id": session, "face_choose": [{"face_id": "0", **sound, **times, **face}]}


def token(*, secret: str = SECRET, headers: dict[str, Any] | None = None, **claims: Any) -> str:
    now = int(time.time())
    return jwt.encode({"iss": ACCESS, "exp": now + 1800, "nbf": now - 5, **claims}, secret, "HS256", headers)


# --- Kling's own ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", 1001),
        ("kl-1", 1002),
        ("Basic kl-1", 1002),
        ("Bearer nobody", 1002),
        (f"Bearer {token(secret='sk-kling-somebody-elses-0123456789')}", 1002),
        (f"Bearer {token(iss='0123456789abcdef0123456789')}", 1002),
    ],
    ids=["none", "bare", "basic", "unknown", "another's secret", "no access key"],
)
async def test_kling_says_what_is_wrong_with_a_key(caller: Caller, header: str, code: int) -> None:
    assert await refusal_of(caller, header) == (401, code)


@pytest.mark.parametrize(
    ("claim", "seconds", "code"), [("nbf", 600, 1003), ("exp", -1, 1004)], ids=["not yet", "expired"]
)
async def test_kling_says_when_a_key_is_out_of_its_time(caller: Caller, claim: str, seconds: int, code: int) -> None:
    # The token is made here: one made with the parameters would be as old as the whole test run.
    claims: dict[str, Any] = {claim: time.time() + seconds}
    assert await refusal_of(caller, f"Bearer {token(**claims)}") == (401, code)


async def refusal_of(caller: Caller, header: str) -> tuple[int, int]:
    """What Kling answers to somebody with this `Authorization`: the status, and the code in the body."""
    headers = {"Authorization": header} if header else {}
    url = f"{caller.sandbox.url}/kling/account/costs?start_time=1&end_time=2"
    answer = await caller.client.get(url, headers=headers, extensions=ALLOWED)
    return answer.status_code, answer.json()["code"]


async def test_kling_takes_a_signed_token_as_the_account_of_its_access_key(caller: Caller) -> None:
    status, body = await caller.kling("videos/lip-sync", LEGACY, token())
    assert status == 200
    path = f"/kling/v1/videos/lip-sync/{body['data']['task_id']}"
    assert (await caller.send("GET", path, token(exp=int(time.time()) + 900)))[0] == 200
    assert (await caller.send("GET", path, "kl-1"))[0] == 404


@pytest.mark.parametrize("path", ["videos/lip-sync", "videos/identify-face", "videos/advanced-lip-sync", "audio/tts"])
async def test_an_account_that_has_used_up_its_package_is_told_so_before_anything_else(
    caller: Caller, path: str
) -> None:
    status, body = await caller.kling(path, {}, "kl-poor")
    assert (status, body["code"]) == (429, 1102)
    assert caller.paid == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"video_id": "1", "video_url": CLIP},
        {"video_url": "v.mp4"},
        {"video_url": 7},
        {"video_url": CLIP, "mode": "fast"},
        [],
    ],
    ids=["none", "both", "no address", "a number", "unknown field", "a list"],
)
async def test_the_face_call_takes_exactly_one_clip(caller: Caller, body: Any) -> None:
    status, answer = await caller.kling("videos/identify-face", body)
    assert (status, answer["code"] in {1200, 1201}) == (400, True)
    assert caller.paid == []


@pytest.mark.parametrize(
    "clip",
    [Clip(1.5, 1280, 720), Clip(61.0, 1280, 720), Clip(5.0, 1280, 500), Clip(5.0, 2200, 720)],
    ids=["short", "long", "small", "large"],
)
@pytest.mark.parametrize("name", ["kling", "alad"])
async def test_a_clip_that_does_not_fit_is_refused_by_the_face_call(caller: Caller, clip: Clip, name: str) -> None:
    caller.studio.clip = clip
    call = caller.alad if name == "alad" else caller.kling
    status, body = await call("identify-face" if name == "alad" else "videos/identify-face", {"video_url": CLIP})
    assert (status, body["code"]) == (400, 1201)
    assert "human detection" in body["message"]


async def test_a_face_is_answered_at_once_with_its_interval(caller: Caller) -> None:
    status, body = await caller.kling("videos/identify-face", {"video_url": CLIP})
    assert (status, body["code"], body["message"]) == (200, 0, "SUCCEED")
    assert int(body["data"]["session_id"]) > 2**53
    [face] = body["data"]["face_data"]
    assert (face["face_id"], face["start_time"], face["end_time"]) == ("0", 0, 5000)


@pytest.mark.parametrize(
    "changes",
    [
        {"text": ""},
        {"text": "x" * 1001},
        {"voice_id": "nobody"},
        {"voice_language": "de"},
        {"voice_language": "zh"},
        {"voice_speed": 0.7},
        {"voice_speed": 1.25},
        {"voice_speed": "1"},
        {"pitch": 1},
    ],
    ids=["no text", "long text", "voice", "language", "voice of another", "slow", "decimals", "a string", "unknown"],
)
async def test_the_speech_call_refuses_what_cannot_be_spoken(caller: Caller, changes: dict[str, Any]) -> None:
    status, body = await caller.kling("audio/tts", {**SPOKEN, **changes})
    assert (status, body["code"] in {1200, 1201}) == (400, True)
    assert caller.paid == []


async def test_faces_are_found_however_the_path_is_written(caller: Caller) -> None:
    for call in ("Identify-face", "IDENTIFY-FACE"):
        status, body = await caller.kling(f"videos/{call}", {"video_url": CLIP})
        assert (status, body["code"]) == (200, 0)


@pytest.mark.parametrize(("method", "path"), [("POST", "v1/videos/no-such-call"), ("PUT", "v1/videos/lip-sync")])
async def test_an_unknown_path_or_method_is_refused_in_klings_envelope(caller: Caller, method: str, path: str) -> None:
    status, body = await caller.send(method, f"/kling/{path}", "kl-1", {})
    assert (status, body["code"], set(body)) == (404, 1202, {"code", "message", "request_id"})


async def test_a_speech_of_the_longest_text_is_answered_at_once(caller: Caller) -> None:
    status, body = await caller.kling("audio/tts", {**SPOKEN, "text": "x" * 1000})
    assert (status, body["data"]["task_status"]) == (200, "succeed")
    assert {"created_at", "updated_at"} <= set(body["data"])
    [audio] = body["data"]["task_result"]["audios"]
    assert int(audio["id"]) > 2**53
    assert audio["url"].endswith(".mp3")
    assert audio["duration"] == "3.000"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"external_task_id": 7}, "external_task_id: must be a string"),
        ({"external_task_id": [HANDLE]}, "external_task_id: must be a string"),
        ({"sound_file": SOUND}, "sound_file: unknown field"),
        ({"session_id": None}, "not found"),
    ],
)
async def test_the_advanced_call_refuses_fields_of_the_wrong_kind(
    caller: Caller, changes: dict[str, Any], words: str
) -> None:
    body = {**dub(await caller.session()), **changes}
    status, answer = await caller.kling("videos/advanced-lip-sync", body)
    assert (status, answer["code"] in {1200, 1201}) == (400, True)
    assert words in answer["message"]
    assert caller.paid == ["face"]


async def test_an_own_id_is_taken_once_per_account(caller: Caller) -> None:
    mine = {**dub(await caller.session()), "external_task_id": HANDLE}
    status, first = await caller.kling("videos/advanced-lip-sync", mine)
    assert (status, first["data"]["task_info"]["external_task_id"]) == (200, HANDLE)
    status, again = await caller.kling("videos/advanced-lip-sync", mine)
    assert (status, again["code"]) == (400, 1201)
    _, face = await caller.kling("videos/identify-face", {"video_url": CLIP}, "kl-2")
    theirs = {**dub(face["data"]["session_id"]), "external_task_id": HANDLE}
    assert (await caller.kling("videos/advanced-lip-sync", theirs, "kl-2"))[0] == 200
    assert caller.paid == ["face", "video", "face", "video"]


async def test_a_task_is_found_by_its_own_id_and_by_ours(caller: Caller) -> None:
    body = {**dub(await caller.session()), "external_task_id": HANDLE}
    _, made = await caller.kling("videos/advanced-lip-sync", body)
    task = made["data"]["task_id"]
    for name in (task, HANDLE):
        found = await caller.ended(f"/kling/v1/videos/advanced-lip-sync/{name}", "kl-1")
        assert (found["data"]["task_id"], found["data"]["task_status"]) == (task, "succeed")
        assert found["data"]["task_result"]["videos"][0]["url"].endswith(f"{task}.mp4")
    assert (await caller.send("GET", f"/kling/v1/videos/lip-sync/{HANDLE}", "kl-1"))[0] == 404


@pytest.mark.parametrize("path", ["lip-sync", "advanced-lip-sync"])
async def test_only_videos_are_tasks(caller: Caller, path: str) -> None:
    _, speech = await caller.kling("audio/tts", SPOKEN)
    for name in (await caller.session(), speech["data"]["task_id"], "1", HANDLE):
        status, body = await caller.send("GET", f"/kling/v1/videos/{path}/{name}", "kl-1")
        assert (status, body["code"]) == (404, 1203)


async def test_sessions_and_speeches_belong_to_one_account(caller: Caller) -> None:
    session = await caller.session()
    _, speech = await caller.kling("audio/tts", SPOKEN)
    audio = speech["data"]["task_result"]["audios"][0]["id"]
    _, theirs = await caller.kling("videos/identify-face", {"video_url": CLIP}, "kl-2")
    for body, key in (
        (dub(session), "kl-2"),
        (dub(theirs["data"]["session_id"], audio_id=audio), "kl-2"),
        (dub(audio), "kl-1"),
        (dub(session, audio_id=session), "kl-1"),
    ):
        status, answer = await caller.kling("videos/advanced-lip-sync", body, key)
        assert (status, answer["code"]) == (400, 1201)
    assert "video" not in caller.paid


@pytest.mark.parametrize("seconds", [3.1234, 3.1236])
async def test_a_speech_may_be_used_to_the_end_that_was_told_of_it(caller: Caller, seconds: float) -> None:
    caller.studio.speech_seconds = seconds
    provider = Kling(Http(caller.transport), caller.sandbox.provider_urls["kling"])
    yields: dict[str, str] = {}
    for stage in ("face", "speech"):
        call = Submission(stage, text_request("long_text"), HANDLE, yields, {"api_key": "kl-1"})
        answer = await provider.submit(call)
        assert isinstance(answer, Done)
        yields |= answer.yields
    call = Submission("dub", text_request("long_text"), HANDLE, yields, {"api_key": "kl-1"})
    assert isinstance(await provider.submit(call), Accepted)
    beyond = dub(yields["session_id"], audio_id=yields["audio_id"], sound_end_time=round(seconds * 1000) + 1)
    status, body = await caller.kling("videos/advanced-lip-sync", beyond)
    assert (status, body["message"]) == (400, "sound_end_time: longer than the sound")


async def test_a_task_that_fails_says_why_and_has_no_result(caller: Caller) -> None:
    caller.studio.clip = Clip(12.0, 1280, 720)
    status, body = await caller.kling("videos/lip-sync", LEGACY)
    assert (status, body["data"]["task_status"]) == (200, "submitted")
    found = await caller.ended(f"/kling/v1/videos/lip-sync/{body['data']['task_id']}", "kl-1")
    assert (found["code"], found["data"]["task_status"]) == (0, "failed")
    assert "12.0 s is not within 2 to 10 s" in found["data"]["task_status_msg"]
    assert "task_result" not in found["data"]


# --- A gateway --------------------------------------------------------------------------------------------------

REFUSED_INPUTS: list[tuple[Any, str]] = [
    ({}, "input.mode: must not be null"),
    ({"input": {}}, "input.mode: must not be null"),
    ({"input": {"mode": "sing"}}, "input.mode: allowed values: text2video, audio2video"),
    ({"input": {"mode": "text2video"}}, "video_id or video_url is required"),
    ({"input": {"mode": "audio2video", "video_url": CLIP}}, "Audio type is null"),
    ({"input": {**AUDIO, "video_url": CLIP, "audio_type": "tape"}}, "input.audioType: allowed values: file, url"),
    ({"input": {"mode": "text2video", "video_url": CLIP}}, "text is required"),
    ({"input": {**TEXT, "video_url": CLIP, "voice_language": None}}, "Voice language not found"),
    ({"input": {**TEXT, "video_url": CLIP, "voice_language": "de"}}, "input.voiceLanguage: allowed values: zh, en"),
    ({"input": {**TEXT, "video_url": CLIP, "voice_id": "nobody"}}, "Voice id not found"),
]


@pytest.mark.parametrize(("body", "words"), REFUSED_INPUTS, ids=range(len(REFUSED_INPUTS)))
async def test_a_gateway_refuses_in_the_words_of_kling(caller: Caller, body: Any, words: str) -> None:
    status, answer = await caller.gateway(body)
    assert (status, answer["code"], answer["message"]) == (400, 1201, words)
    status, answer = await caller.gateway(body, "gw-newapi-1")
    assert (status, answer) == (400, {"code": "invalid_request", "message": words, "data": None})
    assert caller.paid == []


@pytest.mark.parametrize("given", [TEXT, AUDIO], ids=["text", "audio"])
async def test_a_gateway_answers_as_kling_or_as_its_own_family_does(caller: Caller, given: dict[str, Any]) -> None:
    body = {"input": {"video_url": CLIP, **given}}
    path = "/kling_gateway/kling/v1/videos/lip-sync"
    _, made = await caller.gateway(body)
    assert (made["code"], made["data"]["task_status"]) == (0, "submitted")
    found = await caller.ended(f"{path}/{made['data']['task_id']}", "gw-1")
    assert (found["code"], found["data"]["task_status"]) == (0, "succeed")
    _, flat = await caller.gateway(body, "gw-newapi-1")
    assert (flat["object"], flat["status"]) == ("video", "queued")
    found = await caller.ended(f"{path}/{flat['task_id']}", "gw-newapi-1")
    assert (found["code"], found["data"]["status"]) == ("success", "SUCCESS")
    assert found["data"]["data"]["data"]["task_result"]["videos"][0]["url"].endswith(".mp4")


async def test_a_gateway_knows_only_the_accounts_own_tasks(caller: Caller) -> None:
    _, made = await caller.gateway(LEGACY)
    path = f"/kling_gateway/kling/v1/videos/lip-sync/{made['data']['task_id']}"
    status, body = await caller.send("GET", path, "gw-2")
    assert (status, body["code"]) == (404, 1203)
    status, body = await caller.send("GET", path, "gw-newapi-1")
    assert (status, body["code"], body["data"]) == (400, "task_not_exist", None)
    for key in ("", "kl-1"):
        status, body = await caller.send("GET", path, key)
        assert (status, body["error"]["message"]) == (401, "invalid token")


@pytest.mark.parametrize("key", ["gw-1", "gw-newapi-1"])
async def test_the_adapter_reads_both_families_to_the_end(caller: Caller, key: str) -> None:
    provider = KlingGateway(Http(caller.transport, {caller.sandbox.host}))
    credentials = {"api_key": key, "address": f"{caller.sandbox.url}/kling_gateway/kling/v1/"}
    await provider.check_key(credentials)
    accepted = await provider.submit(Submission("lipsync", text_request("text"), HANDLE, {}, credentials))
    while isinstance(answer := await provider.poll("lipsync", accepted.remote, credentials), Waiting):
        await asyncio.sleep(0.005)
    assert isinstance(answer, Done)
    assert answer.yields["video_url"].endswith(".mp4")


@pytest.mark.parametrize(
    "address",
    [
        "ftp://api.example.com",
        "api.example.com",
        "https://",
        "https://host:port",
        "https://host:99999",
        "https://exa mple.com",
        "https://a..b",
        f"https://{'a' * 64}.com",
        "https://[::1",
        "https://api.example.com?key=1",
        "https://api.example.com#top",
        "https://me:secret@api.example.com",
        "https://api\n.example.com",
    ],
)
async def test_what_is_no_address_of_a_gateway_is_refused_before_anything_is_sent(address: str) -> None:
    async with open_transport() as transport:
        with pytest.raises(BadAddress, match="must look like"):
            await KlingGateway(Http(transport)).check_key({"api_key": "gw-1", "address": address})


# --- ai.alad.com ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", [TEXT, AUDIO], ids=["text", "audio"])
async def test_alad_creates_flat_and_answers_two_levels_deep(caller: Caller, given: dict[str, Any]) -> None:
    status, made = await caller.alad("advanced-lip-sync", {"session_id": await caller.session("alad"), "input": given})
    assert (status, made["object"], made["status"], made["created_at"]) == (200, "video", "", 1_722_769_557)
    found = await caller.ended(f"/alad/kling/v1/videos/advanced-lip-sync/{made['task_id']}", "al-1")
    assert (found["code"], found["data"]["status"]) == ("success", "SUCCESS")
    inner = found["data"]["data"]
    assert (inner["code"], inner["data"]["task_status"]) == (0, "succeed")
    assert inner["data"]["task_result"]["videos"][0]["url"].endswith(".mp4")
    assert caller.paid == ["face", "video"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "input: must not be null"),
        ({**SPOKEN}, "input.mode: allowed values"),
        ({**TEXT, "text": "x" * 121}, "between 0 and 120"),
        ({**TEXT, "voice_id": "girlfriend_1_cn"}, "Voice id not found"),
        ({**TEXT, "audio_url": SOUND}, "audio_url: unknown field"),
        ({**TEXT, "video_url": CLIP}, "video_url: unknown field"),
        ({**AUDIO, "audio_url": "https://cdn.example/a.ogg"}, "allowed formats"),
        ({**AUDIO, "audio_url": None}, "must be a URL"),
    ],
)
async def test_alad_refuses_what_is_not_text_or_sound(caller: Caller, given: Any, words: str) -> None:
    status, body = await caller.alad("advanced-lip-sync", {"session_id": await caller.session("alad"), "input": given})
    assert (status, body["code"]) in {(400, 1200), (400, 1201)}
    assert words in body["message"]
    assert caller.paid == ["face"]


async def test_alad_takes_sessions_of_the_same_account_only(caller: Caller) -> None:
    session = await caller.session("alad")
    for body, key in (
        ({"session_id": session, "input": TEXT}, "al-2"),
        ({"session_id": "1", "input": TEXT}, "al-1"),
        ({"input": TEXT}, "al-1"),
    ):
        status, answer = await caller.alad("advanced-lip-sync", body, key)
        assert (status, answer["message"]) == (400, "session_id: not found")
    assert caller.paid == ["face"]


async def test_alad_knows_only_videos_of_the_account_as_tasks(caller: Caller) -> None:
    session = await caller.session("alad")
    _, made = await caller.alad("advanced-lip-sync", {"session_id": session, "input": TEXT})
    for name, key in ((session, "al-1"), ("1", "al-1"), (made["task_id"], "al-2")):
        status, body = await caller.send("GET", f"/alad/kling/v1/videos/advanced-lip-sync/{name}", key)
        assert (status, body["code"]) == (404, "task_not_exist")


@pytest.mark.parametrize("call", ["identify-face", "advanced-lip-sync"])
async def test_alad_knows_keys_and_credit(caller: Caller, call: str) -> None:
    status, body = await caller.alad(call, {}, "kl-1")
    assert (status, body["error"]["message"]) == (401, "invalid token")
    status, body = await caller.alad(call, {}, "al-poor")
    assert (status, body["code"]) == (403, "insufficient_user_quota")
    assert caller.paid == []
