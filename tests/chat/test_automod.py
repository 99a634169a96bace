"""What an AutoMod keyword rule forbids, as Discord describes it."""

from __future__ import annotations

import pytest

from bot.chat.automod import WordRule, forbids


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
