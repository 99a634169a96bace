"""Where endings are tried: a bot with Discord and the providers over sockets, and hooks around the providers' calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.app.parts import Parts
from bot.domain.flows import Flow
from bot.providers.base import Provider
from bot.sandbox.server import Sandbox
from bot.sandbox.studio import Order, Unfit
from tests.canned import CannedStudio
from tests.crash.test_crash import Outside
from tests.discord_server.server import DiscordServer
from tests.providers.samples import Sample, all_samples


@dataclass(frozen=True)
class Spot:
    """A stage of a provider's flow."""

    sample: Sample
    flow: Flow
    number: int

    @property
    def stage(self) -> str:
        return self.flow.stages[self.number].name

    @property
    def findable(self) -> bool:
        return self.flow.stages[self.number].findable

    @property
    def is_last(self) -> bool:
        return self.number == len(self.flow.stages) - 1

    @property
    def provider(self) -> str:
        return self.sample.provider.name

    def __str__(self) -> str:
        return f"{self.provider}-{self.flow.name}-{self.stage}"


SPOTS = [
    Spot(sample, flow, number)
    for sample in all_samples()
    for flow in sample.provider.flows
    for number in range(len(flow.stages))
]


class Moody(CannedStudio):
    """Can't do what is ordered while there are words for it."""

    words = ""

    async def fetch(self, url: str, target: Path) -> Path:
        self._check()
        return await super().fetch(url, target)

    async def speak(self, order: Order, target: Path) -> float:
        self._check()
        return await super().speak(order, target)

    def _check(self) -> None:
        if self.words:
            raise Unfit(self.words)


class Stand(Outside):
    """The bot's outside. `before` and `after` are called around the calls of that kind for that stage: `submit`, `poll`
    and `find`; `after` gets the answer, and gives the one that the bot gets.
    """

    def __init__(self, discord: DiscordServer, sandbox: Sandbox, folder: Path) -> None:
        super().__init__(discord, sandbox, folder)
        self.studio = sandbox.runs.studio = Moody()
        self.before: dict[tuple[str, str], Callable[[], None]] = {}
        self.after: dict[tuple[str, str], Callable[[Any], Any]] = {}
        self._stage = ""

    def calm(self) -> None:
        """Let everything go well again."""
        self.before.clear()
        self.after.clear()
        self.sandbox.faults.clear()
        self.discord.faults.clear()
        self.studio.words = ""
        self.sandbox.runs.queue_seconds = 0.0
        self.discord.state.files_denied = False
        self.discord.state.denied.clear()
        for run in self.sandbox.runs.ledger:
            if run.task:
                run.task.cancel()

    def prepare_parts(self, parts: Parts) -> None:
        super().prepare_parts(parts)
        for provider in parts.providers.values():
            self._watch(provider)

    def _watch(self, provider: Provider) -> None:
        submit, poll, poll_many, find = provider.submit, provider.poll, provider.poll_many, provider.find

        async def submitted(call: Any) -> Any:
            self._stage = call.stage
            return await self._around("submit", call.stage, submit(call))

        async def polled(stage: str, *given: Any) -> Any:
            return await self._around("poll", stage, poll(stage, *given))

        async def polled_many(remotes: Any, credentials: Any) -> Any:
            async def one() -> Any:
                return next(iter((await poll_many(remotes, credentials)).values()))

            return dict.fromkeys(remotes, await self._around("poll", self._stage, one()))

        async def found(stage: str, *given: Any) -> Any:
            return await self._around("find", stage, find(stage, *given))

        watched = {"submit": submitted, "poll": polled, "poll_many": polled_many, "find": found}
        for name, call in watched.items():
            setattr(provider, name, call)

    async def _around(self, call: str, stage: str, answering: Awaitable[Any]) -> Any:
        if before := self.before.get((call, stage)):
            before()
        answer = await answering
        after = self.after.get((call, stage))
        return after(answer) if after else answer
