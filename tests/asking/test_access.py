"""What a server's rules say to a command, and which refusal is told when there are several."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.asking.access import check_age, check_channel, check_role, check_words
from bot.asking.admission import CHECKS, Check
from bot.asking.server import Server
from bot.chat.server.automod import WordRule
from bot.clock import DAY
from bot.domain.ask import Ask, Asker, Place
from bot.domain.request import Media
from bot.errors import Refusal
from bot.words.refusals.access import (
    AutoModUnreadable,
    Blocked,
    ChannelClosed,
    PlaceUnfit,
    RoleMissing,
    TooNew,
    WordsForbidden,
)
from bot.words.refusals.asks import TextEmpty
from bot.words.refusals.limits import LimitReached
from storage.servers.guilds import Policy
from storage.servers.limit_rules import Rule
from storage.servers.quota import Claim, OverLimit, Standing

GUILD, CHANNEL, CATEGORY, ROLE, MEMBER = 1, 10, 20, 30, 40
NOW = 100 * DAY
CLIP = Media(url="https://cdn.discordapp.com/v.mp4", name="v.mp4", size=10)
PLACE = Place(GUILD, CHANNEL, "#studio", within=(CATEGORY,))
ASKER = Asker(MEMBER, role_ids=frozenset({ROLE}), account_at=NOW - 10 * DAY, joined_at=NOW - 5 * DAY)
ASK = Ask(PLACE, ASKER, 50, CLIP, text="a bad word", voice="en:AOT")
OPEN = Server(read_at=NOW)
BAD = WordRule("no bad words", ("bad",), (), (), frozenset(), frozenset())
OVER = OverLimit(Standing(Rule("everyone", 0, "jobs", "day", 3), 3, NOW + DAY), Claim(GUILD, MEMBER, jobs=1))


def refusal(ask: Ask, server: Server) -> type[Refusal] | None:
    """The first that is told."""
    for check in CHECKS:
        try:
            check(ask, server)
        except Refusal as refused:
            return type(refused)
    return None


def test_of_several_refusals_the_first_in_order_is_told() -> None:
    ask = replace(ASK, place=replace(PLACE, missing=("Send Messages",)), text=" ")
    server = Server(
        read_at=NOW,
        channels=frozenset({99}),
        is_blocked=True,
        roles=frozenset({98}),
        policy=Policy(account_days=365),
        word_rules=None,
        over_limit=OVER,
    )
    told = [refusal(ask, server)]
    ask = replace(ask, place=PLACE)
    told.append(refusal(ask, server))
    ask = ASK
    mending: list[dict[str, Any]] = [
        {"channels": frozenset()},
        {"is_blocked": False},
        {"roles": frozenset()},
        {"policy": Policy()},
        {"word_rules": [BAD]},
        {"word_rules": []},
        {"over_limit": None},
    ]
    for mended in mending:
        told.append(refusal(ask, server))
        server = replace(server, **mended)
    access = [PlaceUnfit, TextEmpty, ChannelClosed, Blocked, RoleMissing, TooNew, AutoModUnreadable, WordsForbidden]
    assert told == [*access, LimitReached]
    assert refusal(ask, server) is None


@pytest.mark.parametrize(("channels", "is_open"), [({CHANNEL, 9}, True), ({CATEGORY}, True), ({9}, False), ((), True)])
def test_a_server_is_open_in_its_channels_and_in_what_they_hold(channels: set[int], *, is_open: bool) -> None:
    assert passes(check_channel, replace(OPEN, channels=frozenset(channels))) is is_open


@pytest.mark.parametrize(("roles", "is_open"), [({ROLE, 9}, True), ({9}, False), ((), True)])
def test_a_server_is_open_to_members_with_any_of_its_roles(roles: set[int], *, is_open: bool) -> None:
    assert passes(check_role, replace(OPEN, roles=frozenset(roles))) is is_open


@pytest.mark.parametrize(("account", "member", "is_open"), [(10, 5, True), (11, 0, False), (0, 6, False)])
def test_account_and_membership_must_be_old_enough(account: int, member: int, *, is_open: bool) -> None:
    policy = Policy(account_days=account, member_days=member)
    assert passes(check_age, replace(OPEN, policy=policy)) is is_open


@pytest.mark.parametrize(
    ("rule", "is_open"),
    [
        (BAD, False),
        (replace(BAD, exempt_roles=frozenset({ROLE})), True),
        (replace(BAD, exempt_channels=frozenset({CATEGORY})), True),
    ],
)
def test_words_are_checked_but_for_exempt_roles_and_channels(rule: WordRule, *, is_open: bool) -> None:
    assert passes(check_words, replace(OPEN, word_rules=[rule])) is is_open


def passes(check: Check, server: Server) -> bool:
    """Whether the one check lets the ask in."""
    try:
        check(ASK, server)
    except Refusal:
        return False
    return True
