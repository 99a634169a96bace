"""Processes that wait for providers leave the database in peace, however many jobs they wait for."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from bot.sandbox.runs import Run
from tests.canned import hold_work
from tests.several.fleet import Fleet
from tests.several.test_several import fleet  # noqa: F401 - a fixture

pytestmark = pytest.mark.timeout(180)

JOBS = 12
SECONDS = 6.0
MOST_A_SECOND = 2.0  # of each process


async def written(fleet: Fleet) -> int:  # noqa: F811
    """How many transactions have written something: each leaves a key of its own."""
    (row,) = await fleet.database.rows("SELECT count(*) AS n FROM engine_commits")
    return int(row["n"])


def counted_polls(patch: pytest.MonkeyPatch, fleet: Fleet) -> Counter[str]:  # noqa: F811
    """How often each run is asked about from now on."""
    polls: Counter[str] = Counter()
    get = fleet.sandbox.runs.get

    def counting(run_id: str) -> Run | None:
        polls[run_id] += 1
        return get(run_id)

    patch.setattr(fleet.sandbox.runs, "get", counting)
    return polls


async def test_polls_that_find_nothing_write_nothing(
    fleet: Fleet,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await fleet.working(2, LEASE="20")
    await fleet.gateway()
    hold_work(fleet.sandbox.runs)
    await fleet.ask(JOBS)
    await fleet.running()
    await asyncio.sleep(2.0)  # until what was shown is noted
    polls, before = counted_polls(monkeypatch, fleet), await written(fleet)
    await asyncio.sleep(SECONDS)
    assert sum(polls.values()) >= JOBS
    assert await written(fleet) - before <= MOST_A_SECOND * len(fleet.processes) * SECONDS
    assert all(job.state == "running" for job in await fleet.jobs())
