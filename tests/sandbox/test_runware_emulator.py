"""Runware's emulator: how strict it is, and the vendor's own SDK going through its flow against it."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from runware import Runware, RunwareError
from runware.types.task_map import AudioInferenceResult, MediaStorageResultUpload, VideoInferenceResult
from runware.utils.file import file_to_data_uri

from bot.sandbox.server import Sandbox
from bot.sandbox.studio import Clip
from tests.canned import CannedStudio

KEY = "rw-canary-0001"
CLIP, SOUND = "https://cdn.example/v.mp4", "https://cdn.example/a.mp3"
DATA_URI = "data:audio/mpeg;base64," + b64encode(b"a sound").decode()


def lipsync(**more: Any) -> dict[str, Any]:
    task = {"taskType": "videoInference", "taskUUID": str(uuid4()), "model": "klingai:7@1"}
    return {**task, "inputs": {"video": CLIP, "audio": SOUND}, "deliveryMethod": "async", **more}


def speech(*, settings: Any = None, **more: Any) -> dict[str, Any]:
    task = {"taskType": "audioInference", "taskUUID": str(uuid4()), "model": "minimax:speech@2.8"}
    words = {"text": "Hello", "voice": "English_CalmWoman", **more}
    return {**task, "speech": words, "settings": settings or {}, "deliveryMethod": "async"}


def upload(media: str) -> dict[str, Any]:
    return {"taskType": "mediaStorage", "taskUUID": str(uuid4()), "operation": "upload", "media": media}


class Bench:
    """The emulator as a customer without any SDK sees it."""

    def __init__(self, client: httpx.AsyncClient, sandbox: Sandbox) -> None:
        self.client = client
        self.sandbox = sandbox
        self.url = f"{sandbox.url}/runware"
        self.studio = CannedStudio()
        sandbox.runs.studio = self.studio

    async def post(self, body: Any, key: str | None = KEY) -> tuple[int, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        response = await self.client.post(self.url, json=body, headers=headers)
        answer: dict[str, Any] = response.json()
        return response.status_code, answer

    async def refused(self, task: Any, key: str | None = KEY) -> tuple[int, str, str | None]:
        """The status, the code and the parameter of a refusal, which costs nothing."""
        paid = len(self.sandbox.runs.ledger)
        status, answer = await self.post([task], key)
        (entry,) = answer["errors"]
        assert answer["data"] == []
        assert len(self.sandbox.runs.ledger) == paid
        return status, entry["code"], entry.get("parameter")

    async def ended(self, task: dict[str, Any], key: str = KEY) -> dict[str, Any]:
        """What is told of an accepted task when it is over."""
        _, answer = await self.post([task], key)
        assert answer == {"data": [{"taskType": task["taskType"], "taskUUID": task["taskUUID"]}]}
        while True:
            _, answer = await self.post([{"taskType": "getResponse", "taskUUID": task["taskUUID"]}], key)
            told: dict[str, Any] = (*answer["data"], *answer.get("errors", []))[0]
            if told.get("status") != "processing":
                return told
            await asyncio.sleep(0.005)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Sandbox() as sandbox, httpx.AsyncClient() as client:
        yield Bench(client, sandbox)


@pytest.mark.parametrize(
    ("body", "code"),
    [(lipsync(), "invalidRequest"), ([], "invalidRequest"), (["words"], "invalidRequest"), (None, "invalidJSON")],
)
async def test_only_an_array_of_tasks_is_taken(bench: Bench, body: Any, code: str) -> None:
    status, answer = await bench.post(body)
    assert (status, answer["errors"][0]["code"]) == (400, code)


@pytest.mark.parametrize("key", [None, "wrong"])
async def test_a_key_is_needed(bench: Bench, key: str | None) -> None:
    assert await bench.refused(lipsync(), key) == (401, "invalidApiKey", "apiKey")


async def test_the_first_task_may_bring_the_key(bench: Bench) -> None:
    status, answer = await bench.post([{"taskType": "authentication", "apiKey": KEY}, lipsync()], key=None)
    assert (status, len(answer["data"])) == (200, 1)
    assert bench.sandbox.runs.ledger[0].account == KEY


@pytest.mark.parametrize(
    ("task", "code", "parameter"),
    [
        (lipsync(taskType="lipSync"), "invalidTaskType", "taskType"),
        (lipsync(taskUUID="job-1"), "invalidTaskUUID", "taskUUID"),
        (lipsync(taskUUID="019c42a0-c3ff-7138-be83-ee257abc5331"), "invalidTaskUUID", "taskUUID"),
        (lipsync(model="klingai:7@2"), "invalidModel", "model"),
        (lipsync(positivePrompt="a cat"), "unknownParameter", "positivePrompt"),
        (lipsync(duration=5), "unknownParameter", "duration"),
        (lipsync(inputs={"video": CLIP}), "missingAudio", "inputs.audio"),
        (lipsync(inputs={"video": CLIP, "audio": SOUND, "image": CLIP}), "unknownParameter", "inputs.image"),
        (lipsync(inputs={"video": CLIP, "audio": "a.mp3"}), "invalidAudio", "inputs.audio"),
        (lipsync(inputs={"video": str(uuid4()), "audio": SOUND}), "invalidVideo", "inputs.video"),
        (lipsync(outputFormat="AVI"), "invalidOutputFormat", "outputFormat"),
        (lipsync(deliveryMethod="later"), "invalidDeliveryMethod", "deliveryMethod"),
        (lipsync(includeCost="yes"), "invalidIncludeCost", "includeCost"),
        (
            lipsync(providerSettings={"klingai": {"soundVolume": 2.1}}),
            "invalidSoundVolume",
            "providerSettings.klingai.soundVolume",
        ),
        (
            lipsync(providerSettings={"klingai": {"originalAudioVolume": "1"}}),
            "invalidOriginalAudioVolume",
            "providerSettings.klingai.originalAudioVolume",
        ),
        (lipsync(providerSettings={"kling": {}}), "unknownParameter", "providerSettings.kling"),
        (speech(voice="en:English_CalmWoman"), "invalidVoice", "speech.voice"),
        (speech(text=""), "invalidText", "speech.text"),
        (speech(speed=2.5), "invalidSpeed", "speech.speed"),
        (speech(speed=0.4), "invalidSpeed", "speech.speed"),
        (speech(language="en"), "unknownParameter", "speech.language"),
        (speech(settings={"languageBoost": "English"}), "invalidLanguageBoost", "settings.languageBoost"),
        (upload("not base64!"), "invalidMedia", "media"),
        ({**upload(DATA_URI), "operation": "lend"}, "invalidOperation", "operation"),
        (
            {"taskType": "accountManagement", "taskUUID": str(uuid4())},
            "missingOperation",
            "operation",
        ),
        ({"taskType": "getResponse"}, "missingTaskUUID", "taskUUID"),
    ],
)
async def test_a_wrong_task_is_refused_as_it_would_be_in_the_world(
    bench: Bench, task: dict[str, Any], code: str, parameter: str
) -> None:
    assert await bench.refused(task) == (400, code, parameter)


async def test_a_refusal_tells_all_that_is_documented(bench: Bench) -> None:
    task = lipsync(duration=5)
    _, answer = await bench.post([task])
    (entry,) = answer["errors"]
    assert (entry["taskType"], entry["taskUUID"]) == ("videoInference", task["taskUUID"])
    assert entry["message"]
    assert entry["documentation"].startswith("https://runware.ai/docs/")


async def test_a_task_id_is_taken_once_by_an_account(bench: Bench) -> None:
    task = lipsync()
    await bench.post([task])
    assert await bench.refused(task) == (400, "conflictTaskUUID", "taskUUID")
    assert await bench.refused({**upload(DATA_URI), "taskUUID": task["taskUUID"]}) == (
        400,
        "conflictTaskUUID",
        "taskUUID",
    )
    status, _ = await bench.post([task], key="rw-somebody-else")
    assert status == 200
    assert len(bench.sandbox.runs.ledger) == 2


async def test_a_refused_task_may_be_sent_again_under_its_id(bench: Bench) -> None:
    task = lipsync()
    await bench.refused({**task, "duration": 5})
    assert (await bench.ended(task))["status"] == "success"


async def test_an_account_without_credit_may_ask_and_upload_but_not_buy(bench: Bench) -> None:
    poor = "rw-poor-canary-0001"
    assert await bench.refused(lipsync(), poor) == (402, "insufficientCredits", None)
    assert await bench.refused(speech(), poor) == (402, "insufficientCredits", None)
    details = {"taskType": "accountManagement", "taskUUID": str(uuid4()), "operation": "getDetails"}
    _, answer = await bench.post([upload(DATA_URI), details], poor)
    assert [item["taskType"] for item in answer["data"]] == ["mediaStorage", "accountManagement"]
    assert answer["data"][1]["balance"]["amount"] == 0


async def test_one_array_may_hold_good_and_bad_tasks(bench: Bench) -> None:
    good, bad = lipsync(), lipsync(duration=5)
    status, answer = await bench.post([good, bad])
    assert status == 200
    assert [item["taskUUID"] for item in answer["data"]] == [good["taskUUID"]]
    assert [entry["taskUUID"] for entry in answer["errors"]] == [bad["taskUUID"]]


async def test_a_task_is_told_of_under_its_own_type_and_with_a_cost_where_that_was_asked_for(bench: Bench) -> None:
    bench.sandbox.runs.queue_seconds = 3600
    waiting = lipsync()
    await bench.post([waiting])
    _, answer = await bench.post([{"taskType": "getResponse", "taskUUID": waiting["taskUUID"]}])
    told = {"taskType": "videoInference", "taskUUID": waiting["taskUUID"], "status": "processing", "progress": 0}
    assert answer == {"data": [told]}
    bench.sandbox.runs.queue_seconds = 0
    assert "cost" not in await bench.ended(lipsync())
    done = await bench.ended(lipsync(includeCost=True))
    assert (done["status"], done["cost"]) == ("success", 0.0462)
    assert set(done) <= {"status", *VideoInferenceResult.__annotations__}


async def test_a_task_that_nobody_sent_or_that_is_anothers_is_told_nothing_of(bench: Bench) -> None:
    task = lipsync()
    await bench.ended(task)
    asked = {"taskType": "getResponse", "taskUUID": task["taskUUID"]}
    assert await bench.post([asked], key="rw-somebody-else") == (200, {"data": []})
    assert await bench.post([{**asked, "taskUUID": str(uuid4())}]) == (200, {"data": []})


async def test_the_record_of_a_finished_task_holds_its_request_and_its_reply(bench: Bench) -> None:
    task = lipsync()
    done = await bench.ended(task)
    _, answer = await bench.post([{"taskType": "getTaskDetails", "taskUUID": task["taskUUID"]}])
    (record,) = answer["data"]
    assert (record["taskType"], record["taskUUID"]) == ("getTaskDetails", task["taskUUID"])
    assert (record["request"], record["response"]) == (task, {"data": [done]})


async def test_there_is_no_record_of_a_task_that_runs_is_unknown_or_is_anothers(bench: Bench) -> None:
    done, waiting = lipsync(), lipsync()
    await bench.ended(done)
    bench.sandbox.runs.queue_seconds = 3600
    await bench.post([waiting])
    missing = (404, "taskFailedOrNotFound", "taskUUID")
    for task, key in ((waiting, KEY), (lipsync(), KEY), (done, "rw-somebody-else")):
        assert await bench.refused({"taskType": "getTaskDetails", "taskUUID": task["taskUUID"]}, key) == missing


async def test_what_was_made_or_uploaded_is_an_input_of_its_account_only(bench: Bench) -> None:
    _, answer = await bench.post([upload(DATA_URI)])
    (kept,) = answer["data"]
    assert set(kept) <= set(MediaStorageResultUpload.__annotations__)
    made = await bench.ended(speech())
    assert set(made) <= {"status", *AudioInferenceResult.__annotations__}
    for sound in (kept["mediaUUID"], made["audioUUID"]):
        inputs = {"video": CLIP, "audio": sound}
        assert (await bench.ended(lipsync(inputs=inputs)))["status"] == "success"
        assert await bench.refused(lipsync(inputs=inputs), "rw-somebody-else") == (400, "invalidAudio", "inputs.audio")
    used = [run.order.audio_url for run in bench.sandbox.runs.ledger if run.order.makes == "video"]
    assert used == [kept["mediaURL"], made["audioURL"]]
    not_a_clip = lipsync(inputs={"video": made["audioUUID"], "audio": SOUND})
    assert await bench.refused(not_a_clip) == (400, "invalidVideo", "inputs.video")


@pytest.mark.parametrize(
    ("media", "ending", "held"),
    [
        (DATA_URI, ".mp3", b"a sound"),
        (b64encode(b"a sound").decode(), "", b"a sound"),
        (SOUND, ".mp3", f"the file behind {SOUND}".encode()),
    ],
)
async def test_a_file_is_taken_as_a_data_uri_as_bare_base64_or_from_its_address(
    bench: Bench, media: str, ending: str, held: bytes
) -> None:
    _, answer = await bench.post([upload(media)])
    address = answer["data"][0]["mediaURL"]
    assert address.endswith(ending)
    assert (await bench.client.get(address)).content == held


async def test_a_synchronous_task_is_told_of_at_once(bench: Bench) -> None:
    _, answer = await bench.post([lipsync(deliveryMethod="sync")])
    assert answer["data"][0]["videoURL"].startswith(f"{bench.sandbox.url}/files/")


@pytest.fixture
async def sdk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Runware]:
    """The vendor's client, which asks for no schemas and doesn't rest between its polls."""

    async def no_rest(_seconds: float, _cancel: object) -> None:
        await asyncio.sleep(0.005)

    monkeypatch.setattr("runware.client._interruptible_sleep", no_rest)
    options: dict[str, Any] = {"transport": "rest", "http_base_url": bench.url, "validate": False, "max_retries": 0}
    async with Runware(api_key=KEY, **options) as client:
        yield client


async def test_the_vendors_sdk_uploads_speaks_and_makes_a_video(bench: Bench, sdk: Runware) -> None:
    (clip,) = await sdk.media_storage(
        {
            "taskType": "mediaStorage",
            "taskUUID": str(uuid4()),
            "operation": "upload",
            "media": file_to_data_uri(b"clip"),
        }
    )
    (sound,) = await sdk.run({**speech(settings={"languageBoost": "en"}), "includeCost": True})
    assert sound["cost"] == 0.0003
    inputs = {"video": clip["mediaUUID"], "audio": sound["audioUUID"]}
    settings = {"klingai": {"soundVolume": 1.5, "originalAudioVolume": 0.5}}
    (video,) = await sdk.run(lipsync(inputs=inputs, providerSettings=settings, includeCost=True, outputFormat="MP4"))
    assert video["cost"] == 0.0462
    assert (await bench.client.get(video["videoURL"])).status_code == 200
    made = bench.sandbox.runs.ledger[1].order
    assert (made.audio_url, made.volume, made.own_volume) == (sound["audioURL"], 1.5, 0.5)
    (again,) = await sdk.get_response({"taskType": "getResponse", "taskUUID": video["taskUUID"]})
    assert again == video
    (account,) = await sdk.account_management(
        {"taskType": "accountManagement", "taskUUID": str(uuid4()), "operation": "getDetails"}
    )
    assert account["organizationName"] == "Sandbox"


async def test_the_vendors_sdk_understands_how_a_task_fails(bench: Bench, sdk: Runware) -> None:
    bench.studio.clip = Clip(5.0, 320, 240)
    with pytest.raises(RunwareError, match="320x240") as caught:
        await sdk.run(lipsync())
    assert (caught.value.code, caught.value.task_type) == ("provider", "videoInference")
    assert caught.value.task_uuid == bench.sandbox.runs.ledger[0].handle


async def test_the_vendors_sdk_understands_refusals(bench: Bench, sdk: Runware) -> None:
    task = lipsync()
    await sdk.run(task)
    for wrong, parameter in ((task, "taskUUID"), (lipsync(duration=5), "duration")):
        with pytest.raises(RunwareError) as caught:
            await sdk.run(wrong)
        assert (caught.value.code, caught.value.status_code) == ("validation", 400)
        assert caught.value.parameter == parameter
    assert len(bench.sandbox.runs.ledger) == 1
    for key, code, status in (("rw-poor-canary", "quota", 402), ("wrong", "auth", 401)):
        options: dict[str, Any] = {"transport": "rest", "http_base_url": bench.url, "max_retries": 0}
        async with Runware(api_key=key, **options) as client:
            with pytest.raises(RunwareError) as caught:
                await client.run(lipsync())
        assert (caught.value.code, caught.value.status_code) == (code, status)
