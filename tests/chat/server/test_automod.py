"""What an AutoMod keyword rule forbids, as Discord describes it."""

from __future__ import annotations

from contextlib import suppress
from time import thread_time
from typing import Any

import aiohttp
import discord
import pytest

from bot.chat.server import automod
from bot.chat.server.automod import KEPT_SECONDS, MOST_CPU_SECONDS, AutoMod, TooSlow, WordRule, forbidding, forbids
from bot.clock import Clock
from bot.domain.ask import Place


def rule(*keywords: str, patterns: tuple[str, ...] = (), allowed: tuple[str, ...] = ()) -> WordRule:
    return WordRule("a rule", keywords, patterns, allowed, frozenset(), frozenset())


@pytest.mark.parametrize(
    ("keyword", "text", "hit"),
    [
        ("cat", "a CAT!", True),
        ("cat", "concatenate", False),
        ("cat", "cats", False),
        ("cat*", "catch it", True),
        ("cat*", "concat", False),
        ("*cat", "concat it", True),
        ("*cat", "catch it", False),
        ("*cat*", "education", True),
        ("two words", "say two words, please", True),
        ("été", "l'été dernier", True),
        ("été", "l'étéx", False),
        ("привет", "ПРИВЕТ!", True),
        ("c++", "I like c++ a lot", True),
        ("badword", "a bad\u200bword", True),
        ("badword", "a bad\u00adword", True),
        ("badword", "ｂａｄｗｏｒｄ", True),
        ("the mat", "on the  mat", True),
        ("the mat", "on the\nmat", True),
        ("हिन", "हिन्दी", False),
        (".", "no dot here", False),
        ("*", "anything", False),
        ("", "anything", False),
    ],
)
def test_stars_say_where_a_word_may_go_on(keyword: str, text: str, hit: bool) -> None:
    assert forbids(rule(keyword), text) is hit


def test_of_thousands_of_keywords_only_those_that_may_hit_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, compile_it = list[str](), automod._compiled

    def counted(pattern: str) -> Any:
        compiled.append(pattern)
        return compile_it(pattern)

    monkeypatch.setattr(automod, "_compiled", counted)
    most = rule(*(f"*word{number}x*" for number in range(6_000)), "Straße", allowed=("a straße*",))
    assert forbids(most, "in dieser STRASSE liegt Word17X") is True
    assert 0 < len(compiled) <= 10


@pytest.mark.parametrize("keyword", ["ẞ", "ß", "ſ", "K", "İ", "ı", "ǅ", "ᾼ", "Σ", "ς", "ŉ", "ﬁ"])
def test_a_keyword_is_left_out_only_where_its_pattern_would_not_hit(keyword: str) -> None:
    for text in (keyword.upper(), keyword.lower(), keyword.swapcase(), keyword.casefold(), keyword):
        pattern = automod._word_pattern(keyword, keyword)
        if any(automod._spans(pattern, text)):
            assert list(automod._word_patterns([keyword], text, str)) == [pattern]


@pytest.mark.parametrize(
    "text",
    [
        "bаdword",  # Cyrillic
        "bαdword",  # Greek
        "b\u034fadword",
        "bad\u115fword",
        "bad\ufe0fword",
        "ba\u0301dword",
        "b4dw0rd".replace("4", "a"),
        "𝐛𝐚𝐝𝐰𝐨𝐫𝐝",
        "BАDWΟRD",  # Cyrillic and Greek capitals
        "bad\U000e0020word",
        "baďword".replace("ď", "d\u030c"),
    ],
)
def test_no_lookalike_and_nothing_unseen_gets_around_a_word_or_a_pattern(text: str) -> None:
    assert forbids(rule("badword"), f"such a {text} here")
    if "0" not in text:
        assert forbids(rule(patterns=("bad[a-z]ord",)), f"such a {text} here")


def test_words_of_other_scripts_are_told_apart_as_before() -> None:
    assert not forbids(rule("हिन्दी"), "हान्द")
    assert not forbids(rule("кот"), "кит")
    assert forbids(rule("кот"), "наш кот")
    assert not forbids(rule("rnat"), "on the cat")


def test_what_is_allowed_doesnt_count() -> None:
    assert not forbids(rule("*cat*", allowed=("concat",)), "concat this")
    assert forbids(rule("*cat*", allowed=("concat",)), "concat this cat")
    assert not forbids(rule("*cat*", allowed=("concat",)), "concat concat")
    assert forbids(rule("kill the mat", allowed=("the",)), "kill the mat")


@pytest.mark.parametrize("pattern", ["b(?=c)", "(", "a{9999999}"])
def test_a_pattern_that_cant_be_read_forbids_nothing(pattern: str) -> None:
    assert not forbids(rule(patterns=(pattern,)), "bc")


@pytest.mark.timeout(30)
def test_a_pattern_by_a_stranger_cant_hold_the_bot_up() -> None:
    assert not forbids(rule(patterns=("(a+)+$", "(a|aa)+$", "(.*a){20}$")), "a" * 1000 + "b")


