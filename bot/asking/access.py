"""Who may ask for a job, where, and with which words, as a server's moderators have set it. Each check raises a
`Refusal`.
"""

from __future__ import annotations

from bot.asking.server import Server
from bot.chat.server.automod import forbidding
from bot.clock import DAY
from bot.domain.ask import Ask
from bot.words.english import listed
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


def check_place(ask: Ask, _: Server) -> None:
    """Let nobody ask where the bot lacks permissions to bring the video back."""
    if ask.place.missing:
        raise PlaceUnfit(channel=ask.place.channel_name, missing=listed([f"**{name}**" for name in ask.place.missing]))


def check_text(ask: Ask, _: Server) -> None:
    """Let nobody ask for silence."""
    if not ask.audio and not (ask.text or "").strip():
        raise TextEmpty


def check_channel(ask: Ask, server: Server) -> None:
    """Let people ask in open channels only."""
    if server.channels and not server.channels & _channels(ask):
        raise ChannelClosed(open=listed([f"<#{channel}>" for channel in sorted(server.channels)], "or"))


def check_block(_: Ask, server: Server) -> None:
    """Let nobody ask who is blocked."""
    if server.is_blocked:
        raise Blocked


def check_role(ask: Ask, server: Server) -> None:
    """Let people ask who have one of the roles."""
    if server.roles and not server.roles & ask.asker.role_ids:
        raise RoleMissing(roles=listed([f"<@&{role}>" for role in sorted(server.roles)], "or"))


def check_age(ask: Ask, server: Server) -> None:
    """Let people ask whose account, and membership, is old enough."""
    asker, policy = ask.asker, server.policy
    for kind, since, days in (
        ("accounts", asker.account_at, policy.account_days),
        ("members", asker.joined_at, policy.member_days),
    ):
        if since + days * DAY > server.read_at:
            raise TooNew(kind=kind, days=days, at=int(since + days * DAY) + 1)


def check_words(ask: Ask, server: Server) -> None:
    """Let nobody have words spoken, or a recording of such a name, that AutoMod would block."""
    if server.word_rules is None:
        raise AutoModUnreadable
    spoken = ask.text or (ask.audio.name if ask.audio else "")
    rule = forbidding(server.word_rules, spoken, role_ids=ask.asker.role_ids, channel_ids=_channels(ask))
    if rule:
        raise WordsForbidden(rule=rule.name)


def _channels(ask: Ask) -> frozenset[int]:
    """The channel, and what it is within."""
    return frozenset((ask.place.channel_id, *ask.place.within))
