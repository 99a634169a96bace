"""Every documented answer to every call, with each of its parts missing or replaced by something odd: an adapter gives
what it promises, or raises a fault of the taxonomy. Anything else would leave a job open.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.net.client import Http
from bot.net.faults import ProviderError
from bot.providers.base import Accepted, Done, Failed, Provider, Submission, Waiting
from tests.providers.odd import MISSING, parts, replaced
from tests.providers.samples import HANDLE, Reply, Sample, all_samples

Call = Callable[[Provider, Sample, Path], Awaitable[Any]]
ODD: tuple[Any, ...] = (
    *(MISSING, None, True, False, 0, -1, 2.5, 10**400, float("nan"), float("inf"), "", " ", "x", "-1", "1e999"),
    *([], {}, [None], [[]], ["x"], [{}], {"x": None}, {"id": {}, "url": [], "code": None}, [[[{"data": [None]}]]]),
)


@dataclass(frozen=True)
class Asked:
    """A call, and its documented answers in turn."""

    name: str
    sample: Sample
    call: Call
    replies: Sequence[Reply]


def submitted(number: int) -> Call:
    async def call(provider: Provider, sample: Sample, _: Path) -> Any:
        submit = sample.submits[number]
        given = Submission(submit.stage, submit.request, HANDLE, submit.yields, sample.credentials)
        answer = await provider.submit(given)
        assert is_answer(answer) if isinstance(answer, Failed) else is_accepted_or_done(answer)

    return call


def polled(number: int) -> Call:
    async def call(provider: Provider, sample: Sample, _: Path) -> Any:
        poll = sample.polls[number]
        assert is_answer(await provider.poll(poll.stage, poll.remote, sample.credentials))

    return call


async def polled_many(provider: Provider, sample: Sample, _: Path) -> Any:
    remotes = [HANDLE, "another"]
    found = await provider.poll_many(remotes, sample.credentials)
    assert set(found) == set(remotes)
    assert all(isinstance(answer, ProviderError) or is_answer(answer) for answer in found.values())


async def checked(provider: Provider, sample: Sample, _: Path) -> Any:
    await provider.check_key(sample.credentials)


async def priced(provider: Provider, sample: Sample, _: Path) -> Any:
    for submit in sample.submits:
        assert is_cost(await provider.price(submit.request, sample.credentials))


async def found(provider: Provider, sample: Sample, _: Path) -> Any:
    for stage in {stage.name for flow in provider.flows for stage in flow.stages if stage.findable}:
        answer = await provider.find(stage, HANDLE, sample.credentials)
        assert answer is None or is_accepted_or_done(answer)


async def cancelled(provider: Provider, sample: Sample, _: Path) -> Any:
    assert isinstance(await provider.cancel(sample.polls[0].stage, sample.polls[0].remote, sample.credentials), bool)


async def uploaded(provider: Provider, sample: Sample, file: Path) -> Any:
    assert is_text(await provider.upload(file, sample.credentials))


OTHERS: dict[str, Call] = {"find": found, "cancel": cancelled, "upload": uploaded, "price": priced}


def is_text(value: object) -> bool:
    """Whether it may be an id or an address, and is no odd value turned into text."""
    return isinstance(value, str) and value.strip() not in {"", "None", "True", "False"} and value[0] not in "[{"


def is_cost(value: object) -> bool:
    return value is None or (isinstance(value, Decimal) and value.is_finite() and 0 <= value < 10_000)


def is_accepted_or_done(answer: Any) -> bool:
    return is_text(answer.remote) if isinstance(answer, Accepted) else is_done(answer)


def is_done(answer: Any) -> bool:
    assert isinstance(answer, Done)
    assert all(is_text(name) and is_text(value) for name, value in answer.yields.items())
    assert is_cost(answer.cost_usd)
    return True


def is_answer(answer: Any) -> bool:
    match answer:
        case Waiting(position, progress, word):
            assert position is None or 0 <= position < 10**6
            assert progress is None or (isfinite(progress) and 0 <= progress <= 1)
            assert isinstance(word, str)
        case Failed(reason, detail, cost):
            assert isinstance(reason, str)
            assert isinstance(detail, str)
            assert is_cost(cost)
        case _:
            is_done(answer)
    return True


def asked() -> Iterator[Asked]:
    """Every call of every adapter."""
    for sample in all_samples():
        for number, submit in enumerate(sample.submits):
            yield Asked(f"submit-{number}", sample, submitted(number), [submit.reply])
        for number, poll in enumerate(sample.polls):
            yield Asked(f"poll-{number}", sample, polled(number), poll.replies)
            if sample.provider.polls_at_once > 1:
                yield Asked(f"poll_many-{number}", sample, polled_many, poll.replies)
        for number, reply in enumerate((*sample.check_passes, *(reply for reply, _ in sample.check_fails))):
            yield Asked(f"check_key-{number}", sample, checked, [reply])
        for number, (reply, _) in enumerate(sample.errors):
            yield Asked(f"error-{number}", sample, submitted(0), [reply])
        for name, replies in sample.others.items():
            yield Asked(name, sample, OTHERS[name], replies)


def odd_answers(replies: Sequence[Reply]) -> Iterator[list[Reply]]:
    """The answers with one part of one of them odd."""
    for number, reply in enumerate(replies):
        body = json.loads(reply.body)
        for path in parts(body):
            for odd in ODD:
                changed = Reply(json.dumps(replaced(body, path, odd)), reply.status)
                yield [*replies[:number], changed, *replies[number + 1 :]]


async def raised(asked: Asked, replies: Sequence[Reply], file: Path) -> str | None:
    """What an answer leads to that it must not, if anything."""
    left = list(replies)

    def answer(_: httpx.Request) -> httpx.Response:
        reply = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(reply.status, content=stream(reply.body.encode()))

    async with httpx.MockTransport(answer) as transport:
        try:
            await asked.call(asked.sample.provider(Http(transport), "https://far.example"), asked.sample, file)
        except ProviderError:
            return None
        except Exception as error:  # noqa: BLE001 - this is what is looked for
            return f"{type(error).__name__}: {error} for {[reply.body[:300] for reply in replies]}"
    return None


async def stream(body: bytes) -> AsyncIterator[bytes]:
    yield body


@pytest.mark.parametrize(
    "asked", [pytest.param(each, id=f"{each.sample.provider.name}-{each.name}") for each in asked()]
)
def test_no_odd_answer_breaks_an_adapter(asked: Asked, tmp_path: Path) -> None:
    (file := tmp_path / "clip.mp4").write_bytes(b"clip")

    async def all_of_them() -> list[str]:
        found = [await raised(asked, replies, file) for replies in odd_answers(asked.replies)]
        return [failure for failure in found if failure]

    assert asyncio.run(all_of_them()) == []


@pytest.mark.parametrize("sample", [pytest.param(each, id=each.provider.name) for each in all_samples()])
def test_every_further_call_of_an_adapter_has_a_documented_answer(sample: Sample) -> None:
    own = {name for name in ("find", "cancel", "upload") if name in vars(sample.provider)}
    assert set(sample.others) - {"price"} == own
