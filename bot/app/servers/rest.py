"""Which servers the bot is in, and what they are called, as Discord's HTTP API tells."""

from __future__ import annotations

from typing import Any

from bot.app.connection import Connection
from bot.chat.errors import PostFailed
from bot.chat.posting import post_errors
from storage.servers.guilds import GuildFacts

PAGE = 200  # servers in one answer, at most


async def list_servers(client: Connection) -> set[int]:
    """All servers that the bot is in. Complete or not at all: `PostFailed` or `PostRefused` when a page is missing."""
    found: set[int] = set()
    async with post_errors():
        while page := await client.http.get_guilds(PAGE, after=max(found, default=0), with_counts=False):
            servers = {int(guild["id"]) for guild in page}
            if servers <= found:
                raise PostFailed(problem="the list of servers doesn't go on")
            found |= servers
    return found


async def describe_server(client: Connection, guild_id: int) -> GuildFacts:
    """What Discord tells of a server that the bot is in. `PostFailed` or `PostRefused` when it tells nothing."""
    async with post_errors():
        guild: Any = await client.http.get_guild(guild_id, with_counts=False)
        channel_id = guild.get("public_updates_channel_id")
        return GuildFacts(guild["name"], int(channel_id) if channel_id else None)
