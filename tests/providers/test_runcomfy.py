"""RunComfy's adapter against its emulator: the request that leaves, and the value or fault that comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from bot.errors import (
    BadKey,
    Gone,
    InputRejected,
    NotAccepted,
    OutOfCredit,
    ProviderError,
    RateLimited,
    UnknownOutcome,
)
from bot.providers.base import Accepted, Done, Failed, Media, Request, Submission, Waiting
from bot.providers.http import Http
from bot.providers.runcomfy import RunComfy
from bot.providers.transport import open_client
from bot.sandbox.server import Sandbox
from bot.voices import catalogue
from tests.world import KEY, canned

CREDENTIALS = {"api_key": KEY}
VIDEO = Media(url="https://cdn.example/v.mp4?sig=1", name="v.mp4", size=10)
TEXT = Request(mode="text", video=VIDEO, text="Hello", voice="en:oversea_male1", speed=1.2)
AUDIO = Request(mode="audio", video=VIDEO, audio=Media(url="https://cdn.example/a.mp3", name="a.mp3", size=10))


class Bench:
    """The adapter, its emulator, and shorthands."""

    def __init__(self, provider: RunComfy, sandbox: Sandbox) -> None:
        self.provider = provider
        self.sandbox = sandbox

    async def submit(self, request: Request = TEXT, **credentials: str) -> Accepted:
        return await self.provider.submit(
            Submission(request.mode, request, "handle", {}, {**CREDENTIALS, **credentials})
        )

    async def poll(self, remote: str, **credentials: str) -> Waiting | Done | Failed:
        return await self.provider.poll("text", remote, {**CREDENTIALS, **credentials})

    async def end(self, remote: str) -> Done | Failed:
        while isinstance(answer := await self.poll(remote), Waiting):
            await asyncio.sleep(0.01)
        return answer

    def answer(self, method: str, path: str, body: str, status: int = 200, **more: Any) -> None:
        self.sandbox.faults.add("answer", method, path, status=status, body=body, **more)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Sandbox() as sandbox, open_client({sandbox.host}) as client:
        sandbox.runs.render = canned
        yield Bench(RunComfy(Http(client), f"{sandbox.url}/runcomfy"), sandbox)


async def test_a_text_is_sent_field_by_field_as_documented(bench: Bench) -> None:
    accepted = await bench.submit()
    (run,) = bench.sandbox.runs.ledger
    assert accepted == Accepted(run.id)
    assert (run.account, run.order.video_url, run.order.text) == (KEY, VIDEO.url, "Hello")
    assert (run.order.voice_id, run.order.language, run.order.speed) == ("oversea_male1", "en", 1.2)


async def test_a_recording_is_sent_field_by_field_as_documented(bench: Bench) -> None:
    await bench.submit(AUDIO)
    (run,) = bench.sandbox.runs.ledger
    assert (run.order.video_url, run.order.audio_url) == (VIDEO.url, "https://cdn.example/a.mp3")


async def test_a_run_ends_with_the_videos_address_and_what_it_cost(bench: Bench) -> None:
    done = await bench.end((await bench.submit()).remote)
    assert isinstance(done, Done)
    assert done.yields["video_url"].startswith(f"{bench.sandbox.url}/files/")
    assert done.cost_usd == Decimal("0.05")


async def test_the_place_in_line_is_told(bench: Bench) -> None:
    bench.sandbox.runs.queue_seconds = 3600
    first, second = await bench.submit(), await bench.submit()
    assert await bench.poll(first.remote) == Waiting(position=1)
    assert await bench.poll(second.remote) == Waiting(position=2)


async def test_a_run_that_status_calls_completed_can_have_failed(bench: Bench) -> None:
    async def fetch_nothing(_: str) -> bytes:
        return b""

    bench.sandbox.runs.render = bench.sandbox.runs._render
    bench.sandbox.runs._fetch = fetch_nothing
    failed = await bench.end((await bench.submit()).remote)
    assert isinstance(failed, Failed)
    assert failed.reason == "provider_failed"
    assert failed.cost_usd == Decimal(0)


async def test_a_queued_run_is_cancelled_and_a_running_one_honestly_not(bench: Bench) -> None:
    bench.sandbox.runs.queue_seconds = 3600
    queued = await bench.submit()
    assert await bench.provider.cancel("text", queued.remote, CREDENTIALS)
    assert await bench.poll(queued.remote) == Failed("cancelled_by_provider")
    bench.sandbox.runs.queue_seconds, bench.sandbox.runs.work_seconds = 0, 3600
    running = await bench.submit()
    while bench.sandbox.runs.ledger[-1].status != "in_progress":
        await asyncio.sleep(0)
    assert not await bench.provider.cancel("text", running.remote, CREDENTIALS)


async def test_a_key_is_checked_and_the_price_asked_free_of_charge(bench: Bench) -> None:
    await bench.provider.check_key(CREDENTIALS)
    assert await bench.provider.price(TEXT, CREDENTIALS) == Decimal("0.05")
    assert await bench.provider.price(AUDIO, CREDENTIALS) == Decimal("0.05")
    with pytest.raises(BadKey):
        await bench.provider.check_key({"api_key": "wrong"})
    assert bench.sandbox.runs.ledger == []


async def test_exactly_the_27_english_voices_are_offered(bench: Bench) -> None:
    assert len(bench.provider.voices) == 27
    assert {voice.language for voice in bench.provider.voices.values()} == {"en"}
    assert len(catalogue()) == 62


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (400, '{"error_code": 400001, "error_message": "InvalidResourceIdentifier"}', Gone),
        (400, '{"error_code": 400002, "error_message": "InsufficientResources"}', OutOfCredit),
        (400, '{"code": 400004, "error": "UserAccountError"}', BadKey),
        (401, '{"error_code": 400004, "message": "UserAccountError"}', BadKey),
        (401, '{"error_code": 401001}', BadKey),
        (403, '{"error_code": 403001, "error_message": "PermissionDeniedError"}', BadKey),
        (403, '{"error_code": 403003}', BadKey),
        (404, '{"error_code": 404001, "error_message": "ResourceNotFound"}', Gone),
        (422, '{"error_code": 422001, "detail": [{"loc": ["text"], "msg": "too long"}]}', InputRejected),
        (422, '{"detail": "no code at all"}', InputRejected),
        (402, "{}", OutOfCredit),
        (401, "[]", BadKey),
        (429, "{}", RateLimited),
        (200, '{"error_code": 400002, "error_message": "an error in spite of HTTP 200"}', OutOfCredit),
        (500, '{"error_code": 500001}', UnknownOutcome),
        (500, '{"error_code": 10001}', UnknownOutcome),
        (200, '{"error_code": 500001}', UnknownOutcome),
        (200, '{"error_code": 99999}', UnknownOutcome),
        (200, "{}", UnknownOutcome),
        (200, "[]", UnknownOutcome),
        (200, '{"request_id": {"a": 1}}', UnknownOutcome),
        (200, "<html>", UnknownOutcome),
    ],
)
async def test_every_documented_error_of_a_paid_request_becomes_its_fault(
    bench: Bench, status: int, body: str, fault: type[ProviderError]
) -> None:
    bench.answer("POST", "*/models/*", body, status)
    with pytest.raises(ProviderError) as caught:
        await bench.submit()
    assert type(caught.value) is fault
    assert bench.sandbox.runs.ledger == []


@pytest.mark.parametrize("kind", ["cut before", "cut after", "truncate"])
async def test_a_lost_answer_to_a_paid_request_is_an_unknown_outcome(bench: Bench, kind: Any) -> None:
    bench.sandbox.faults.add(kind, "POST", "*/models/*")
    with pytest.raises(UnknownOutcome):
        await bench.submit()
    assert len(bench.sandbox.runs.ledger) <= 1


@pytest.mark.parametrize("kind", ["cut before", "cut after", "truncate"])
async def test_a_lost_answer_to_a_poll_may_be_asked_again(bench: Bench, kind: Any) -> None:
    accepted = await bench.submit()
    bench.sandbox.faults.add(kind, "GET", "*/status", times=9)
    with pytest.raises(NotAccepted):
        await bench.poll(accepted.remote)
    bench.sandbox.faults.clear()
    assert isinstance(await bench.end(accepted.remote), Done)


async def test_a_slow_answer_is_an_answer(bench: Bench) -> None:
    bench.sandbox.faults.add("drip", "POST", "*/models/*")
    assert (await bench.submit()).remote == bench.sandbox.runs.ledger[0].id


async def test_another_accounts_run_is_not_shown(bench: Bench) -> None:
    accepted = await bench.submit()
    with pytest.raises(BadKey):
        await bench.poll(accepted.remote, api_key="rc-somebody-else")
    with pytest.raises(Gone):
        await bench.poll("never-heard-of-it")


@pytest.mark.parametrize("word", ["pending", "waiting", "starting", "processing", "IN_PROGRESS", "something new", ""])
async def test_a_word_that_is_no_end_means_still_running(bench: Bench, word: str) -> None:
    accepted = await bench.submit()
    bench.answer("GET", "*/status", f'{{"status": "{word}"}}')
    assert await bench.poll(accepted.remote) == Waiting()


@pytest.mark.parametrize("word", ["completed", "Completed", "succeeded", "SUCCESS"])
@pytest.mark.parametrize(
    "output",
    [
        '{"video": "https://r/x.mp4"}',
        '{"video": {"url": "https://r/x.mp4"}}',
        '{"videos": ["https://r/x.mp4"]}',
        '{"videos": [{"url": "https://r/x.mp4"}], "images": []}',
        '{"video": null, "videos": "https://r/x.mp4"}',
    ],
)
async def test_the_video_is_found_wherever_the_output_has_it(bench: Bench, word: str, output: str) -> None:
    accepted = await bench.submit()
    bench.answer("GET", "*/status", f'{{"status": "{word}"}}')
    bench.answer("GET", "*/result", f'{{"status": "{word}", "output": {output}}}')
    assert await bench.poll(accepted.remote) == Done({"video_url": "https://r/x.mp4"})


@pytest.mark.parametrize(
    ("result", "ended"),
    [
        ('{"status": "succeeded", "output": {}}', Failed("provider_failed", "no video")),
        ('{"status": "succeeded"}', Failed("provider_failed", "no video")),
        ('{"status": "completed", "error": "no face"}', Failed("provider_failed", "no face")),
        ('{"status": "failed", "cost": 0}', Failed("provider_failed", "failed", Decimal(0))),
        ('{"status": "canceled"}', Failed("cancelled_by_provider")),
        ('{"status": "in_progress"}', Waiting()),
    ],
)
async def test_the_result_decides_how_a_run_ended(bench: Bench, result: str, ended: Failed | Waiting) -> None:
    accepted = await bench.submit()
    bench.answer("GET", "*/status", '{"status": "completed"}')
    bench.answer("GET", "*/result", result)
    assert await bench.poll(accepted.remote) == ended


async def test_no_fault_gives_the_key_away(bench: Bench) -> None:
    bench.answer("POST", "*/models/*", f'{{"error_code": 400004, "error_message": "bad token {KEY}"}}', 401)
    with pytest.raises(BadKey) as caught:
        await bench.submit()
    assert "canary" not in f"{caught.value!r} {caught.value} {caught.value.detail}"
    call = Submission("text", TEXT, "handle", {}, CREDENTIALS)
    assert "canary" not in repr(call)
