"""What people may choose from: the providers that a server's keys open, and their voices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.asking.choices import Choices, usable
from bot.domain.job import Ledger
from bot.domain.voices import Voice
from bot.providers.base import Provider
from storage.servers.key_info import KeyInfo
from storage.servers.keys import Keys
from tests.jobs.steps.alone import named
from tests.scripted import Keyed, Scripted

GUILD, MEMBER = 1, 42


def voice(name: str) -> Voice:
    return Voice(name, "en", name, name, ())


class Speaking(Keyed):
    """Speaks with two voices: one of its own, and one that all have."""

    @property
    def voices(self) -> Mapping[str, Any]:
        return {one.key: one for one in (voice("shared"), voice(self.name))}


class ThreeKeys(Keys):
    """The keys of one server: the second is switched off, and the last of a provider that is gone."""

    def __init__(self) -> None: ...

    async def shown(self, guild_id: int) -> list[KeyInfo]:
        assert guild_id == GUILD
        return [key("second"), key("first"), key("off", "bad_key"), key("gone")]


class LastVoice(Ledger):
    """What the member used last."""

    def __init__(self) -> None:
        self.last: str | None = None

    async def last_voice(self, guild_id: int, member_id: int) -> str | None:
        assert (guild_id, member_id) == (GUILD, MEMBER)
        return self.last


def key(provider: str, off_reason: str | None = None) -> KeyInfo:
    return KeyInfo(1, GUILD, provider, "", 9, 0.0, off_reason, None)


PROVIDERS: dict[str, Provider] = {
    "free": named("free", Scripted),
    **{name: named(name, Speaking) for name in ("first", "second", "off", "unused")},
}


@pytest.fixture
def ledger() -> LastVoice:
    return LastVoice()


@pytest.fixture
def choices(ledger: LastVoice) -> Choices:
    return Choices(ThreeKeys(), ledger, PROVIDERS)


async def test_providers_come_in_the_order_of_the_keys_that_work_and_those_without_keys_last(choices: Choices) -> None:
    assert [one.name for one in await choices.usable(GUILD)] == ["second", "first", "free"]
    assert [one.name for one in usable([], PROVIDERS)] == ["free"]


async def test_the_voices_of_all_that_can_be_used_are_offered_once_each(choices: Choices) -> None:
    assert [one.name for one in await choices.voices(GUILD, None)] == ["shared", "second", "first"]
    assert [one.name for one in await choices.voices(GUILD, "nobody")] == ["shared", "second", "first"]


async def test_the_voices_of_a_chosen_provider_are_its_own(choices: Choices) -> None:
    assert [one.name for one in await choices.voices(GUILD, "unused")] == ["shared", "unused"]


@pytest.mark.parametrize(
    ("last", "order"),
    [
        (None, ["shared", "second", "first"]),
        ("en:first", ["first", "shared", "second"]),
        ("en:nobody", ["shared", "second", "first"]),
    ],
)
async def test_the_voice_that_was_used_last_comes_first(
    choices: Choices, ledger: LastVoice, last: str | None, order: list[str]
) -> None:
    ledger.last = last
    assert [one.name for one in await choices.voices_for(GUILD, None, MEMBER)] == order


async def test_the_last_voice_comes_first_among_those_of_a_chosen_provider_too(
    choices: Choices, ledger: LastVoice
) -> None:
    ledger.last = "en:unused"
    assert [one.name for one in await choices.voices_for(GUILD, "unused", MEMBER)] == ["unused", "shared"]
