"""How many polls of a provider are under way at once, and how often an account is polled that refuses them."""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

import pytest

from bot.jobs.lanes import (
    KEPT,
    LANE_WIDTH,
    MOST_POLLS,
    RATE_SECONDS,
    RECOVERY_SECONDS,
    Account,
    Concurrency,
    Lane,
    Lanes,
    Polls,
)
from bot.jobs.open_job import OpenJob, Polling
from bot.jobs.scheduler import Scheduler
from bot.net.faults import Gone, RateLimited
from bot.providers import load_providers
from bot.providers.base import Waiting
from tests.app.still_clock import StillClock
from tests.jobs.steps.alone import HTTP, Alone, job_in, opened
from tests.scripted import in_turn


def polling(**values: Any) -> OpenJob:
    return opened(job_in("running", remote="r-1", **values))


def lane_of(**values: Any) -> Lane:
    return Lanes(load_providers(HTTP, {})).of(opened(job_in(**{"card_id": 5, **values})))


def test_what_is_sent_to_a_provider_does_not_wait_for_polls() -> None:
    names = {lane_of(state=state, provider="runcomfy").name for state in ("queued", "submitting")}
    assert names == {"runcomfy"}
    assert lane_of(state="running", provider="runcomfy").name == "runcomfy polls"
    assert lane_of(state="queued", provider="runcomfy").polls is None


def test_polls_of_two_servers_share_what_their_provider_takes_and_each_has_its_own_limit() -> None:
    lanes = Lanes({})
    first, second, again = (lanes.of(polling(card_id=5, key_id=key)).polls for key in (1, 2, 1))
    assert first is not None
    assert second is not None
    assert first.concurrency is second.concurrency
    assert first.account is not second.account
    assert first == again


def test_no_more_polls_are_under_way_than_a_quarter_of_what_the_process_may_have_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (1024, 4096))
    polls = Lanes({}).of(polling(card_id=5)).polls
    assert polls is not None
    assert served(polls.concurrency, seconds=1.0)[1] == 256


def served(concurrency: Concurrency, *, seconds: float, most: float = 1e9, minutes: float = 5.0) -> tuple[float, int]:
    """Polls a second in the last minute of so many, and the places then, at a provider that takes so many seconds for
    each, and answers so many a second at most; more wait than there are places.
    """
    now, width, last, turn = 0.0, LANE_WIDTH, 0.0, count()
    under_way: list[tuple[float, int, float]] = []
    done = 0
    while now < 60.0 * minutes:
        while len(under_way) < width:
            last = max(last + 1.0 / most, now + seconds)
            heapq.heappush(under_way, (last, next(turn), now))
        now, _, began = heapq.heappop(under_way)
        width = concurrency.polled(now - began, now)
        done += now > 60.0 * (minutes - 1)
    return done / 60.0, width


def test_a_provider_that_takes_its_time_gets_as_many_polls_a_second_as_it_answers() -> None:
    assert served(Concurrency(LANE_WIDTH, MOST_POLLS), seconds=0.3, most=1000.0, minutes=2.0)[0] > 950.0


def test_a_provider_that_answers_at_once_gets_no_more_at_once_than_before() -> None:
    assert served(Concurrency(LANE_WIDTH, MOST_POLLS), seconds=0.005, most=500.0, minutes=2.0)[1] <= 4 * LANE_WIDTH


def test_polls_that_take_longer_because_there_are_more_of_them_get_no_more_places() -> None:
    rate, width = served(Concurrency(LANE_WIDTH, MOST_POLLS), seconds=0.3, most=200.0)
    assert rate == pytest.approx(200.0, rel=0.05)
    assert width < 5 * 200.0 * 0.3


def test_there_are_never_more_places_than_the_most_nor_fewer_than_the_least() -> None:
    assert served(Concurrency(LANE_WIDTH, 100), seconds=1.0)[1] == 100
    lasting = Concurrency(LANE_WIDTH, 100)
    assert {lasting.polled(0.1, float(now)) for now in range(1000)} == {LANE_WIDTH}  # one at a time


def test_a_provider_that_becomes_slower_gets_more_places_once_it_is_measured_anew() -> None:
    concurrency = Concurrency(LANE_WIDTH, MOST_POLLS)
    served(concurrency, seconds=0.01, most=1000.0, minutes=1.0)
    assert served(concurrency, seconds=0.5, most=500.0, minutes=3.0)[0] > 450.0


@dataclass
class Limited:
    """An account of which so many jobs are polled every ten seconds, at a provider that takes so many polls a second
    of it (a second's at once), and says nothing of when it wants to be asked again.
    """

    jobs: int
    limit: float
    account: Account = field(default_factory=Account)

    def polled(self, seconds: float, since: float) -> tuple[float, float]:
        """Polls a second that were answered from then on, and the share of those that were refused."""
        chance, left, at = Random(5), self.limit, 0.0
        due = [(chance.uniform(0.0, 10.0), number, polling()) for number in range(self.jobs)]
        heapq.heapify(due)
        answered = refused = 0
        while due[0][0] < seconds:
            now, number, job = heapq.heappop(due)
            if (wait := self.account.until_poll(job, now)) > 0.0:
                heapq.heappush(due, (now + wait, number, job))
                continue
            left, at = min(left + (now - at) * self.limit, self.limit), now
            assert isinstance(job.phase, Polling)
            job.phase.refused = None if left >= 1.0 else 0.0
            left -= left >= 1.0
            answered += now > since and job.phase.refused is None
            refused += now > since and job.phase.refused is not None
            self.account.polled(job, now, now + 0.1)
            heapq.heappush(due, (now + (10.0 if job.phase.refused is None else chance.uniform(0.5, 2.0)), number, job))
        return answered / (seconds - since), refused / (answered + refused)


