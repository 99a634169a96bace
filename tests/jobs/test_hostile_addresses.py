"""Addresses that a hostile provider or gateway answers with: the job ends at once, and nothing private is reached."""

from __future__ import annotations

from functools import partial

import pytest

from bot.files.incoming import Incoming
from bot.providers.base import Done
from tests.jobs.steps.test_submit import LINE, RUNNINGHUB
from tests.net.test_client import counting
from tests.scripted import outcome, row, scripted, start
from tests.world import World

NONE = (
    "https://u:canary@x.example/v.mp4",
    "https://xn--a/v.mp4",
    "https://a..b/v.mp4",
    "https://[::1/v.mp4",
    "https://x.example/" + "v" * 10_000,
    "https://x.example/\x1b[2K\n.mp4",
    "\ud800",
    "",
)
INSIDE = (
    "https://127.0.0.1/v.mp4",
    "https://[::7f00:1]/v.mp4",
    "http://x.example/v.mp4",
    "https://[64:ff9b:1::a00:1]/",
)


@pytest.mark.parametrize("url", NONE, ids=ascii)
async def test_a_result_without_an_address_ends_the_job_and_leaves_nothing_in_its_row(world: World, url: str) -> None:
    provider = scripted(world)
    provider.on_poll = lambda *_: Done({"video_url": url})
    job = await start(world)
    assert "couldn't download it" in (await outcome(world)).content
    ended = await row(world, job)
    assert (ended.state, ended.failure, dict(ended.yields)) == ("succeeded", "result_lost", {"video_url": ""})
    assert len(provider.polls) == 1


@pytest.mark.parametrize("url", INSIDE)
async def test_a_result_that_leads_inside_ends_the_job_at_once(world: World, url: str) -> None:
    provider = scripted(world)
    provider.on_poll = lambda *_: Done({"video_url": url})
    await start(world)
    assert "couldn't download it" in (await outcome(world)).content
    assert len(provider.polls) == 1


async def test_a_trusted_host_is_no_place_for_the_results_of_another_provider(world: World) -> None:
    provider = scripted(world)
    provider._http = world.parts.discord_files.at("https://scripted.example")
    async with counting() as (port, connections):
        provider.on_poll = lambda *_: Done({"video_url": f"http://127.0.0.1:{port}/v.mp4"})
        await start(world)
        assert "couldn't download it" in (await outcome(world)).content
        assert connections == []


@pytest.mark.parametrize("url", [*NONE[:4], INSIDE[0]], ids=ascii)
async def test_a_made_speech_without_a_usable_address_ends_the_job(world: World, url: str) -> None:

    await world.fill_key_form("runninghub", RUNNINGHUB)
    incoming = world.parts.incoming
    incoming.length = partial(Incoming.length, incoming)  # type: ignore[method-assign]  # the real one again
    provider = world.parts.providers["runninghub"]
    poll = provider.poll

    async def hostile(stage: str, remote: str, credentials: object) -> object:
        answer = await poll(stage, remote, credentials)  # type: ignore[arg-type]
        if isinstance(answer, Done) and stage == "speech":
            return Done({**answer.yields, "audio_url": url})
        return answer

    provider.poll = hostile  # type: ignore[method-assign,assignment]
    await world.text(text=LINE)
    assert not (await outcome(world)).attachments
    assert [run.order.makes for run in world.sandbox.runs.ledger] == ["face", "speech"]
