"""Many jobs of one key are asked about in one call, where the provider can tell of several."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from bot.net.faults import Gone, NotAccepted
from bot.providers.base import Accepted, Answer, Credentials, Done, Waiting
from tests.scripted import Scripted, outcome, row, scripted, start, until
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


def due(world: World) -> int:
    """How many jobs wait to be asked about with the next call."""
    return sum(len(batch.waiting) for batch in world.client.services.worker._runner._steps.poll._batches.values())


async def test_what_comes_due_during_a_call_leaves_with_the_next(world: World) -> None:
    provider = together(world)
    provider.gate.clear()
    for number in range(6):
        await start(world, number)
    await until(lambda: provider.asked and due(world) == 5)
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
