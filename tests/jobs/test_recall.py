"""A start knows how long jobs take: what earlier runs have learned is in the rows."""

from __future__ import annotations

from typing import Any

import pytest

from bot.jobs.claiming import Claiming
from bot.jobs.intervals import ENOUGH, SOONEST, Intervals
from bot.jobs.roles import ROLES, Role
from bot.jobs.transitions import kind_of
from bot.providers.base import Done, Waiting
from storage.engine.database import StorageError
from storage.jobs.stage_times import StageTime
from tests.app.still_clock import StillClock
from tests.jobs.steps.alone import Held, job_in
from tests.scripted import in_turn, scripted, start
from tests.world import World


class Remembered:
    """In place of the store."""

    def __init__(self, *times: StageTime) -> None:
        self.times = times
        self.asked = 0

    async def last(self, jobs: int) -> list[StageTime]:
        self.asked = jobs
        if not self.times:
            raise StorageError("away")
        return list(self.times)


def claiming(stage_times: Any, intervals: Intervals, roles: frozenset[Role] = ROLES) -> Claiming:
    nothing: Any = None
    return Claiming(Held(), nothing, nothing, stage_times, StillClock(), intervals, roles)


async def test_a_start_waits_as_long_before_it_asks_as_earlier_runs_have_learned_for_each_kind() -> None:
    intervals = Intervals()
    times = [StageTime("first", "only", 1, 400.0 + number) for number in range(ENOUGH)]
    await claiming(Remembered(*times), intervals).recall()
    assert intervals.until_next_poll(kind_of(job_in("running", key_id=1)), 0.0) > 300.0
    assert intervals.until_next_poll(kind_of(job_in("running", key_id=2)), 0.0) <= 1.1 * SOONEST


async def test_jobs_are_taken_on_where_what_was_learned_can_not_be_read(caplog: pytest.LogCaptureFixture) -> None:
    await claiming(Remembered(), Intervals()).recall()
    assert "how long earlier jobs took can't be read: away" in caplog.text


async def test_a_process_that_polls_nothing_reads_nothing_of_it() -> None:
    remembered = Remembered(StageTime("first", "only", 1, 400.0))
    await claiming(remembered, Intervals(), frozenset({"gateway"})).recall()
    assert not remembered.asked


async def test_the_rows_tell_how_long_each_stage_took(world: World) -> None:
    provider = scripted(world)
    provider.on_poll = in_turn(Waiting(), Done({"video_url": f"{world.sandbox.url}/files/made.mp4"}))
    job = await start(world)
    await world.quiet()
    (found,) = await world.parts.stores.stage_times.last(10)
    assert (found.provider, found.stage, found.key_id) == ("scripted", "only", job.key_id)
    assert found.seconds > 0
    assert found.watched