RULE = {
    "name": "No fruit", "enabled": True, "trigger_type": 1, "actions": [{"type": 1}], "exempt_channels": ["30"],
    "exempt_roles": ["20"], "trigger_metadata": {"keyword_filter": ["banana"]},
}  # fmt: skip
PLACE = Place(1, 10, "#studio", reads_automod=True)


class StillClock(Clock):
    """Time that stands still until it is set forward."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at


class Rules:
    """Discord's answers to the question for a server's rules."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked = 0
        self.http = self

    async def get_auto_moderation_rules(self, guild_id: int) -> Any:
        assert guild_id == PLACE.guild_id
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def forbidden() -> discord.Forbidden:
    answer: Any = type("Answer", (), {"status": 403, "reason": "Forbidden"})()
    return discord.Forbidden(answer, {"code": 60003, "message": "Two factor is required for this operation"})


async def names(automod: AutoMod, place: Place = PLACE) -> list[str] | None:
    """The rules that hold there; None while they can't be known."""
    rules = await automod.rules(place)
    return None if rules is None else [rule.name for rule in rules]


async def test_the_rules_are_read_with_those_whom_they_exempt_and_once_a_minute() -> None:
    client: Any = Rules([RULE])
    automod = AutoMod(client, StillClock())
    for _ in range(2):
        assert await automod.rules(PLACE) == (
            WordRule("No fruit", ["banana"], (), (), frozenset({20}), frozenset({30})),
        )
    assert client.asked == 1


@pytest.mark.parametrize("change", [{"enabled": False}, {"trigger_type": 3}, {"actions": [{"type": 2}]}])
async def test_a_rule_that_blocks_no_words_forbids_nothing(change: dict[str, Any]) -> None:
    client: Any = Rules([{**RULE, **change}])
    assert await names(AutoMod(client, StillClock())) == []


async def test_without_the_permission_nothing_is_asked() -> None:
    client: Any = Rules([RULE])
    assert await names(AutoMod(client, StillClock()), Place(1, 10, "#studio")) == []
    assert client.asked == 0


@pytest.mark.parametrize("trouble", [aiohttp.ClientConnectionError(), [{"odd": "answer"}], None])
async def test_rules_that_cant_be_read_are_not_taken_for_none(trouble: Any) -> None:
    client: Any = Rules(trouble)
    automod = AutoMod(client, StillClock())
    assert await names(automod) is None
    client.answer = []
    assert await names(automod) == []


async def test_rules_that_cant_be_read_again_go_on() -> None:
    client: Any = Rules([RULE])
    clock = StillClock()
    automod = AutoMod(client, clock)
    assert await names(automod) == ["No fruit"]
    clock.at, client.answer = KEPT_SECONDS, aiohttp.ClientConnectionError()
    assert await names(automod) == ["No fruit"]
    client.answer = []
    assert await names(automod) == []


async def test_rules_that_discord_refuses_to_show_are_not_asked_for_at_every_command() -> None:
    client: Any = Rules(forbidden())
    automod = AutoMod(client, StillClock())
    assert await names(automod) == []
    assert await names(automod) == []
    assert client.asked == 1


def test_a_text_whose_signs_stand_for_very_many_hides_nothing() -> None:
    assert forbids(rule("badword"), "\ufdfa" * 900 + "ｂａｄｗｏｒｄ")  # NFKC makes eighteen signs of each
    assert not forbids(rule(), "\ufdfa" * 900)


@pytest.mark.parametrize("form", [r"[\pL\pN]{{0,{}}}zz", ".{{0,{}}}zz|", "(?:a?){{{}}}b|"])
def test_patterns_that_are_made_to_be_slow_hold_nobody_up(form: str) -> None:
    hostile = [rule(patterns=tuple(form.format(300 - 10 * n - m) for n in range(10))) for m in range(6)]
    began = thread_time()
    with suppress(TooSlow):
        forbidding(hostile, "ab " * 333, role_ids=frozenset(), channel_ids=frozenset())
    assert thread_time() - began < 4 * MOST_CPU_SECONDS


def test_a_pattern_that_is_large_when_it_is_compiled_is_left_out() -> None:
    assert not forbids(rule(patterns=(r"[\pL\pN]{0,300}zz",)), "fizz")
    assert forbids(rule(patterns=(r"\b[\p{L}\p{N}]{1,8}zz\b",)), "fizz")


async def test_rules_that_were_too_slow_are_not_applied_for_a_minute() -> None:
    client: Any = Rules([RULE])
    clock = StillClock()
    automod = AutoMod(client, clock)
    automod.set_aside(PLACE.guild_id)
    with pytest.raises(TooSlow):
        await automod.rules(PLACE)
    clock.at = KEPT_SECONDS
    assert await names(automod) == ["No fruit"]
