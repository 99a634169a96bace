"""A stage that is asked about again: the same answer, to the byte, is read once, and any other one is read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest

from bot.net import client
from bot.net.client import Http
from bot.net.faults import BadKey, NotAccepted, ProviderError
from bot.net.transport import open_transport
from bot.providers.base import Done, Provider, Waiting
from tests.providers.far_end import FarEnd, far_end
from tests.providers.samples import Poll, Reply, Sample, all_samples

SAMPLES = [pytest.param(sample, id=sample.provider.name) for sample in all_samples()]
each_sample = pytest.mark.parametrize("sample", SAMPLES)


@pytest.fixture
async def end() -> AsyncIterator[FarEnd]:
    async with far_end() as opened:
        yield opened


@pytest.fixture
async def http(end: FarEnd) -> AsyncIterator[Http]:
    async with open_transport({end.host}) as transport:
        yield Http(transport)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The answers that were parsed."""
    found: list[bytes] = []

    def read(raw: bytes) -> Any:
        found.append(raw)
        return json.loads(raw)

    monkeypatch.setattr("bot.net.reply._parsed", read)
    return found


def running(sample: Sample, word: str = "") -> Reply:
    """The answer about a run that is going on."""
    return Reply(sample.running.body.replace("WORD", word or sample.waits[0]), sample.running.status)


def done(sample: Sample) -> Poll:
    """A run that has ended well."""
    return next(poll for poll in sample.polls if isinstance(poll.gives, Done))


async def ask(provider: Provider, sample: Sample, **other: str) -> object:
    poll = done(sample)
    return await provider.poll(poll.stage, poll.remote, {**sample.credentials, **other})


@each_sample
async def test_the_same_answer_is_read_once_and_means_the_same(
    sample: Sample, http: Http, end: FarEnd, parsed: list[bytes]
) -> None:
    provider = sample.provider(http, end.base_url)
    end.says(running(sample))
    first = await ask(provider, sample)
    assert isinstance(first, Waiting)
    assert [await ask(provider, sample) for _ in range(3)] == [first] * 3
    assert len(parsed) == 1
    assert len(end.heard) == 4
    assert all(heard == end.heard[0] for heard in end.heard)


@each_sample
async def test_an_answer_that_differs_in_one_word_is_read(
    sample: Sample, http: Http, end: FarEnd, parsed: list[bytes]
) -> None:
    provider = sample.provider(http, end.base_url)
    end.says(running(sample), running(sample, "odd"), running(sample), *done(sample).replies)
    words = [answer.word for _ in range(3) if isinstance(answer := await ask(provider, sample), Waiting)]
    assert words == ["", "odd", ""]
    assert len(parsed) == 3
    assert await ask(provider, sample) == done(sample).gives


@each_sample
async def test_the_same_words_with_another_status_are_read(
    sample: Sample, http: Http, end: FarEnd, parsed: list[bytes]
) -> None:
    provider = sample.provider(http, end.base_url)
    for status in (200, 503, 200, 503):
        end.says(Reply(running(sample).body, status))
        with suppress(NotAccepted):  # whoever tells of each task may do so with any status
            assert isinstance(await ask(provider, sample), Waiting)
    assert len(parsed) == 4


@each_sample
async def test_what_was_done_is_asked_about_anew(sample: Sample, http: Http, end: FarEnd, parsed: list[bytes]) -> None:
    provider, poll = sample.provider(http, end.base_url), done(sample)
    for _ in range(2):
        end.says(*poll.replies)
        assert await ask(provider, sample) == poll.gives
    assert len(parsed) == 2 * len(poll.replies)
    assert http._questions == {}


@each_sample
async def test_another_key_is_asked_with_at_once(sample: Sample, http: Http, end: FarEnd) -> None:
    provider = sample.provider(http, end.base_url)
    end.says(running(sample))
    await ask(provider, sample)
    await ask(provider, sample, api_key="another-canary")
    assert end.heard[-1].headers["Authorization"] == "Bearer another-canary"
    end.says(Reply("{}", 401))
    with pytest.raises(ProviderError) as raised:
        await ask(provider, sample)
    assert isinstance(raised.value, BadKey)


async def test_only_so_many_questions_are_remembered_those_that_were_asked_last(
    http: Http, end: FarEnd, parsed: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "MOST_QUESTIONS", 2)
    end.says(Reply('{"a": 1}'))
    http = http.at(end.base_url)
    for name in ("one", "two", "one", "three", "one", "two"):
        url, headers = f"{end.base_url}/{name}", {"Authorization": "Bearer canary"}
        await http.ask("GET", url, lambda reply: reply, again=object, headers=headers)
    assert len(parsed) == 4
    assert "canary" not in repr(http._questions)
