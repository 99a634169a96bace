"""The contract between the worker and a provider's adapter.

An adapter is stateless: it gets what it needs per call, makes one outside call (or a few free ones), and returns a
value or raises one of the faults in `bot.net.faults`. It never retries, sleeps, stores, or talks to people.

What `submit` raises is proof that nothing was started or charged, `UnknownOutcome` alone excepted: the job reads
"Nothing was charged", and may turn to another provider. An accepted answer that can't be used is returned as `Failed`.

A job is a row of *stages*. Each stage is submitted once and, unless the provider answers at once, polled until it is
done. What a finished stage yields is committed before the next stage is sent, and given to the later ones. Names that
the worker knows: the last stage yields `video_url`; a stage that made speech yields `audio_url` or `audio_seconds`,
and the worker measures the second for a stage that needs it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import ClassVar, Literal

from bot.domain.costs import Currency
from bot.domain.flows import HANDED_OVER, Flow, Stage
from bot.domain.request import Media, Part, Request
from bot.domain.voices import Voice, voices_of
from bot.net.client import Http
from bot.net.faults import ProviderError, ResultMissing

MISSING = ResultMissing.code
Credentials = Mapping[str, str]
Yields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeyField:
    """One thing that a moderator types to save a key. Only `secret` fields are hidden afterwards."""

    name: str
    label: str
    placeholder: str = ""
    secret: bool = True
    required: bool = True


@dataclass(frozen=True, slots=True)
class Submission:
    """All that an adapter gets to send one stage.

    `handle` is a UUID unique to this job and stage, made by us and stored before the request leaves: providers that can
    look a lost request up get it as their own id for it.
    """

    stage: str
    request: Request
    handle: str
    yields: Yields
    credentials: Credentials = field(repr=False)

    def source(self, part: Part) -> str:
        """Where the provider gets the clip or the sound: what an upload gave, the file's own address, or that of the
        speech that was made before.
        """
        media = self.request.video if part == "video" else self.request.audio
        return self.yields.get(f"{part}_source") or (media.url if media else self.yields["audio_url"])


@dataclass(frozen=True, slots=True)
class Accepted:
    """The stage runs at the provider, under the id `remote`."""

    remote: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not done yet. `position` counts from 1 in the provider's queue; `progress` from 0 to 1; either may be unknown.
    `word` is a status word that no document knows, which is taken to mean "still running".
    """

    position: int | None = None
    progress: float | None = None
    word: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Done:
    """The stage is finished. `cost_usd` is None where the provider doesn't say."""

    yields: Yields
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The stage was accepted, and ended without a result. `reason` is a code of `bot/words/failures.py`, `MISSING` for
    what is made and can't be had. `cost_usd` is None where it isn't known, 0 only where the provider says so.
    """

    reason: str
    detail: str = ""
    cost_usd: Decimal | None = None


Answer = Waiting | Done | Failed | ProviderError


class Provider(ABC):
    """One outside API. Subclasses are found by their presence in `bot/providers`.

    Of several flows that fit a request, the first is taken. `uploads` are the files that the provider takes from us
    where it can't fetch them itself (for others, they are put where it can); `polls_at_once` is how many stages one
    poll may ask about; `own_hosts` says that each key names the host that answers it; `price` is in `currency`, and
    `pricing` says what it goes by.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    base_url: ClassVar[str]
    prices: ClassVar[str]
    credentials: ClassVar[tuple[KeyField, ...]]
    flows: ClassVar[tuple[Flow, ...]]
    uploads: ClassVar[frozenset[Part]] = frozenset()
    own_hosts: ClassVar[bool] = False
    can_cancel: ClassVar[bool] = False
    polls_at_once: ClassVar[int] = 1
    currency: ClassVar[Currency] = "USD"
    pricing: ClassVar[Literal["length", "video", "unnamed"]] = "length"

    def __init__(self, http: Http, base_url: str | None = None) -> None:
        self._base = (base_url or self.base_url).rstrip("/")
        self._http = http.at(self._base) if self._base else http

    @property
    def voices(self) -> Mapping[str, Voice]:
        """The voices this provider accepts, by key."""
        return voices_of(self.name)

    def flow(self, request: Request) -> Flow:
        """The one of its flows in whose form the request is."""
        return next(flow for flow in self.flows if flow.name == request.flow)

    def stages(self, request: Request) -> tuple[Stage, ...]:
        """The calls that this request takes, in order: files are prepared and handed over first, where that is
        needed. A request in sections takes all of them for each (see `bot.domain.sections`).
        """
        if not request.sections:
            return self._stages(request)
        count = len(request.sections)
        return tuple(
            replace(stage, section=number, label=f"{stage.label} (part {number} of {count})")
            for number in range(1, count + 1)
            for stage in self._stages(request.section(number))
        )

    def _stages(self, request: Request) -> tuple[Stage, ...]:
        media: dict[Part, Media | None] = {"video": request.video, "audio": request.audio}
        handed = [
            Stage(stage, "Preparing the files")
            for stage, part in HANDED_OVER.items()
            if (file := media[part]) and not file.reachable
        ]
        return (*handed, *self.flow(request).stages)

    def results(self, credentials: Credentials) -> Http:  # noqa: ARG002
        """What the files are fetched through that it has made: it reaches the private host of no other."""
        return self._http

    @abstractmethod
    async def submit(self, call: Submission) -> Accepted | Done | Failed:
        """Send one stage. `UnknownOutcome` when it can't be known whether it was accepted."""

    @abstractmethod
    async def poll(self, stage: str, remote: str, credentials: Credentials) -> Waiting | Done | Failed:
        """Ask once, free of charge, how an accepted stage is doing."""

    async def poll_many(self, remotes: Sequence[str], credentials: Credentials) -> Mapping[str, Answer]:
        """Ask about several accepted stages in one call, at most `polls_at_once`; what became of each, by remote."""
        raise NotImplementedError(f"{self.name} polls one by one")

    @abstractmethod
    async def check_key(self, credentials: Credentials) -> None:
        """Return when the key works; raise a `ProviderError` when it doesn't. Free of charge."""

    @abstractmethod
    async def price(self, request: Request, credentials: Credentials) -> Decimal | None:
        """What this request will cost, in its `currency`; None where the provider doesn't say. Free of charge."""

    async def upload(self, file: Path, credentials: Credentials) -> str:
        """Hand a file over, free of charge; what stands for it in later calls."""
        raise NotImplementedError(f"{self.name} takes no files")

    async def find(self, stage: str, handle: str, credentials: Credentials) -> Accepted | None:
        """Look up a submission whose answer was lost; None is proof that it was never accepted."""
        raise NotImplementedError(f"{self.name} cannot look up lost submissions")

    async def cancel(self, stage: str, remote: str, credentials: Credentials) -> bool:
        """Try to stop an accepted stage; False when the provider can't stop it any more."""
        raise NotImplementedError(f"{self.name} cannot cancel")
