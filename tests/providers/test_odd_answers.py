"""Odd answers that a review found: none loses a paid run, gives a key away, or hangs a job."""

from __future__ import annotations

import pytest

from bot.net.client import Http
from bot.net.faults import BadKey, InputRejected, NotAccepted, ProviderError, UnknownOutcome
from bot.net.transport import open_transport
from bot.providers._faces import face_found
from bot.providers.base import Done, Failed, Provider, Submission, Waiting
from bot.providers.kling_gateway import KlingGateway
from bot.providers.runcomfy import RunComfy
from tests.providers.far_end import far_end
from tests.providers.samples import HANDLE, Reply, Sample, all_samples, text_request

SAMPLES = [pytest.param(sample, id=sample.provider.name) for sample in all_samples()]
VIDEO = '"output": {"video": "https://r/x.mp4"}'


async def answer(kind: type[Provider], body: str, stage: str = "text", status: int = 200) -> object:
    async with far_end() as end, open_transport({end.host}) as transport:
        end.says(Reply(body, status))
        return await kind(Http(transport), end.base_url).poll(stage, "1", {"api_key": "x-canary-0001"})


@pytest.mark.parametrize(
    "field",
    ['"cost": {"usd": 0.05}', '"cost": ""', '"cost": "$0.05"', '"queue_position": ""', '"queue_position": 1.5',
     '"outcome": null', '"error": ""'],
)  # fmt: skip
async def test_an_odd_courtesy_field_loses_no_finished_run(field: str) -> None:
    done = await answer(RunComfy, f'{{"status": "succeeded", {VIDEO}, {field}}}')
    assert isinstance(done, Done)
    assert done.yields == {"video_url": "https://r/x.mp4"}


async def test_a_created_run_is_accepted_whatever_its_status_says() -> None:
    async with far_end() as end, open_transport({end.host}) as transport:
        end.says(Reply('{"request_id": "9f", "status": null, "output": "x"}'))
        call = Submission("text", text_request("text"), HANDLE, {}, {"api_key": "rc-canary-0001"})
        assert (await RunComfy(Http(transport), end.base_url).submit(call)).remote == "9f"


@pytest.mark.parametrize(
    ("body", "gives"),
    [
        ('{"code": 0, "data": {"task_status": "failed", "task_result": {"videos": [{"url": "https://r/x"}]}}}', Failed),
        (
            '{"code": 0, "data": {"task_status": "processing", "task_result": {"videos": [{"url": "https://r/x"}]}}}',
            Waiting,
        ),
        ('{"code": 0, "data": {"task_status": "succeed", "task_result": {"videos": [{"url": {"a": 1}}]}}}', Failed),
        ('{"code": 0, "data": {"task_status": "succeed", "task_result": {"videos": [{"url": "https://r/x"}]}}}', Done),
    ],
)
async def test_the_word_counts_before_the_address(body: str, gives: type) -> None:
    assert isinstance(await answer(KlingGateway, body, "lipsync"), gives)


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("body", ["[" * 100_000, '{"data": ' * 50_000])
async def test_nesting_without_end_is_an_answer_like_any_other(sample: Sample, body: str) -> None:
    submit, poll = sample.submits[0], sample.polls[0]
    async with far_end() as end, open_transport({end.host}) as transport:
        provider = sample.provider(Http(transport), end.base_url)
        end.says(Reply(body))
        with pytest.raises(UnknownOutcome):
            await provider.submit(Submission(submit.stage, submit.request, HANDLE, submit.yields, sample.credentials))
        with pytest.raises(NotAccepted):
            await provider.poll(poll.stage, poll.remote, sample.credentials)


async def test_a_key_is_masked_however_its_signs_are_escaped() -> None:
    async with far_end() as end, open_transport({end.host}) as transport:
        end.says(Reply('{"error_code": 1, "message": "bad key sk-canary\\/def+x==, half \\ud83d"}', 400))
        with pytest.raises(ProviderError) as caught:
            await RunComfy(Http(transport), end.base_url).check_key({"api_key": "sk-canary/def+x=="})
    assert "canary" not in caught.value.detail
    caught.value.detail.encode()


@pytest.mark.parametrize(
    ("body", "status", "fault"),
    [
        ('{"code": "invalid_api_key", "message": "x"}', 200, BadKey),
        ('{"code": "invalid_api_key", "message": "x"}', 400, BadKey),
        ('{"error": "invalid token"}', 200, BadKey),
        ('{"message": "Not Found"}', 404, InputRejected),
        ('{"error": {"message": "Invalid URL (GET /v2/kling)", "type": "invalid_request_error"}}', 404, InputRejected),
    ],
)
async def test_a_gateways_key_test_tells_a_bad_key_and_a_wrong_address(
    body: str, status: int, fault: type[ProviderError]
) -> None:
    async with far_end() as end, open_transport({end.host}) as transport:
        end.says(Reply(body, status))
        with pytest.raises(fault):
            await KlingGateway(Http(transport), end.base_url).check_key({"api_key": "gw-canary-0001", "address": "x"})


@pytest.mark.parametrize(
    ("faces", "start"),
    [
        (
            [{"face_id": "0", "start_time": 0, "end_time": 900}, {"face_id": "1", "start_time": 100, "end_time": 5000}],
            "100",
        ),
        ([{"face_id": "0", "start_time": "00:00:01", "end_time": None}], "0"),
        ([{"face_id": "0", "start_time": "nan"}], "0"),
    ],
)
def test_a_face_is_one_that_is_seen_long_enough(faces: list[dict[str, object]], start: str) -> None:
    found = face_found("1", faces, 8.0)
    assert isinstance(found, Done)
    assert found.yields["face_start"] == start


def test_a_face_that_is_seen_too_shortly_is_said_before_anything_else_is_paid() -> None:
    found = face_found("1", [{"face_id": "0", "start_time": 0, "end_time": 1500}], 8.0)
    assert found == Failed("input_rejected", "the face is seen for less than 2 s")
