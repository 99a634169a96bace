"""A server's own AutoMod keyword rules, applied to what is to be spoken: Discord applies them to no bot's messages.

Discord shows the rules only to bots with the Manage Server permission; without it, nothing is checked here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from math import inf
from time import thread_time
from typing import Any

import discord
import re2

from bot.chat.errors import PostFailed, PostRefused
from bot.chat.posting import post_errors
from bot.clock import Clock
from bot.domain.ask import Place
from bot.domain.lookalikes import latin, plain, skeleton

log = logging.getLogger(__name__)

KEPT_SECONDS = 60.0  # for how long the rules of a server are taken as read
MOST_CPU_SECONDS = 0.25  # that may go into applying a server's rules to a text, as everybody waits meanwhile
MOST_SIGNS = 4_000  # of a text as it is compared: some signs stand for eighteen
MOST_HITS = 100  # in a text that are looked at
PATTERN_BYTES = 2**20  # of a compiled pattern
STOPPING = {discord.AutoModRuleActionType.block_message.value, discord.AutoModRuleActionType.timeout.value}
KEYWORD = discord.AutoModRuleTriggerType.keyword.value


@dataclass(frozen=True, slots=True)
class WordRule:
    """One enabled keyword rule that blocks messages."""

    name: str
    keywords: Sequence[str]
    patterns: Sequence[str]
    allowed: Sequence[str]
    exempt_roles: frozenset[int]
    exempt_channels: frozenset[int]


class TooSlow(Exception):
    """A server's rules take too long to be applied. Patterns are its moderators' own, and may be made for that."""


class AutoMod:
    """Reads the servers' rules, and remembers them for a minute."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._read: dict[int, tuple[float, Sequence[WordRule] | None]] = {}
        self._too_slow: dict[int, float] = {}  # until when a server's rules are not applied again

    async def rules(self, place: Place) -> Sequence[WordRule] | None:
        """The server's rules: none when Discord doesn't show them to the bot, None while they can't be known. `TooSlow`
        when they were that a moment ago.
        """
        if not place.reads_automod:
            return ()
        guild_id = place.guild_id
        if self._clock.monotonic() < self._too_slow.get(guild_id, 0.0):
            raise TooSlow
        self._too_slow.pop(guild_id, None)
        read_at, rules = self._read.get(guild_id, (float("-inf"), None))
        if rules is not None and self._clock.monotonic() - read_at < KEPT_SECONDS:
            return rules
        try:
            async with post_errors():
                rules = tuple(_word_rules(await self._client.http.get_auto_moderation_rules(guild_id)))
        except PostRefused as refused:  # Discord asks for more than the permission, such as two-factor authentication
            log.warning("Discord doesn't show the AutoMod rules of server %s: %s", guild_id, refused)
            rules = ()
        except (PostFailed, KeyError) as fault:  # the latter: they are written as nobody here knows
            log.warning("the AutoMod rules of server %s can't be read: %s", guild_id, fault)
            return rules  # those that were read last
        self._read[guild_id] = (self._clock.monotonic(), rules)
        return rules

    def set_aside(self, guild_id: int) -> None:
        """Don't apply the server's rules for a while: they were too slow."""
        self._too_slow.setdefault(guild_id, self._clock.monotonic() + KEPT_SECONDS)


def forbidding(
    rules: Iterable[WordRule], text: str, *, role_ids: frozenset[int], channel_ids: frozenset[int]
) -> WordRule | None:
    """The first of the rules that forbids this text to somebody with these roles, in these channels; None when none
    does. `TooSlow` when that takes too long.
    """
    until = thread_time() + MOST_CPU_SECONDS
    for rule in rules:
        is_exempt = rule.exempt_roles & role_ids or rule.exempt_channels & channel_ids
        if not is_exempt and forbids(rule, text, until):
            return rule
    return None


