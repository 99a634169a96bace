"""What moderators read of who may use the bot, and where."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.words import log_entries
from bot.words.english import listed, person, quoted
from storage.servers.access import Block
from storage.servers.guilds import Policy

MOST_SHOWN = 15  # blocked members
NO_REASON = "no reason given"


def blocked(member: str) -> str:
    """The answer to a block; `member` is a mention."""
    return f"{member} is blocked. What they have under way goes on; `/lipsync-admin jobs` can cancel it."


def unblocked(member: str) -> str:
    """The answer when a block is taken off."""
    return f"{member} is no longer blocked."


def choose_channels(channels: Collection[int]) -> str:
    """What stands above the menu of channels."""
    return f"{_channels(channels)}\nChoose up to 25, threads included; none opens it everywhere."


def choose_roles(roles: Collection[int]) -> str:
    """What stands above the menu of roles."""
    return f"{_roles(roles)}\nChoose up to 25; none opens it to everyone."


def status(channels: Collection[int], roles: Collection[int], blocks: Sequence[Block], policy: Policy) -> str:
    """Who may use the bot, and where, in a few lines."""
    ages = f"Accounts of at least {policy.account_days} days, members for at least {policy.member_days} days"
    lines = [
        _channels(channels),
        _roles(roles),
        f"**Age**: {ages if policy.account_days + policy.member_days else 'any'}.",
    ]
    lines.append(f"**Approval**: {log_entries.approval(policy.approval, policy.approval_cents)}")
    found = [
        f"- <@{block.member_id}>: {quoted(block.reason)} · by {person(block.blocked_by)} <t:{int(block.blocked_at)}:R>"
        for block in blocks[:MOST_SHOWN]
    ]
    if len(blocks) > MOST_SHOWN:
        found.append(f"- and {len(blocks) - MOST_SHOWN} more")
    lines.append("\n".join(["**Blocked**:", *found]) if found else "**Blocked**: nobody.")
    return "\n".join(lines)


def _channels(channels: Collection[int]) -> str:
    return f"**Channels**: {listed([f'<#{one}>' for one in sorted(channels)]) if channels else 'all'}."


def _roles(roles: Collection[int]) -> str:
    return f"**Roles**: {listed([f'<@&{one}>' for one in sorted(roles)], 'or') if roles else 'all'}."
