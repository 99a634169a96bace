"""What is special to RunComfy, against its emulator; the rest is in the contract suite."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from bot.net.client import Http
from bot.net.faults import BadKey, Gone
from bot.net.transport import open_transport
from bot.providers.base import Accepted, Done, Failed, Submission, Waiting
from bot.providers.runcomfy import RunComfy
from bot.sandbox.server import Sandbox
from bot.sandbox.studio import Unfit
from tests.canned import CannedStudio
from tests.providers.samples import audio_request, text_request

CREDENTIALS = {"api_key": "rc-canary-0001"}
TEXT, AUDIO = text_request("text"), audio_request("audio")


class Bench:
    """The adapter, its emulator, and shorthands."""

    def __init__(self, provider: RunComfy, sandbox: Sandbox) -> None:
        self.provider = provider
        self.sandbox = sandbox

    async def submit(self) -> Accepted:
        return await self.provider.submit(Submission("text", TEXT, "handle", {}, CREDENTIALS))

    async def poll(self, remote: str) -> Waiting | Done | Failed:
        return await self.provider.poll("text", remote, CREDENTIALS)

    async def end(self, remote: str) -> Done | Failed:
        while isinstance(answer := await self.poll(remote), Waiting):
            await asyncio.sleep(0.01)
        return answer


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with Sandbox() as sandbox, open_transport({sandbox.host}) as client:
        sandbox.runs.studio = CannedStudio()
        yield Bench(RunComfy(Http(client), sandbox.provider_urls["runcomfy"]), sandbox)


async def test_a_run_ends_with_the_videos_address_and_what_it_cost(bench: Bench) -> None:
    done = await bench.end((await bench.submit()).remote)
    assert isinstance(done, Done)
    assert done.yields["video_url"].startswith(f"{bench.sandbox.url}/files/")
    assert done.cost_usd == Decimal("0.05")


async def test_an_unknown_model_is_refused_as_a_wrong_identifier(bench: Bench) -> None:
    url = bench.sandbox.provider_urls["runcomfy"] + "/v1/models/kling/no-such-model"
    async with httpx.AsyncClient() as client:
        answer = await client.post(url, json={}, headers={"Authorization": "Bearer rc-1"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, 400001)


async def test_the_place_in_line_is_told(bench: Bench) -> None:
    bench.sandbox.runs.queue_seconds = 3600
    first, second = await bench.submit(), await bench.submit()
    assert await bench.poll(first.remote) == Waiting(position=1)
    assert await bench.poll(second.remote) == Waiting(position=2)


async def test_a_run_that_status_calls_completed_can_have_failed(bench: Bench) -> None:
    class Faceless(CannedStudio):
        async def dub(self, *_: object) -> None:
            raise Unfit("no face")

    bench.sandbox.runs.studio = Faceless()
    failed = await bench.end((await bench.submit()).remote)
    assert isinstance(failed, Failed)
    assert (failed.reason, failed.cost_usd) == ("provider_failed", Decimal(0))


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


async def test_the_price_is_asked_for_free_of_charge(bench: Bench) -> None:
    assert await bench.provider.price(TEXT, CREDENTIALS) == Decimal("0.05")
    assert await bench.provider.price(AUDIO, CREDENTIALS) == Decimal("0.05")
    assert bench.sandbox.runs.ledger == []


async def test_exactly_the_27_english_voices_are_offered(bench: Bench) -> None:
    assert len(bench.provider.voices) == 27
    assert {voice.language for voice in bench.provider.voices.values()} == {"en"}


async def test_another_accounts_run_is_not_shown(bench: Bench) -> None:
    accepted = await bench.submit()
    with pytest.raises(BadKey):
        await bench.provider.poll("text", accepted.remote, {"api_key": "rc-somebody-else"})
    with pytest.raises(Gone):
        await bench.poll("never-heard-of-it")


async def test_the_emulator_keeps_its_folder_tidy(bench: Bench) -> None:
    for _ in range(3):
        await bench.end((await bench.submit()).remote)
    assert not [path for path in Path(bench.sandbox._folder.name).iterdir() if path.is_dir()]
