"""Which jobs a process takes on, which it leaves to others, and when it looks for more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from types import SimpleNamespace
from typing import Any

import pytest

from bot.domain.job import Job
from bot.jobs.claiming import CLAIM_SECONDS, MOST_EDITS, MOST_OPEN, Claiming
from bot.jobs.lanes import Lanes
from bot.jobs.lease import Lease
from bot.jobs.open_job import OpenJob
from bot.jobs.roles import ROLES, Role, parse_roles
from bot.jobs.worker import Worker
from tests.app.still_clock import StillClock
from tests.jobs.steps.alone import Held, SteadyIntervals
from tests.jobs.test_roles import UPLOAD, opened


def claiming(roles: frozenset[Role] = ROLES, store: Any = None, lease: Lease | None = None) -> Claiming:
    return Claiming(lease or Held(), store, store, store, StillClock(), SteadyIntervals(), roles)


class Asked:
    """In place of the store: how many jobs it was asked for, and of which kind; and the jobs that are free."""

    def __init__(self, *free: Job) -> None:
        self.claims: list[tuple[int, bool | None]] = []
        self._free = list(free)

    async def claim(
        self, room: int, *, for_media: bool | None, besides: Collection[int] = (), after: int = 0
    ) -> tuple[list[Any], list[Any]]:
        self.claims.append((room, for_media))
        fits = [job for job in self._free if job.for_media == for_media and job.guild_id not in besides]
        taken = sorted(fits, key=lambda job: (job.guild_id <= after, job.guild_id, job.id))[:room]
        self._free = [job for job in self._free if job not in taken]
        return taken, []


@pytest.mark.parametrize(
    ("roles", "asked"),
    [
        ("gateway,worker,media", [(500, False), (1, True)]),
        ("worker", [(500, False)]),
        ("gateway worker", [(500, False)]),
        ("media", [(1, True)]),
        ("gateway", []),
    ],
)
async def test_a_process_claims_what_its_roles_are_for(roles: str, asked: list[tuple[int, bool | None]]) -> None:
    store = Asked()
    assert [jobs async for jobs in claiming(parse_roles(roles), store).claim(held=range(3)) if jobs] == []
    assert store.claims == asked


async def test_a_full_process_claims_no_more() -> None:
    store = Asked()
    assert [jobs async for jobs in claiming(store=store).claim(held=range(MOST_OPEN - 1)) if jobs] == []
    assert store.claims == [(1, False), (1, True)]


def edit(job_id: int, guild_id: int) -> OpenJob:
    return opened("queued", **UPLOAD, id=job_id, guild_id=guild_id, for_media=True)


async def claimed(process: Claiming) -> list[tuple[int, int]]:
    """The servers of the edits that it takes on, and their ids."""
    return [(job.guild_id, job.id) async for jobs in process.claim(held=[]) for job, _ in jobs]


@pytest.mark.parametrize("roles", ["media", "worker,media"])
async def test_a_process_takes_on_few_edits_and_those_of_several_servers(roles: str) -> None:
    free = [edit(100 * guild + number, guild).job for guild in range(1, 7) for number in range(50)]
    process = claiming(parse_roles(roles), Asked(*free))
    taken = await claimed(process)
    assert taken == [(guild, 100 * guild) for guild in range(1, 7)] + [(1, 101), (2, 201)]
    assert len(taken) == MOST_EDITS
    assert await claimed(process) == []
    process.dropped(edit(101, 1).job)
    assert await claimed(process) == [(3, 301)]


async def test_a_process_takes_on_no_more_edits_of_one_server_than_it_does_at_once() -> None:
    process = claiming(store=Asked(*(edit(number, 1).job for number in range(50)), edit(99, 2).job))
    assert await claimed(process) == [(1, 0), (2, 99), (1, 1)]


async def test_an_edit_that_is_taken_on_begins_at_once() -> None:
    process = claiming(store=Asked(edit(1, 1).job, edit(2, 2).job))
    assert [delay async for jobs in process.claim(held=[]) for _, delay in jobs] == [0.0, 0.0]


def test_a_job_whose_next_step_becomes_an_edit_is_left_to_others_where_there_is_no_room_for_it() -> None:
    process = claiming()
    of_one_server = [edit(number, 1) for number in range(3)]
    assert [process.takes(one, "media") for one in of_one_server] == [True, True, False]
    assert process.takes(of_one_server[0], "media")
    assert process.takes(of_one_server[0], "worker")
    assert process.takes(of_one_server[2], "media")
    others = [edit(10 * guild, guild) for guild in range(2, 10)]
    assert [process.takes(one, "media") for one in others].count(True) == MOST_EDITS - 2


def test_the_only_process_leaves_no_edit_to_anybody() -> None:
    lease: Any = SimpleNamespace(can_end=False)
    process = claiming(lease=lease)
    assert all(process.takes(edit(number, 1), "media") for number in range(50))


class Heard(Asked):
    """Hints come when a test says so."""

    def __init__(self, *free: Job) -> None:
        super().__init__(*free)
        self.wake: Callable[[], object] = lambda: None

    async def listen(self, wake: Callable[[], object]) -> None:
        self.wake = wake
        await asyncio.Event().wait()


class Failing:
    """In place of the runner: each step is to be tried again in a minute."""

    async def run(self, _: OpenJob) -> float:
        return 60.0


async def test_edits_that_are_to_be_tried_again_later_hold_up_no_others() -> None:
    nothing: Any = None
    runner: Any = Failing()
    lease, clock = Held(), StillClock()
    process = claiming(store=Heard(*(edit(number, 1).job for number in range(7))), lease=lease)
    worker = Worker(process, runner, Lanes({}), nothing, nothing, nothing, clock, lease)
    working = asyncio.create_task(worker.run())
    async with asyncio.timeout(60):
        while len(worker.held) < 7:
            await asyncio.sleep(0)
    working.cancel()


class GoingOn:
    """A process that claims again and again; how often it has."""

    def __init__(self, process: Claiming) -> None:
        self.times = 0
        self.task = asyncio.create_task(process.go_on(self._claim))

    async def _claim(self) -> None:
        self.times += 1

    async def settled(self) -> int:
        for _ in range(10):
            await asyncio.sleep(0)
        return self.times


async def test_a_hint_is_followed_at_once_and_without_one_there_is_a_look_each_second() -> None:
    clock, store = StillClock(), Heard()
    asked: Any = store
    process = Claiming(Held(), asked, asked, asked, clock, SteadyIntervals())
    going_on = GoingOn(process)
    assert await going_on.settled() == 0
    store.wake()
    assert await going_on.settled() == 1
    assert await going_on.settled() == 1
    clock.go_on(CLAIM_SECONDS)
    assert await going_on.settled() == 2
    process.takes(edit(1, 1), "media")
    process.dropped(edit(1, 1).job)  # which makes room
    assert await going_on.settled() == 3
    going_on.task.cancel()


class Deaf(Heard):
    """Nothing can be heard of others, for a reason that nobody has thought of."""

    async def listen(self, wake: Callable[[], object]) -> None:  # noqa: ARG002
        raise RuntimeError("cannot execute LISTEN")


async def test_a_process_that_hears_no_hints_looks_each_second(caplog: pytest.LogCaptureFixture) -> None:
    clock, store = StillClock(), Deaf()
    asked: Any = store
    going_on = GoingOn(Claiming(Held(), asked, asked, asked, clock, SteadyIntervals()))
    for times in (0, 1, 2):
        assert await going_on.settled() == times
        clock.go_on(CLAIM_SECONDS)
    assert caplog.messages == [
        "no hints from other processes any more: cannot execute LISTEN; jobs are still looked for every second"
    ]
    going_on.task.cancel()
