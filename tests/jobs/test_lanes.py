"""Whose work holds up whose: nobody's calls, downloads or posts wait for what another server makes slow."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.jobs.lanes import Lanes
from bot.jobs.open_job import Delivering, OpenJob, Polling, Queued
from bot.net import download
from bot.net.client import Http
from bot.net.faults import NotAccepted
from bot.providers import load_providers
from bot.providers.base import Done
from storage.jobs.job import Position
from tests.scripted import outcome, scripted, start, until
from tests.words.test_job_card import a_job
from tests.world import World


def lane(**row: object) -> str:
    phase = row.pop("phase", Polling())
    lanes = Lanes(load_providers(Http(httpx.AsyncBaseTransport()), {}))
    return lanes.of(OpenJob(a_job(**row), phase)).name  # type: ignore[arg-type]


def test_gateways_of_two_servers_hold_up_each_other_no_more_than_two_providers_do() -> None:
    running = {"state": "running", "provider": "kling_gateway"}
    assert lane(**running, key_id=1) != lane(**running, key_id=2)
    assert lane(state="running", key_id=1) == lane(state="running", key_id=2)


def test_results_are_fetched_in_a_lane_of_their_own() -> None:
    ended = {"state": "succeeded", "ended_at": 1.0}
    assert lane(**ended, phase=Delivering(fetching=True)) == "downloads"
    assert lane(**ended, phase=Delivering()) == "discord"
    assert lane(**ended, phase=Delivering(needs_editing=True)) == "finishing"
    second = {"position": Position("lipsync", 2), "yields": {"1:video_url": "https://cdn.example/1.mp4"}}
    assert lane(**second, phase=Queued()) == "downloads"
    assert lane(**second, phase=Queued(gathered=True)) == "runcomfy"


async def test_a_result_that_drips_holds_up_no_post(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.jobs.lanes.DOWNLOADS_WIDTH", 4)
    monkeypatch.setattr("bot.jobs.lanes.LANE_WIDTH", 4)
    dripping, quick = scripted(world, name="dripping"), scripted(world, name="quick")
    dripping.on_poll = lambda *_: Done({"video_url": f"{world.sandbox.url}/files/made.mp4?slow"})
    forever, fetch = asyncio.Event(), Http.download
    held: list[str] = []

    async def drip(http: Http, url: str, target: Path, **how: Any) -> None:
        if url.endswith("?slow"):
            held.append(url)
            await forever.wait()
        await fetch(http, url, target, **how)

    monkeypatch.setattr(Http, "download", drip)
    for number in range(12):
        await start(world, number, "dripping")
    await until(lambda: len(held) == 3)  # of four places, one is left for others
    assert world.client.services.worker.open_jobs == 12
    dripping.on_poll = quick.on_poll
    forever.set()
    await world.quiet()


async def test_an_answer_that_comes_too_slowly_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "SPEED_SECONDS", 0.05)
    world.sandbox.faults.add("drip", "GET", "/files/*", times=1)
    provider = scripted(world)
    await start(world)
    assert (await outcome(world)).attachments  # from the second try
    assert provider.submits


def test_a_speed_that_is_enough_is_never_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 31.0, 31.0, 62.0])
    monkeypatch.setattr("time.monotonic", lambda: next(moments))
    speed = download._Speed()
    speed.check(31 * download.LEAST_SPEED)
    with pytest.raises(NotAccepted, match="bytes a second"):
        speed.check(1000)