@pytest.mark.parametrize(("jobs", "limit"), [(1000, 20.0), (200, 1.0), (50, 4.0)])
def test_an_account_is_polled_nearly_as_often_as_its_provider_takes_and_hardly_oftener(jobs: int, limit: float) -> None:
    rate, refused = Limited(jobs, limit).polled(seconds=600.0, since=60.0)
    assert rate > 0.8 * min(limit, jobs / 10)
    assert refused < 0.06


def test_an_account_whose_polls_are_never_refused_is_polled_as_often_as_its_jobs_are_due() -> None:
    rate, refused = Limited(100, 1e9).polled(seconds=100.0, since=10.0)
    assert rate == pytest.approx(10.0, rel=0.05)
    assert refused == 0.0


def test_an_account_that_names_a_time_is_left_alone_until_then() -> None:
    account, one, other = Account(), polling(), polling()
    assert account.until_poll(one, 100.0) == 0.0
    refuse(one, 40.0)
    account.polled(one, 100.0, 101.0)
    assert account.until_poll(other, 102.0) == pytest.approx(39.0)
    assert account.until_poll(other, 141.0) == 0.0


def test_of_polls_that_left_together_only_the_first_refusal_counts() -> None:
    account, jobs = Account(), [polling() for _ in range(10)]
    for job in jobs:
        account.until_poll(job, 100.0)
        refuse(job, 0.0)
    for job in jobs:
        account.polled(job, 100.0, 100.5)
    others = [polling(), polling()]
    first, second = (account.until_poll(job, 100.5) for job in others)
    assert second - first == pytest.approx(first, rel=0.1)
    assert 1.0 / first == pytest.approx(KEPT * 10 / RATE_SECONDS, rel=0.3)


def test_an_account_recovers() -> None:
    account, job = Account(), polling()
    account.until_poll(job, 100.0)
    refuse(job, 0.0)
    account.polled(job, 100.0, 100.5)
    gaps = []
    for now in (200.0, 200.0 + 30 * RECOVERY_SECONDS):
        first, second = account.until_poll(polling(), now), account.until_poll(polling(), now)
        gaps.append(second - first)
    assert gaps[1] < gaps[0] / 5


def test_a_poll_that_waits_for_its_time_loses_it_when_the_account_is_cut_again() -> None:
    account, one, other = Account(), polling(), polling()
    for now in (100.0, 200.0):
        account.until_poll(one, now)
        refuse(one, 0.0)
        account.polled(one, now, now + 0.1)
        if now == 100.0:
            wait = account.until_poll(other, now + 0.2)
            one.slot = None
    assert wait > 0.0
    assert account.until_poll(other, 200.2) > 0.0


def refuse(job: OpenJob, seconds: float) -> None:
    assert isinstance(job.phase, Polling)
    job.phase.refused = seconds


async def test_a_poll_tells_that_it_was_one_too_many_and_how_long_its_provider_wants_to_be_left_alone() -> None:
    world, job = Alone(), polling(handle="h", submitted_at=900.0)
    told = []
    for answer in (RateLimited("429", 7.0), RateLimited("429"), Gone("404"), RateLimited("429", 3.0), Waiting()):
        world.first.on_poll = in_turn(answer)
        await world.poll(job)
        assert isinstance(job.phase, Polling)
        told.append(job.phase.refused)
    assert told == [7.0, 0.0, None, 3.0, None]


async def test_a_job_whose_account_was_refused_is_put_off_and_polled_when_its_time_comes() -> None:
    clock, polled, account = StillClock(), list[tuple[str, float]](), Account()
    lane = Lane("polls", 8, Polls(Concurrency(8, 8), account))
    first, second = polling(), polling()

    async def step(open_job: OpenJob) -> None:
        name = "first" if open_job is first else "second"
        polled.append((name, clock.monotonic() - start))
        refuse(first, 20.0)

    scheduler, start = Scheduler(step, lambda _: lane, clock), clock.monotonic()
    scheduler.put(first, 0.0)
    scheduler.put(second, 1.0)
    running = asyncio.create_task(scheduler.run())
    for seconds in (0.0, 1.0, 10.0, 10.0, 1.0):
        await clock.wake(seconds)
        await asyncio.sleep(0.01)
    assert polled == [("first", 0.0), ("second", pytest.approx(20.0, abs=1.5))]
    await scheduler.drain(1.0)
    await running


async def test_while_polls_wait_at_a_provider_that_takes_its_time_more_and_more_are_made_at_once() -> None:
    clock, under_way = StillClock(), list[OpenJob]()
    lane = Lane("polls", 4, Polls(Concurrency(4, 64), Account()))

    async def step(open_job: OpenJob) -> None:
        under_way.append(open_job)
        await clock.sleep(1.0)
        under_way.remove(open_job)

    scheduler, most = Scheduler(step, lambda _: lane, clock), list[int]()
    for _ in range(500):
        scheduler.put(polling(), 0.0)
    running = asyncio.create_task(scheduler.run())
    for _ in range(20):
        await clock.wake(1.0)
        await asyncio.sleep(0.01)
        most.append(len(under_way))
    assert most[0] == 3  # all but a quarter, as there is one server
    assert max(most) == 48
    await scheduler.drain(0.0)
    await running
