"""What is counted beside the moves of jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import Counter

from bot.app.monitoring.discord_calls import count_discord_calls
from bot.app.monitoring.loop_lag import LOOK_SECONDS, measure_lag
from bot.app.monitoring.metrics import OTHER_OUTCOMES, Metrics
from bot.app.monitoring.provider_calls import count_calls
from bot.domain.edits import ClipEdit
from bot.fair_queue import Owner
from bot.media.edit_queue import AT_ONCE, EditQueue
from bot.media.pool import WorkerPool
from bot.net.faults import RateLimited
from bot.providers.base import Waiting
from bot.words.failures import FAILURES
from tests.app.still_clock import StillClock
from tests.scripted import Scripted, until


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(["scripted"])


def counted(metrics: Metrics, name: str, **labels: str) -> float | None:
    """The value of a sample."""
    return metrics.registry.get_sample_value(f"mouthpiece_{name}", labels)


def test_every_failure_begins_at_0_under_the_outcome_that_it_has(metrics: Metrics) -> None:
    assert set(OTHER_OUTCOMES) <= set(FAILURES)
    for failure in FAILURES:
        outcome = OTHER_OUTCOMES.get(failure, "failed")
        assert counted(metrics, "jobs_ended_total", provider="scripted", outcome=outcome, failure=failure) == 0


async def test_a_call_to_a_provider_counts_by_what_became_of_it(metrics: Metrics) -> None:
    answers = iter([Waiting(), RateLimited("slow"), ZeroDivisionError("ours")])
    provider = Scripted("https://scripted.example/video.mp4")
    provider.on_poll = lambda *_: next(answers)
    count_calls(provider, metrics.provider_calls)
    assert await provider.poll("only", "remote", {}) == Waiting()
    for error in (RateLimited, ZeroDivisionError):
        with pytest.raises(error):
            await provider.poll("only", "remote", {})
    for result in ("ok", RateLimited.code, "error"):
        found = counted(metrics, "provider_calls_total", provider=provider.name, call="poll", result=result)
        assert found == 1, result


@pytest.fixture
async def site(unused_tcp_port: int) -> AsyncIterator[str]:
    """Answers with the status that its path says."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=int(request.match_info["status"]))

    app = web.Application()
    app.router.add_get("/{status}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
    yield f"http://127.0.0.1:{unused_tcp_port}"
    await runner.cleanup()


async def test_a_call_to_discord_counts_by_its_status(metrics: Metrics, site: str) -> None:
    trace = aiohttp.TraceConfig()
    count_discord_calls(trace, metrics.discord_calls)
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        for status in (200, 429, 429, 502):
            async with session.get(f"{site}/{status}"):
                pass
        with pytest.raises(aiohttp.ClientError):
            await session.get("http://127.0.0.1:1/")
    found = {status: counted(metrics, "discord_calls_total", status=status) for status in ("200", "429", "502", "none")}
    assert found == {"200": 1, "429": 2, "502": 1, "none": 1}


async def test_the_lag_of_the_event_loop_is_how_much_too_late_it_wakes(metrics: Metrics) -> None:
    clock = StillClock()
    measuring = asyncio.create_task(measure_lag(metrics.loop_lag, clock))
    for late in (0.0, 0.2):
        await clock.until_asleep()
        clock.go_on(LOOK_SECONDS + late)
    await clock.until_asleep()
    measuring.cancel()
    assert counted(metrics, "event_loop_lag_seconds_count") == 2
    assert counted(metrics, "event_loop_lag_seconds_sum") == pytest.approx(0.2)


class HeldPool:
    """Holds every edit until it is let go."""

    def __init__(self) -> None:
        self.under_way = 0
        self.go_on = asyncio.Event()

    async def run(self, *_: Any, writes: Path, **__: Any) -> None:
        self.under_way += 1
        await self.go_on.wait()
        writes.write_bytes(b"made")


async def test_edits_are_counted_while_they_wait_and_when_they_are_made(metrics: Metrics, tmp_path: Path) -> None:
    pool = HeldPool()
    queue = EditQueue(cast("WorkerPool", pool), metrics.edits.labels("preparing").time)
    edit = ClipEdit(seconds=2.0, width=720, height=720, most_bytes=1_000_000)
    edits = [queue.editor(Owner(guild, 1)).clip(Path("clip"), edit, tmp_path / str(guild)) for guild in range(5)]
    making = asyncio.gather(*edits)
    await until(lambda: pool.under_way == AT_ONCE)
    assert queue.waiting == 5 - AT_ONCE
    assert counted(metrics, "edit_seconds_count", queue="preparing") == 0
    pool.go_on.set()
    await making
    assert queue.waiting == 0
    assert counted(metrics, "edit_seconds_count", queue="preparing") == 5


def test_no_metric_has_a_label_for_a_server_or_a_person(metrics: Metrics) -> None:
    labels = {name for value in vars(metrics).values() if isinstance(value, Counter) for name in value._labelnames}
    assert labels == {"provider", "outcome", "failure", "call", "result", "status"}
