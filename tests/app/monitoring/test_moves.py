"""Twenty jobs, of which five fail in different ways: the log alone tells the story of each, and metrics count them."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from bot.app.logs import start_logging
from bot.app.monitoring.events import JobMoved
from bot.sandbox.emulators.runcomfy import PRICE_USD
from bot.sandbox.studio import Order, Unfit
from tests.canned import CannedStudio
from tests.world import KEY, World

TEXT = "A line that nobody else may read"
SUBMIT, STATUS = {"method": "POST", "path": "*/models/*"}, {"method": "GET", "path": "*/status"}
REFUSED = {"kind": "answer", "body": '{"error_code": 1, "error_message": "no"}'}
FIELDS = [
    *("job", "server", "provider", "key", "stage", "from", "to", "handle", "remote", "cost_usd", "charge", "seconds"),
    *("age", "failure"),
]
SUCCEEDS = ["none>queued", "queued>submitting", "submitting>running", "running>succeeded", "succeeded>closed"]
# What is sent wrong, and the moves and the failure that come of it.
FAILURES: list[tuple[dict[str, Any], list[str], str]] = [
    (
        {**REFUSED, **SUBMIT, "status": 500},
        ["none>queued", "queued>submitting", "submitting>unknown", "unknown>closed"],
        "unknown_outcome",
    ),
    (
        {**REFUSED, **SUBMIT, "status": 422},
        ["none>queued", "queued>submitting", "submitting>failed", "failed>closed"],
        "input_rejected",
    ),
    ({}, [*SUCCEEDS[:3], "running>failed", "failed>closed"], "provider_failed"),
    (
        {**REFUSED, **STATUS, "status": 404, "times": 3},
        [*SUCCEEDS[:3], "running>unknown", "unknown>closed"],
        "gone",
    ),
    (
        {**REFUSED, **SUBMIT, "status": 401},
        ["none>queued", "queued>submitting", "submitting>failed", "failed>closed"],
        "bad_key",
    ),
]


class PickyStudio(CannedStudio):
    """Makes every video but the `refused`."""

    refused = 0

    async def dub(self, order: Order, video: Path, audio: Path | None, target: Path) -> None:
        if self.refused:
            self.refused -= 1
            raise Unfit("no face")
        await super().dub(order, video, audio, target)


async def twenty_jobs(world: World) -> None:
    """Fifteen that succeed, and among them the five that don't."""
    world.sandbox.runs.studio = studio = PickyStudio()
    assert "works and is saved" in await world.add_key()
    for fault, _, failure in FAILURES:
        for _ in range(3):
            assert "is on its way" in await world.text(text=TEXT)
            await world.quiet()
        if fault:
            world.sandbox.faults.add(**fault)
        studio.refused = failure == "provider_failed"
        assert "is on its way" in await world.text(text=TEXT)
        await world.quiet()


def moves_in(log: str, form: str) -> list[dict[str, Any]]:
    """The moves that a log tells of."""
    lines = [line for line in log.splitlines() if "job moved" in line]
    if form == "json":
        return [json.loads(line) for line in lines]
    found = []
    for line in lines:
        time, level, _ = line.split(maxsplit=2)
        facts = {name: None if word == "-" else word for name, word in re.findall(r"(\w+)=(\S+)", line)}
        found.append({"time": time, "level": level, **facts})
    return found


@pytest.fixture(params=["text", "json"])
async def told(
    request: pytest.FixtureRequest, world: World, capsys: pytest.CaptureFixture[str]
) -> tuple[str, str, World]:
    """The log of the twenty jobs, its form, and where they happened."""
    root = logging.getLogger()
    before = (root.level, root.handlers[:])
    start_logging("INFO", request.param)
    await twenty_jobs(world)
    root.level, root.handlers[:] = before
    return capsys.readouterr().err, request.param, world


async def test_the_log_alone_tells_the_story_of_each_job(told: tuple[str, str, World]) -> None:
    log, form, world = told
    stories: dict[str, list[dict[str, Any]]] = {}
    for move in moves_in(log, form):
        stories.setdefault(move["job"], []).append(move)
    assert len(stories) == 20
    expected = []
    for _, moves, failure in FAILURES:
        expected += [(SUCCEEDS, None)] * 3 + [(moves, failure)]
    found = [([f"{move['from']}>{move['to']}" for move in story], story[-1]["failure"]) for story in stories.values()]
    assert found == expected
    for story in stories.values():
        assert {(move["server"], move["provider"], move["stage"]) for move in story} == {
            (str(world.guild.id), "runcomfy", "text")
        }
        for move in story:
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", move["time"])
            assert move["seconds"] is None if move["from"] == "none" else float(move["seconds"]) >= 0
            assert list(move)[-len(FIELDS) :] == FIELDS
        ran = [move["remote"] for move in story if "running" in {move["from"], move["to"]}]
        assert len(set(ran)) <= 1
        assert all(remote.startswith("rc-run-") for remote in ran)
        unclear = story[-1]["failure"] in {"unknown_outcome", "gone"}
        assert (story[-1]["cost_usd"] is None) == unclear
        assert (story[-1]["charge"] == "unclear") == unclear
        assert [move["level"] for move in story if move["level"] != "INFO"] == ["WARNING"] * unclear
        assert len({move["key"] for move in story} - {None}) == 1
        ages = [float(move["age"]) for move in story]
        assert ages == sorted(ages)


async def test_no_line_about_a_job_names_a_person_or_holds_a_text_or_a_key(told: tuple[str, str, World]) -> None:
    log, _, world = told
    lines = "\n".join(line for line in log.splitlines() if "job moved" in line)
    for private in (TEXT, KEY, str(world.member.id), "alex", "clip.mp4"):
        assert private not in lines


async def test_the_metrics_count_fifteen_and_five_with_what_went_wrong(told: tuple[str, str, World]) -> None:
    _, _, world = told
    registry = world.parts.metrics.registry
    ended = {
        (sample.labels["outcome"], sample.labels["failure"]): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "mouthpiece_jobs_ended_total" and sample.value
    }
    assert ended == {
        ("succeeded", ""): 15,
        ("unknown", "unknown_outcome"): 1,
        ("failed", "input_rejected"): 1,
        ("failed", "provider_failed"): 1,
        ("unknown", "gone"): 1,
        ("failed", "bad_key"): 1,
    }

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"mouthpiece_{name}", {"provider": "runcomfy", **labels})

    assert value("stage_seconds_count", stage="text") == 17  # one was refused by its provider, one lost by it
    assert value("stage_seconds_count", stage="deliver") == 20
    assert value("spent_usd_total") == pytest.approx(15 * float(PRICE_USD))
    assert value("jobs_unpriced_total") == 2
    assert value("provider_calls_total", call="submit", result="ok") == 17
    assert value("provider_calls_total", call="submit", result="bad_key") == 1
    assert value("provider_calls_total", call="submit", result="input_rejected") == 1
    assert value("provider_calls_total", call="submit", result="unknown_outcome") == 1
    assert value("provider_calls_total", call="poll", result="gone") == 3


async def test_a_poll_that_finds_nothing_is_no_event(world: World) -> None:
    heard: list[JobMoved] = []
    world.parts.metrics.moved = heard.append  # type: ignore[assignment]
    world.sandbox.runs.work_seconds = 0.5
    await world.add_key()
    await world.text()
    await world.quiet()
    assert world.parts.metrics.registry.get_sample_value(
        "mouthpiece_provider_calls_total", {"provider": "runcomfy", "call": "poll", "result": "ok"}
    )
    assert [f"{move.left}>{move.to}" for move in heard] == SUCCEEDS
