"""The emulated RunningHub: it answers in the documented form, and refuses what the documents don't allow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.sandbox.server import Sandbox
from bot.sandbox.studio import Clip
from tests.canned import CannedStudio

KEY = "rh-canary-0001"
CLIP = "https://cdn.example/v.mp4?ex=1"
SOUND = "https://cdn.example/a.mp3?ex=1"
FACE = {"videoUrl": CLIP}
SPEECH = {"text": "Hello", "voiceId": "oversea_male1", "voiceLanguage": "en"}
TIMES = {"soundStartTime": 0, "soundEndTime": 3000, "soundInsertTime": 0}
FIELDS = {
    "taskId",
    "status",
    "errorCode",
    "errorMessage",
    "failedReason",
    "usage",
    "results",
    "clientId",
    "promptTips",
}


class Caller:
    """Calls the emulator as anybody may."""

    def __init__(self, client: httpx.AsyncClient, sandbox: Sandbox) -> None:
        self.client = client
        self.sandbox = sandbox
        self.studio = CannedStudio()
        sandbox.runs.studio = self.studio

    async def post(self, path: str, body: Any, key: str = KEY) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        response = await self.client.post(f"{self.sandbox.url}/runninghub{path}", json=body, headers=headers)
        assert response.status_code == 200
        found: dict[str, Any] = response.json()
        return found

    async def call(self, name: str, body: Any, key: str = KEY) -> dict[str, Any]:
        return await self.post(f"/openapi/v2/kling-lip-sync/{name}", body, key)

    async def query(self, task: Any, key: str = KEY) -> dict[str, Any]:
        return await self.post("/openapi/v2/query", {"taskId": task}, key)

    async def finish(self, name: str, body: Any) -> dict[str, Any]:
        task = (await self.call(name, body))["taskId"]
        while (answer := await self.query(task))["status"] in {"QUEUED", "RUNNING"}:
            await asyncio.sleep(0.01)
        return answer

    async def session(self) -> str:
        made = await self.finish("identify-face", FACE)
        return str(json.loads(made["results"][1]["text"])["session_id"])

    async def sound(self) -> str:
        return str((await self.finish("tts", SPEECH))["results"][1]["text"])


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with Sandbox() as sandbox, httpx.AsyncClient() as client:
        yield Caller(client, sandbox)


def refused(answer: dict[str, Any], code: str) -> bool:
    """Whether this is an answer without a task, with that code and words for it."""
    return answer["taskId"] == "" and answer["errorCode"] == code and bool(answer["errorMessage"])


async def test_submitting_and_asking_are_answered_with_the_one_documented_object(caller: Caller) -> None:
    caller.sandbox.runs.queue_seconds = 3600
    submitted = await caller.call("identify-face", FACE)
    asked = await caller.query(submitted["taskId"])
    for answer in (submitted, asked, await caller.query("1")):
        assert set(answer) == FIELDS
    assert len(submitted["taskId"]) == 19
    assert submitted["taskId"].isdigit()
    assert (submitted["status"], asked["status"], submitted["results"]) == ("QUEUED", "QUEUED", None)
    assert (submitted["errorCode"], submitted["errorMessage"]) == ("", "")


async def test_a_face_is_told_as_json_inside_texts_for_as_long_as_the_clip_is(caller: Caller) -> None:
    made = await caller.finish("identify-face", FACE)
    picture, session, face = made["results"]
    assert (made["status"], picture["outputType"], picture["text"]) == ("SUCCESS", "jpg", None)
    assert list(json.loads(session["text"])) == ["session_id"]
    assert json.loads(face["text"]) == {"end_time": 5000, "face_id": "0", "start_time": 0}
    assert (session["url"], face["url"], session["outputType"]) == (None, None, "text")


async def test_speech_is_a_file_and_a_bare_id(caller: Caller) -> None:
    file, sound = (await caller.finish("tts", SPEECH))["results"]
    assert (file["outputType"], file["text"], sound["url"], sound["outputType"]) == ("mp3", None, None, "text")
    assert sound["text"].isdigit()
    assert (await caller.client.get(file["url"])).status_code == 200


@pytest.mark.parametrize("made", [True, False])
async def test_a_lip_synced_video_is_a_file(caller: Caller, made: bool) -> None:
    sound = {"audioId": await caller.sound()} if made else {"audioUrl": SOUND}
    body = {"sessionId": await caller.session(), "faceId": "0", **sound, **TIMES}
    (video,) = (await caller.finish("lip-sync-video", body))["results"]
    assert (video["outputType"], video["text"]) == ("mp4", None)
    assert (await caller.client.get(video["url"])).status_code == 200


async def test_a_clip_that_cannot_be_used_fails_late_and_in_words(caller: Caller) -> None:
    caller.studio.clip = Clip(1.0, 1280, 720)
    failed = await caller.finish("identify-face", FACE)
    assert (failed["status"], failed["errorCode"], failed["results"]) == ("FAILED", "1013", None)
    assert "1.0 s" in failed["errorMessage"]
    assert failed["taskId"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("identify-face", {}),
        ("identify-face", {"videoUrl": None, "videoId": None}),
        ("identify-face", {"videoUrl": CLIP, "videoId": "1"}),
        ("identify-face", {"videoId": "1"}),
        ("identify-face", {"videoUrl": "not an address"}),
        ("identify-face", {"videoUrl": "https://cdn.example/v.webm"}),
        ("identify-face", {"video_url": CLIP}),
        ("identify-face", {**FACE, "more": 1}),
        ("identify-face", [FACE]),
        ("tts", {"voiceId": "oversea_male1", "voiceLanguage": "en"}),
        ("tts", {**SPEECH, "text": ""}),
        ("tts", {**SPEECH, "text": "x" * 1001}),
        ("tts", {**SPEECH, "voiceId": "nobody"}),
        ("tts", {**SPEECH, "voiceLanguage": "fr"}),
        ("tts", {**SPEECH, "voiceLanguage": "zh"}),
        ("tts", {"text": "Hello", "voiceId": "oversea_male1"}),
        ("tts", {**SPEECH, "voiceSpeed": 0.7}),
        ("tts", {**SPEECH, "voiceSpeed": 2.1}),
        ("tts", {**SPEECH, "voiceSpeed": 1.25}),
        ("tts", {**SPEECH, "voiceSpeed": "1.0"}),
    ],
)
async def test_a_form_that_is_not_as_documented_is_refused_and_costs_nothing(
    caller: Caller, name: str, body: Any
) -> None:
    assert refused(await caller.call(name, body), "1007")
    assert caller.sandbox.runs.ledger == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"sessionId": "1"},
        {"sessionId": 1},
        {"sessionId": None},
        {"faceId": "7"},
        {"faceId": None},
        {"audioUrl": None},
        {"audioId": "1"},
        {"audioUrl": None, "audioId": "1"},
        {"audioUrl": "https://cdn.example/a.ogg"},
        {"soundEndTime": 0},
        {"soundEndTime": 1999},
        {"soundStartTime": 1001},
        {"soundStartTime": -1},
        {"soundEndTime": "3000"},
        {"soundInsertTime": None},
        {"soundEndTime": 5001},
        {"soundInsertTime": 2001},
        {"soundVolume": 2.1},
        {"originalAudioVolume": -0.1},
    ],
)
async def test_a_lip_sync_that_is_not_as_documented_is_refused_and_costs_nothing(
    caller: Caller, wrong: dict[str, Any]
) -> None:
    right = {"sessionId": await caller.session(), "faceId": "0", "audioUrl": SOUND, **TIMES}
    assert refused(await caller.call("lip-sync-video", {**right, **wrong}), "1007")
    assert len(caller.sandbox.runs.ledger) == 1
    assert (await caller.call("lip-sync-video", right))["errorCode"] == ""


@pytest.mark.parametrize(("seconds", "end"), [(3.0, 3200), (1.5, 2000), (61.0, 3000)])
async def test_made_speech_is_held_to_its_own_length(caller: Caller, seconds: float, end: int) -> None:
    caller.studio.speech_seconds = seconds
    sound = {"audioId": await caller.sound(), **TIMES, "soundEndTime": end}
    answer = await caller.call("lip-sync-video", {"sessionId": await caller.session(), "faceId": "0", **sound})
    assert refused(answer, "1007")


async def test_a_session_is_no_sound_and_a_sound_no_session(caller: Caller) -> None:
    session, sound = await caller.session(), await caller.sound()
    swapped = {"sessionId": sound, "faceId": "0", "audioUrl": SOUND, **TIMES}
    assert refused(await caller.call("lip-sync-video", swapped), "1007")
    swapped = {"sessionId": session, "faceId": "0", "audioId": session, **TIMES}
    assert refused(await caller.call("lip-sync-video", swapped), "1007")


async def test_another_accounts_tasks_sessions_and_sounds_are_not_known(caller: Caller) -> None:
    session = await caller.session()
    task = caller.sandbox.runs.ledger[0].id
    body = {"sessionId": session, "faceId": "0", "audioUrl": SOUND, **TIMES}
    assert refused(await caller.query(task, "rh-somebody-else"), "1007")
    assert refused(await caller.call("lip-sync-video", body, "rh-somebody-else"), "1007")
    assert (await caller.query(task))["status"] == "SUCCESS"
    assert refused(await caller.query(int(task)), "1007")


@pytest.mark.parametrize(
    ("key", "code"), [("", "1601"), ("sk-1", "1002"), ("rh-normal-1", "1014"), ("rh-poor-1", "812")]
)
async def test_a_key_that_may_not_is_refused_by_its_code(caller: Caller, key: str, code: str) -> None:
    for name, body in (("identify-face", FACE), ("tts", SPEECH)):
        assert refused(await caller.call(name, body, key), code)
    assert caller.sandbox.runs.ledger == []


async def test_the_account_is_told_to_the_key_in_the_body_only(caller: Caller) -> None:
    path = "/uc/openapi/accountStatus"
    found = await caller.post(path, {"apikey": KEY}, key="")
    assert (found["code"], found["msg"], found["data"]["apiType"]) == (0, "success", "SHARED")
    assert (await caller.post(path, {"apikey": "rh-normal-1"}))["data"]["apiType"] == "NORMAL"
    assert (await caller.post(path, {"apikey": "rh-poor-1"}))["data"]["remainMoney"] == "0"
    assert (await caller.post(path, {"apiKey": KEY}))["code"] == 1601
    assert (await caller.post(path, {"apikey": "sk-1"}))["code"] == 802


async def test_an_uploaded_file_is_kept_and_told_about(caller: Caller) -> None:
    url = f"{caller.sandbox.url}/runninghub/openapi/v2/media/upload/binary"
    headers = {"Authorization": f"Bearer {KEY}"}
    kept = (await caller.client.post(url, files={"file": ("a.mp3", b"a sound")}, headers=headers)).json()
    assert (kept["code"], kept["message"]) == (0, "success")
    assert (kept["data"]["type"], kept["data"]["size"]) == ("audio", "7")
    assert (await caller.client.get(kept["data"]["download_url"])).content == b"a sound"
    wrong = (await caller.client.post(url, files={"video": ("a.mp3", b"a sound")}, headers=headers)).json()
    assert (wrong["code"], wrong["data"]) == (301, None)
    assert refused((await caller.client.post(url, files={"file": ("a.mp3", b"a sound")})).json(), "1601")
    assert caller.sandbox.runs.ledger == []
