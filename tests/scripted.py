"""A provider that answers as a test says, and jobs for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from bot.asking.answers import Started
from bot.domain.ask import Ask, Asker, Place
from bot.domain.flows import Flow, Stage
from bot.domain.job import Job
from bot.domain.request import Media, Request
from bot.providers._kling_limits import LEGACY
from bot.providers.base import (
    Accepted,
    Credentials,
    Done,
    Failed,
    KeyField,
    Provider,
    Submission,
    Waiting,
)
from tests.world import World

Answer = Any
CLIP = Media(url="https://cdn.discordapp.com/v.mp4", name="v.mp4", size=10)


class Scripted(Provider):
    """A provider that answers as a test says: a value, a fault to raise, or a function of the call."""

    name = "scripted"
    label = "Scripted"
    base_url = "https://scripted.example"
    credentials: ClassVar[tuple[KeyField, ...]] = ()
    prices = "nothing"
    findable = False
    asks: Decimal | None = None

    def __init__(self, url: str, stages: tuple[str, ...] = ("only",)) -> None:
        doing = tuple(Stage(name, f"Doing {name}", findable=self.findable) for name in stages)
        self.flows = (Flow("audio", "audio", LEGACY, doing),)  # type: ignore[misc]
        self.submits: list[Submission] = []
        self.polls: list[tuple[str, str]] = []
        self.lookups: list[str] = []
        self.on_submit: Callable[[Submission], Answer] = lambda call: Accepted(f"remote-{call.stage}")
        self.on_poll: Callable[[str, str], Answer] = lambda stage, _: (
            Done({"video_url": url})
            if stage == stages[-1]
            else Done({f"{stage}_id": f"id-of-{stage}"}, Decimal("0.01"))
        )
        self.on_find: Callable[[str], Answer] = lambda _: None

    @property
    def voices(self) -> Mapping[str, Any]:
        return {}

    async def submit(self, call: Submission) -> Accepted | Done | Failed:
        self.submits.append(call)
        answer: Accepted | Done | Failed = await _answer(self.on_submit(call))
        return answer

    async def poll(self, stage: str, remote: str, credentials: Credentials) -> Waiting | Done | Failed:  # noqa: ARG002
        self.polls.append((stage, remote))
        answer: Waiting | Done | Failed = await _answer(self.on_poll(stage, remote))
        return answer

    async def find(self, stage: str, handle: str, credentials: Credentials) -> Accepted | None:  # noqa: ARG002
        self.lookups.append(handle)
        answer: Accepted | None = await _answer(self.on_find(handle))
        return answer

    async def check_key(self, credentials: Credentials) -> None: ...

    async def price(self, request: Request, credentials: Credentials) -> Decimal | None:  # noqa: ARG002
        return self.asks


class Findable(Scripted):
    """The same, of the kind that finds lost submissions."""

    findable = True


class Keyed(Scripted):
    """The same, of the kind that wants a key."""

    credentials = (KeyField("api_key", "API key"),)


async def _answer(answer: Answer) -> Any:
    if asyncio.iscoroutine(answer):
        answer = await answer
    if isinstance(answer, Exception):
        raise answer
    return answer


def in_turn(*answers: Answer) -> Callable[..., Answer]:
    """These answers one after the other, the last one for good."""
    left = list(answers)
    return lambda *_: left.pop(0) if len(left) > 1 else left[0]


def scripted(world: World, kind: type[Scripted] = Scripted, *stages: str, name: str = "scripted") -> Scripted:
    """A scripted provider, known to the bot; its videos are real downloads."""
    (world.sandbox.runs._folder / "made.mp4").write_bytes(b"a finished video")
    named = type(kind.__name__, (kind,), {"name": name, "label": name.title()})
    provider: Scripted = named(f"{world.sandbox.url}/files/made.mp4", stages or ("only",))
    provider._http = world.parts.discord_files.at(world.sandbox.url)
    world.parts.providers[provider.name] = provider
    return provider


async def start(world: World, number: int = 1, provider: str | None = "scripted") -> Job:
    """A job, by audio so that no voice is needed."""
    place = Place(world.guild.id, world.channel.id, world.channel.mention)
    audio = Media(url="https://cdn.discordapp.com/a.mp3", name="a.mp3", size=10)
    ask = Ask(place, Asker(world.member.id), 9000 + number, CLIP, audio=audio, provider=provider)
    return await started(world, ask)


async def started(world: World, ask: Ask) -> Job:
    """The job that is started without any question."""
    answer = await world.client.services.asking.start(ask)
    assert isinstance(answer, Started)
    return answer.job


async def outcome(world: World) -> Any:
    """The one message that ended the one job."""
    await world.quiet()
    (message,) = world.outcomes()
    return message


async def until(found: Callable[[], object]) -> None:
    """Wait until something is so, as a function or a coroutine function tells."""
    async with asyncio.timeout(60):
        while not await _answer(found()):
            await asyncio.sleep(0.005)


async def row(world: World, job: Job) -> Job:
    found = await world.parts.stores.jobs.get(job.guild_id, job.id)
    assert found
    return found
