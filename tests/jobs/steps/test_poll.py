"""Many jobs of one key are asked about in one call, where the provider can tell of several."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from bot.domain.job import Job
from bot.jobs.intervals import CALL_SECONDS, FETCH_PATIENCE, MISSING_PATIENCE
from bot.jobs.steps.poll import Poll
from bot.net.faults import Gone, NotAccepted
from bot.providers.base import MISSING, Accepted, Answer, Credentials, Done, Failed, Provider, Waiting
from bot.words import job_card
from tests.scripted import Scripted, in_turn, outcome, row, scripted, start, until
from tests.world import World


class Together(Scripted):
    """Answers about up to three stages in one call."""

    polls_at_once = 3

    def __init__(self, url: str, stages: tuple[str, ...] = ("only",)) -> None:
        super().__init__(url, stages)
        self.url = url
        self.asked: list[list[str]] = []
        self.answers: dict[str, Answer] = {}
        self.fault: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def poll_many(self, remotes: Sequence[str], credentials: Credentials) -> Mapping[str, Answer]:  # noqa: ARG002
        self.asked.append(list(remotes))
        await self.gate.wait()
        if self.fault:
            fault, self.fault = self.fault, None
            raise fault
        return {remote: self.answers.get(remote, Done({"video_url": self.url})) for remote in remotes}


def together(world: World) -> Together:
    provider = scripted(world, Together)
    assert isinstance(provider, Together)
    count = iter(range(100))
    provider.on_submit = lambda _: Accepted(f"run-{next(count)}")
    return provider


async def test_what_comes_due_during_a_call_leaves_with_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, due = Poll._ask_together, list[str]()

    async def asking(poll: Poll, provider: Provider, job: Job, remote: str, credentials: Credentials) -> Answer:
        due.append(remote)
        return await ask(poll, provider, job, remote, credentials)

    monkeypatch.setattr(Poll, "_ask_together", asking)
    provider = together(world)
    provider.gate.clear()
    for number in range(6):
        await start(world, number)
    await until(lambda: len(due) == 6)
    provider.gate.set()
    await world.quiet()
    assert len(provider.asked[0]) == 1
    assert all(len(asked) <= 3 for asked in provider.asked)
    assert len(provider.asked) <= 4
    assert sorted(remote for asked in provider.asked for remote in asked) == [f"run-{number}" for number in range(6)]


async def test_each_job_gets_its_own_answer(world: World) -> None:
    provider = together(world)
    provider.answers = {"run-0": Waiting(), "run-1": Gone("404")}
    jobs = [await start(world, number) for number in range(3)]
    await until(lambda: world.client.services.worker.open_jobs == 1)
    provider.answers["run-0"] = Done({"video_url": provider.url})
    await world.quiet()
    assert [(await row(world, job)).state for job in jobs] == ["succeeded", "unknown", "succeeded"]


async def test_a_call_that_fails_is_made_again_for_all_of_them(world: World) -> None:
    provider = together(world)
    provider.fault = NotAccepted("503")
    await start(world)
    assert (await outcome(world)).attachments
    assert len(provider.asked) == 2


async def test_a_result_that_is_missing_at_first_is_looked_for_again(world: World) -> None:
    provider = scripted(world)
    made = provider.on_poll("only", "r")
    provider.on_poll = in_turn(Failed(MISSING, "no video"), Failed(MISSING, "no video"), made)
    await start(world)
    assert (await outcome(world)).attachments
    assert len(provider.submits) == 1


@pytest.mark.parametrize(
    ("cost", "told"), [(None, "Scripted most likely charges for it."), ("0.05", "Scripted says that it charged $0.05.")]
)
async def test_a_result_that_stays_missing_is_no_failure_to_make_it_and_moderators_settle_it(
    world: World, cost: str | None, told: str
) -> None:
    provider = scripted(world)
    provider.on_poll = in_turn(Failed(MISSING, "no video", Decimal(cost) if cost else None))
    job = await start(world)
    await until(lambda: provider.polls)
    world.clock.skipped += MISSING_PATIENCE
    said = (await outcome(world)).content
    assert "says that it is made, but not where" in said
    assert f"{told} It counts against your limits until a moderator settles it." in said
    ended = await row(world, job)
    assert (ended.state, ended.failure) == ("unknown", "result_missing")
    assert ended.counted_at is not None
    settled = await world.parts.stores.corrections.settle(ended, charged=True, by=1, now=world.clock.now())
    assert "not known" not in job_card.outcome(settled, world.parts.providers)


async def test_after_its_time_a_result_that_is_missing_is_looked_for_no_more(world: World) -> None:
    provider = scripted(world)
    provider.on_poll = in_turn(Waiting(), Failed(MISSING, "no video"))
    await start(world)
    await until(lambda: provider.polls)
    world.clock.skipped += 2 * CALL_SECONDS
    assert "says that it is made, but not where" in (await outcome(world)).content


async def test_while_a_link_gives_no_video_the_card_says_that_it_is_made_and_not_fetched_yet(world: World) -> None:
    provider = scripted(world)
    (world.sandbox.runs._folder / "page.html").write_text("<html>hello</html>")
    provider.on_poll = in_turn(Done({"video_url": f"{world.sandbox.url}/files/page.html"}))
    job = await start(world)
    await until(lambda: "It is made, but I can't fetch it from Scripted yet" in world.card_text())
    world.clock.skipped += FETCH_PATIENCE
    assert "couldn't download it" in (await outcome(world)).content
    assert (await row(world, job)).failure == "result_lost"