def _word_rules(rules: Iterable[Any]) -> Iterator[WordRule]:
    """The keyword rules among those that Discord sends."""
    for rule in rules:
        stops = any(action["type"] in STOPPING for action in rule["actions"])
        if rule["enabled"] and stops and rule["trigger_type"] == KEYWORD:
            trigger = rule["trigger_metadata"]
            yield WordRule(
                rule["name"],
                trigger.get("keyword_filter", ()),
                trigger.get("regex_patterns", ()),
                trigger.get("allow_list", ()),
                frozenset(map(int, rule["exempt_roles"])),
                frozenset(map(int, rule["exempt_channels"])),
            )


def forbids(rule: WordRule, text: str, until: float = inf) -> bool:
    """Whether the rule is hit by the text, as Discord describes it: `cat` is a whole word, `cat*` and `*cat` its begin
    and end, `*cat*` any part; a hit that lies within something the rule allows doesn't count. What is too long to be
    compared counts as hit. `TooSlow` when the thread has run `until` then.
    """
    readings, bones = {text, plain(text), latin(text)}, skeleton(text)
    if max(map(len, (*readings, bones))) > MOST_SIGNS:
        return bool(rule.keywords or rule.patterns)
    return any(_hit(rule, reading, rule.patterns, plain, until) for reading in readings) or _hit(
        rule, bones, (), skeleton, until
    )


def _hit(rule: WordRule, text: str, patterns: Sequence[str], read: Callable[[str], str], until: float) -> bool:
    """Whether the text is hit; `read` brings a keyword into the form that the text has. Where very many hits are
    allowed, the text counts as hit.
    """
    stopping = chain(_word_patterns(rule.keywords, text, read), patterns)
    allowed: list[tuple[int, int]] | None = None
    for number, hit in enumerate(_hits(stopping, text, until)):
        if allowed is None:
            allowed = list(islice(_hits(_word_patterns(rule.allowed, text, read), text, until), MOST_SIGNS))
        if number >= MOST_HITS or not any(begin <= hit[0] and hit[1] <= end for begin, end in allowed):
            return True
    return False


def _hits(patterns: Iterable[str], text: str, until: float) -> Iterator[tuple[int, int]]:
    """Where any of the patterns is found. `TooSlow` as in `forbids`."""
    for pattern in patterns:
        if thread_time() > until:
            raise TooSlow
        for span in _spans(pattern, text):
            yield span
            if thread_time() > until:
                raise TooSlow


def _word_patterns(keywords: Iterable[str], text: str, read: Callable[[str], str]) -> Iterator[str]:
    """The patterns of those keywords that are somewhere in the text. To compile all of a server's, which may be 6,000,
    takes a good part of a second, in which the bot serves nobody.
    """
    folded = text.casefold()
    for keyword in keywords:
        core = read(keyword.strip("* "))
        if core and core.casefold() in folded:
            yield _word_pattern(keyword, core)


def _word_pattern(keyword: str, core: str) -> str:
    core = re2.escape(core)
    # Word characters of every script; RE2's \b knows ASCII only. What stands around a word may belong to two of them.
    before = "" if keyword.startswith("*") else r"(?:^|[^\pL\pN\pM_])"
    after = "" if keyword.endswith("*") else r"(?:$|[^\pL\pN\pM_])"
    return f"{before}(?P<core>{core}){after}"


def _spans(pattern: str, text: str) -> Iterator[tuple[int, int]]:
    """Where the pattern is found; for a keyword, where the word itself is."""
    try:
        compiled = _compiled(pattern)
    except re2.error:
        log.info("an AutoMod pattern is in a form that RE2 doesn't know; left out")
        return
    group = compiled.groupindex.get("core", 0)
    place = 0
    while place <= len(text) and (found := compiled.search(text, place)):
        yield found.span(group)
        place = max(found.end(group), place + 1)


def _compiled(pattern: str) -> re2._Regexp:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = PATTERN_BYTES
    return re2.compile(pattern, options=options)
