"""A marked key goes through every way of failing, and is nowhere afterwards but in the request that needed it."""

from __future__ import annotations

import gc
import logging
from typing import Any

import aiohttp
import pytest

from bot.app.heartbeats import Heartbeats
from bot.app.http_server.health import health_routes
from bot.app.http_server.server import serving
from bot.app.monitoring.gauges import Gauges
from bot.domain.voices import voices_of
from bot.jobs.roles import ROLES
from bot.providers.base import Submission
from bot.sandbox.faults import Kind
from tests.providers.samples import Sample, all_samples
from tests.world import World

SAMPLES = [pytest.param(sample, id=sample.provider.name) for sample in all_samples()]
ECHO = '{"code": 1, "error_code": 1, "errorCode": "1", "message": "bad token SECRET", "errorMessage": "SECRET"}'
ANSWERS: tuple[tuple[Kind, int, str], ...] = (
    ("answer", 401, ECHO),
    ("answer", 400, ECHO),
    ("answer", 500, ECHO),
    ("answer", 200, ECHO),
    ("answer", 200, "<html>SECRET</html>"),
    ("answer", 429, ECHO),
    ("cut before", 0, ""),
    ("cut after", 0, ""),
    ("truncate", 0, ""),
)
LINE = "A line that is long enough to be spoken."


def english_voice(sample: Sample) -> str:
    return next(key for key in voices_of(sample.provider.name) if key.startswith("en:"))


async def everything_said(world: World) -> str:
    """All that left towards Discord, all that is in the bot's folder, and its metrics."""
    said = [str((call.path, call.json)) for call in world.env.http_requests if "modal" not in str(call.path)]
    folder = world.parts.job_files.folder.parent
    stored = [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]
    metrics_url = "http://127.0.0.1:8099/metrics"
    heartbeats = Heartbeats(world.client, folder / "bot.db", world.parts.stores.installation, world.clock)
    gauges = Gauges(world.client, heartbeats, world.parts, ROLES, world.clock)
    async with (
        serving(health_routes(heartbeats, gauges), "127.0.0.1", 8099),
        aiohttp.request("GET", metrics_url) as response,
    ):
        metrics = await response.text()
    return "\n".join([*said, *stored, metrics])


@pytest.mark.parametrize("sample", SAMPLES)
async def test_no_way_of_failing_gives_a_key_away(
    world: World, sample: Sample, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for logger in ("bot", "storage", "cogs", "httpx", "aiosqlite", "aiohttp"):
        caplog.set_level(logging.DEBUG, logger)
    name = sample.provider.name
    values = [sample.credentials.get(part.name, "") for part in sample.provider.credentials]
    raised: list[str] = []
    monkeypatch.setattr("bot.jobs.transitions.log", Spy(raised))
    secret = next(value for value in values if "canary" in value)
    for kind, status, answer in ANSWERS:
        body = answer.replace("SECRET", secret)
        for times in (1, 4):  # the key's test, the submission, and polls
            world.sandbox.faults.clear()
            assert "canary" not in await world.fill_key_form(name, values)
            world.sandbox.faults.add(kind, path=f"/{name}*", status=status, body=body, times=times)
            assert "canary" not in await world.text(text=LINE, voice=english_voice(sample), provider=name)
            await world.quiet()
            world.sandbox.faults.add(kind, path=f"/{name}*", status=status, body=body, times=1)
            assert "canary" not in await world.fill_key_form(name, values)
    assert "canary" not in caplog.text
    assert "canary" not in "".join(raised)
    assert "canary" not in await everything_said(world)


async def test_plain_keys_are_in_memory_only_while_a_call_needs_them(world: World) -> None:
    await world.add_key("rc-canary-once-0001")
    await world.text()
    await world.quiet()
    gc.collect()
    dicts = (thing for thing in gc.get_objects() if type(thing) is dict and "api_key" in thing)
    held = [thing for thing in dicts if thing["api_key"] == "rc-canary-once-0001"]
    assert held == []


def test_no_repr_shows_a_credential() -> None:
    for sample in all_samples():
        submit = sample.submits[0]
        call = Submission(submit.stage, submit.request, "handle", {}, sample.credentials)
        assert "canary" not in repr(call)
        assert "canary" not in str(call)


class Spy:
    """A logger that keeps what it is given, with the arguments in full."""

    def __init__(self, kept: list[str]) -> None:
        self._kept = kept

    def __getattr__(self, _: str) -> Any:
        return lambda *given, **more: self._kept.append(repr((given, more)))
