"""What the providers' documents say, as data: one file per provider, found by its presence.

`tests/providers/test_contract.py` holds every adapter and every emulator against these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from bot.domain.request import Media, Request
from bot.net.faults import ProviderError
from bot.providers.base import Accepted, Done, Failed, Provider, Waiting

HANDLE = "2f0c9c1e-6f0a-4b7e-9d54-0f6f5a0d7c11"  # our own id for the stage that is sent
VIDEO = Media(url="https://cdn.example/v.mp4?ex=1&sig=2", name="v.mp4", size=10_000, seconds=8.0)
AUDIO = Media(url="https://cdn.example/a.mp3?ex=1&sig=2", name="a.mp3", size=5_000, seconds=4.5)
FACE = {"session_id": "865289575831703581", "face_id": "0", "face_start": "200", "face_end": "7700"}


@dataclass(frozen=True)
class Call:
    """One request, as the document wants it. `path` is below the provider's base address."""

    method: str
    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """One answer, as the document has it."""

    body: str
    status: int = 200


@dataclass(frozen=True)
class Submit:
    """One stage being sent: what the adapter is given, the one request that leaves, an answer, and what comes of it."""

    request: Request
    stage: str
    call: Call
    reply: Reply
    gives: Accepted | Done
    yields: Mapping[str, str] = field(default_factory=dict)
    paid: bool = True


@dataclass(frozen=True)
class Poll:
    """One stage being asked about: the requests that leave, the answers, and what comes of them."""

    stage: str
    remote: str
    calls: tuple[Call, ...]
    replies: tuple[Reply, ...]
    gives: Waiting | Done | Failed


@dataclass(frozen=True)
class Sample:
    """All that is documented of one provider.

    errors: answers to a paid request, each with the fault that it is · polls: every form in which a run is going on, is
    done or has failed · `running` is a poll's answer with WORD in place of the status word, and `waits` and `ends` are
    the words: those that mean "not done yet", and those that mean an end (in any case) · checks: the key's test, the
    answers that let it pass, and those that don't.
    """

    provider: type[Provider]
    credentials: Mapping[str, str]  # each secret contains "canary"
    submits: tuple[Submit, ...]
    polls: tuple[Poll, ...]
    errors: tuple[tuple[Reply, type[ProviderError]], ...]
    running: Reply
    waits: tuple[str, ...]
    ends: tuple[str, ...]
    check: Call
    check_passes: tuple[Reply, ...]
    check_fails: tuple[tuple[Reply, type[ProviderError]], ...]
    poor: Mapping[str, str]  # credentials that the emulator takes for an account without credit
    others: Mapping[str, tuple[Reply, ...]] = field(default_factory=dict)  # an answer to each further call, by its name


def text_request(flow: str, voice: str = "en:oversea_male1", **more: Any) -> Request:
    """A wish for a text, as the service would store it for this flow."""
    return Request(flow=flow, mode="text", video=VIDEO, **{"text": "Hello", "voice": voice, "speed": 1.2, **more})


def audio_request(flow: str, **more: Any) -> Request:
    """A wish for a recording."""
    return Request(flow=flow, mode="audio", video=VIDEO, audio=AUDIO, **more)


def all_samples() -> list[Sample]:
    """Every provider's."""
    modules = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]
    return [module.SAMPLE for module in modules]
