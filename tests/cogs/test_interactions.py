"""What an interaction tells of whoever used it, read from discord.py's own objects."""

from __future__ import annotations

from typing import Any

import discord
from discord.guild import Guild

from cogs.interactions import role_ids

MEMBER: Any = {
    "user": {"id": "7", "username": "alex", "discriminator": "0", "avatar": None},
    "roles": ["21", "20"],
    "joined_at": "2026-01-01T00:00:00+00:00",
    "deaf": False,
    "mute": False,
    "flags": 0,
}


def test_the_roles_are_those_that_discord_sent_with_that_of_everyone() -> None:
    """Fails when discord.py keeps them elsewhere: then `role_ids` is the one place to change."""
    state = discord.Client(intents=discord.Intents.none())._connection
    guild = Guild._create_unavailable(state=state, guild_id=1, data=None)
    member = discord.Member(data=MEMBER, guild=guild, state=state)
    assert role_ids(member) == {1, 20, 21}
    assert not {role.id for role in member.roles if role} & {20, 21}  # why they are not read there
