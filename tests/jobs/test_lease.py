"""A process's lease by its own clock: what it may do while it holds, and that it ends with it."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from typing import Any

import pytest

from bot.jobs.decision import Leave, Wait
from bot.jobs.lease import LEASE_SECONDS, RENEWALS, Lease, WakingClock
from bot.jobs.open_job import OpenJob, Queued
from bot.jobs.steps import PAUSE_SECONDS, Steps
from storage.engine.database import Database, StorageError
from storage.jobs.workers import Workers
from tests.app.still_clock import StillClock
from tests.words.test_job_card import a_job

RENEW = LEASE_SECONDS / RENEWALS


class Row(Workers):
    """The life's row, without a database: how often it was renewed, and what it answers to that."""

    def __init__(self) -> None:
        self.renewed = 0
        self.answer: bool | Exception = True
        self.ended = 0
        self.asked = 0
        self.duty: bool | Exception = True

    async def begin(self, seconds: float) -> None: ...

    async def renew(self, seconds: float) -> bool:  # noqa: ARG002
        self.renewed += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def take_duty(self) -> bool:
        self.asked += 1
        if isinstance(self.duty, Exception):
            raise self.duty
        return self.duty

    async def end(self) -> None:
        self.ended += 1
        if isinstance(self.answer, Exception):
            raise self.answer


class Left(Exception):
    """The process has ended itself."""


class Scene:
    """A lease, and what it stands on."""

    def __init__(self, seconds: float = LEASE_SECONDS) -> None:
        self.row, self.clock, self.codes = Row(), StillClock(), list[int]()
        self.lease = Lease(self.row, self.clock, seconds, self._leave)

    def _leave(self, code: int) -> None:
        self.codes.append(code)
        raise Left


async def begun(seconds: float = LEASE_SECONDS) -> Scene:
    scene = Scene(seconds)
    await scene.lease.begin()
    return scene


async def test_it_lasts_20_seconds_and_is_renewed_every_5() -> None:
    assert [LEASE_SECONDS, RENEW] == [20.0, 5.0]
    scene = await begun()
    running = asyncio.create_task(scene.lease.run())
    for number in range(1, 9):
        await scene.clock.wake(RENEW)
        assert (scene.row.renewed, scene.lease.holds) == (number, True)
    running.cancel()


async def test_it_does_not_hold_before_it_is_begun() -> None:
    assert not Scene().lease.holds


async def test_by_the_own_clock_it_is_over_when_it_could_not_be_renewed_in_time() -> None:
    scene = await begun()
    scene.row.answer = StorageError("the server can't be used now")
    running = asyncio.create_task(scene.lease.run())
    held = []
    for _ in range(4):
        await scene.clock.wake(RENEW)
        held.append(scene.lease.holds)
    assert held == [True, True, True, False]
    assert scene.codes == []  # the database has not said so
    running.cancel()


async def test_a_database_that_answers_again_in_time_renews_it() -> None:
    scene = await begun()
    scene.row.answer = StorageError("the server can't be used now")
    running = asyncio.create_task(scene.lease.run())
    await scene.clock.wake(RENEW)
    scene.row.answer = True
    await scene.clock.wake(RENEW)
    scene.clock.go_on(19.0)
    assert scene.lease.holds
    running.cancel()


async def test_a_process_whose_lease_is_lost_ends_itself_and_says_why(caplog: pytest.LogCaptureFixture) -> None:
    scene = await begun()
    scene.row.answer = False
    running = asyncio.create_task(scene.lease.run())
    await scene.clock.until_asleep()
    scene.clock.go_on(RENEW)
    with pytest.raises(Left):
        await running
    assert scene.codes == [1]
    (said,) = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert "the lease is lost" in said.getMessage()


async def test_what_is_announced_may_be_sent_until_a_quarter_before_the_end_of_the_lease_as_it_was() -> None:
    scene = await begun()
    scene.clock.go_on(2.0)
    window = scene.lease.window()
    assert window.seconds == 13.0
    scene.clock.go_on(12.9)
    assert window.is_open()
    await scene.lease._renew()
    scene.clock.go_on(0.1)
    assert not window.is_open()  # the row says until when, so a renewal doesn't count
    assert scene.lease.window().is_open()


async def test_a_life_that_ends_on_purpose_hands_over_and_holds_nothing() -> None:
    scene = await begun()
    await scene.lease.end()
    assert (scene.row.ended, scene.lease.holds) == (1, False)
    scene.row.answer = False
    await scene.lease._renew()
    assert (scene.codes, scene.lease.holds) == ([], False)


async def test_a_handover_that_fails_is_told_and_holds_nothing_up(caplog: pytest.LogCaptureFixture) -> None:
    scene = await begun()
    scene.row.answer = StorageError("the server can't be used now")
    await scene.lease.end()
    assert "others take them when its lease is over" in caplog.text


async def test_where_nobody_else_can_work_it_has_no_end_and_nothing_is_written_for_it(database: Database) -> None:
    lease = Lease.on(database, Workers(database))
    assert not lease.can_end
    await lease.begin()
    scene = await begun(math.inf)
    running = asyncio.create_task(scene.lease.run())
    await asyncio.sleep(0)
    scene.clock.go_on(1e9)
    assert (scene.lease.holds, scene.lease.window().seconds, scene.lease.window().is_open()) == (True, math.inf, True)
    await scene.lease.end()
    assert (scene.row.renewed, scene.row.ended, scene.lease.holds) == (0, 0, True)
    running.cancel()


async def test_what_one_process_does_for_all_begins_when_it_is_on_duty_and_not_before() -> None:
    scene, done = await begun(), list[str]()

    async def run() -> None:
        done.append("run")

    scene.row.duty = False
    tasks = [asyncio.create_task(scene.lease.run()), asyncio.create_task(scene.lease.on_duty(run))]
    for duty in (False, StorageError("the server can't be used now"), True):
        await scene.clock.until_asleep()
        assert done == []
        scene.row.duty = duty
        await scene.clock.wake(RENEW)
    await tasks[1]
    assert done == ["run"]
    tasks[0].cancel()


async def test_where_nobody_else_can_work_it_is_on_duty_at_once() -> None:
    scene, done = await begun(math.inf), list[str]()

    async def run() -> None:
        done.append("run")

    running = asyncio.create_task(scene.lease.run())
    await scene.lease.on_duty(run)
    assert (done, scene.row.asked) == (["run"], 0)
    running.cancel()


async def test_no_step_is_taken_while_the_jobs_may_be_another_processs() -> None:
    scene = await begun()
    taken = list[str]()

    async def step(open_job: OpenJob) -> Leave:  # noqa: ARG001
        taken.append("step")
        return Leave()

    nothing: Any = step
    steps = Steps(scene.lease, step, nothing, step, step, nothing, step, step)
    open_job = OpenJob(a_job("queued"), Queued())
    await steps.of(open_job)(open_job)
    scene.clock.go_on(LEASE_SECONDS)
    assert await steps.of(open_job)(open_job) == Wait(PAUSE_SECONDS, fault=None)
    assert taken == ["step"]
    endless = Steps((await begun(math.inf)).lease, step, nothing, step, step, nothing, step, step)
    await endless.of(open_job)(open_job)
    assert taken == ["step", "step"]


def test_the_time_in_which_the_machine_was_asleep_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.jobs.lease.time.clock_gettime", {time.CLOCK_BOOTTIME: 5000.0}.__getitem__)
    assert WakingClock().monotonic() == 5000.0
