"""What the bot must be allowed to do in a channel for its purpose there, and what of it it isn't."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

import discord

from bot.chat.errors import PostRefused
from bot.chat.posting import post_errors

TO_MAKE_VIDEOS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    attach_files=True,
    read_message_history=True,
)
TO_LOG = discord.Permissions(view_channel=True, send_messages=True)
# Where threads can't be opened, or nothing can be posted outside of one.
_NOT_NEEDED = {
    discord.ChannelType.voice: discord.Permissions(send_messages_in_threads=True, create_public_threads=True),
    discord.ChannelType.forum: discord.Permissions(send_messages=True, create_public_threads=True),
}


def needed(allowed: Collection[int], log: int | None, notices: int | None) -> Mapping[int, discord.Permissions]:
    """What it needs in the channels that a server's setup names; that for notices is used where there is no log."""
    told = log or notices
    wanted = dict.fromkeys(allowed, TO_MAKE_VIDEOS)
    return wanted | {told: wanted.get(told, TO_LOG) | TO_LOG} if told else wanted


def names_of(permissions: discord.Permissions) -> tuple[str, ...]:
    """The permissions as people read them."""
    names = [name.replace("_", " ").title().replace(" In ", " in ") for name, is_meant in permissions if is_meant]
    return tuple(names)


async def lacking(
    client: discord.Client, guild_id: int, wanted: Mapping[int, discord.Permissions]
) -> Mapping[int, tuple[str, ...] | None]:
    """What the bot lacks in each of these channels of a server, as people read it, None where it sees no such channel.
    `PostRefused` when it isn't in the server, `PostFailed` when Discord doesn't say.
    """
    assert client.user
    async with post_errors():
        guild = await client.fetch_guild(guild_id, with_counts=False)
        me = await guild.fetch_member(client.user.id)

    async def look(channel_id: int) -> tuple[str, ...] | None:
        try:
            async with post_errors():
                channel = await guild.fetch_channel(channel_id)
        except PostRefused:
            return None
        needless = _NOT_NEEDED.get(channel.type, discord.Permissions.none())
        return names_of(wanted[channel_id] & ~needless & ~channel.permissions_for(me))

    return dict(zip(wanted, await asyncio.gather(*map(look, wanted)), strict=True))
