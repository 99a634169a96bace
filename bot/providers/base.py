"""The contract between the worker and a provider's adapter.

An adapter is stateless: it gets what it needs per call, makes one outside call (or a few free ones), and returns a
value or raises one of the faults in `bot.errors`. It never retries, sleeps, stores, or talks to people: the worker
does.

A job is a row of *stages*. Each stage is submitted once and, unless the provider answers at once, polled until it is
done. What a finished stage yields is committed before the next stage is sent, and given to the later ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from bot.providers.http import Http
from bot.voices import Voice, voices_of

Mode = Literal["text", "audio"]
Credentials = Mapping[str, str]
Yields = Mapping[str, str]


class Media(BaseModel):
    """A file that a person attached. Everything but `url` is what Discord claims and may be wrong; `size` is in
    bytes.
    """

    model_config = ConfigDict(frozen=True)
    url: str
    name: str
    size: int


class Request(BaseModel):
    """What a person asked for; stored with the job as JSON."""

    model_config = ConfigDict(frozen=True)
    mode: Mode
    video: Media
    audio: Media | None = None
    text: str | None = None
    voice: str | None = None
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class KeyField:
    """One thing that a moderator types to save a key. Only `secret` fields are hidden afterwards."""

    name: str
    label: str
    placeholder: str = ""
    secret: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """What the provider takes. Sizes in bytes, times in seconds, sides in pixels."""

    containers: frozenset[str]
    video_bytes: int
    video_seconds: tuple[float, float]
    sides: tuple[int, int]
    text_chars: int
    speeds: tuple[float, float]
    audio_formats: frozenset[str]
    audio_bytes: int
    audio_seconds: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stage:
    """One paid or free call of a provider's flow; `label` is what people read while it runs."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Submission:
    """All that an adapter gets to send one stage.

    `handle` is unique to this job and stage, made by us and stored before the request leaves: providers that can look
    a lost request up get it as their own id for it.
    """

    stage: str
    request: Request
    handle: str
    yields: Yields
    credentials: Credentials = field(repr=False)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The stage runs at the provider, under the id `remote`."""

    remote: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not done yet. `position` counts from 1 in the provider's queue; `progress` from 0 to 1; either may be unknown."""

    position: int | None = None
    progress: float | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The stage is finished. The last stage has yielded `video_url`. `cost_usd` is None where the provider doesn't
    say.
    """

    yields: Yields
    cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The provider ended the stage without a result. `reason` is the code of a `ProviderError`."""

    reason: str
    detail: str = ""
    cost_usd: Decimal | None = None


class Provider(ABC):
    """One outside API. Subclasses are found by their presence in `bot/providers`."""

    name: ClassVar[str]
    label: ClassVar[str]
    base_url: ClassVar[str]
    credentials: ClassVar[tuple[KeyField, ...]]
    limits: ClassVar[Limits]
    modes: ClassVar[frozenset[Mode]]
    can_cancel: ClassVar[bool] = False
    finds_lost_submits: ClassVar[bool] = False

    def __init__(self, http: Http, base_url: str | None = None) -> None:
        self._http = http
        self._base = (base_url or self.base_url).rstrip("/")

    @property
    def voices(self) -> Mapping[str, Voice]:
        """The voices this provider accepts, by key."""
        return voices_of(self.name)

    @abstractmethod
    def stages(self, request: Request) -> tuple[Stage, ...]:
        """The calls that this request takes, in order."""

    @abstractmethod
    async def submit(self, call: Submission) -> Accepted | Done:
        """Send one stage. `UnknownOutcome` when it can't be known whether it was accepted."""

    @abstractmethod
    async def poll(self, stage: str, remote: str, credentials: Credentials) -> Waiting | Done | Failed:
        """Ask once, free of charge, how an accepted stage is doing."""

    @abstractmethod
    async def check_key(self, credentials: Credentials) -> None:
        """Return when the key works; raise a `ProviderError` when it doesn't. Free of charge."""

    @abstractmethod
    async def price(self, request: Request, credentials: Credentials) -> Decimal | None:
        """US dollars that this request will cost, None where the provider doesn't say. Free of charge."""

    async def find(self, stage: str, handle: str, credentials: Credentials) -> Accepted | None:
        """Look up a submission whose answer was lost; None is proof that it was never accepted."""
        raise NotImplementedError(f"{self.name} cannot look up lost submissions")

    async def cancel(self, stage: str, remote: str, credentials: Credentials) -> bool:
        """Try to stop an accepted stage; False when the provider can't stop it any more."""
        raise NotImplementedError(f"{self.name} cannot cancel")
