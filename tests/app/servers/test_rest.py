"""The list of the bot's servers is complete, or there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator

import discord
import pytest

from bot.app.connection import Connection
from bot.app.servers.rest import PAGE, describe_server, list_servers
from bot.chat.errors import PostFailed, PostRefused
from bot.clock import Clock
from storage.servers.guilds import GuildFacts
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN


@pytest.fixture
async def small() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as small:
        yield small


@pytest.fixture
async def client(small: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Connection]:
    monkeypatch.setattr(discord.http.Route, "BASE", small.api_url)
    async with Connection(None, Clock()) as client:
        await client.login(TOKEN)
        yield client


async def test_every_page_is_read(small: DiscordServer, client: Connection) -> None:
    small.state.others = set(range(1, 2 * PAGE + 2))
    assert await list_servers(client) == small.state.others | {small.state.guild_id}


async def test_a_page_that_is_missing_makes_it_no_list(small: DiscordServer, client: Connection) -> None:
    small.faults.add("answer", "GET", "*/users/@me/guilds", status=200, body='[{"id": "1"}]')
    small.faults.add("answer", "GET", "*/users/@me/guilds", status=403, body="{}")
    with pytest.raises(PostRefused):
        await list_servers(client)


async def test_a_list_that_repeats_itself_is_none(small: DiscordServer, client: Connection) -> None:
    small.faults.add("answer", "GET", "*/users/@me/guilds", status=200, body='[{"id": "1"}]', times=9)
    with pytest.raises(PostFailed, match="doesn't go on"):
        await list_servers(client)


async def test_a_server_is_told_by_name_and_with_its_moderators_channel(
    small: DiscordServer, client: Connection
) -> None:
    assert await describe_server(client, small.state.guild_id) == GuildFacts("Club")
    small.state.notices_channel_id = 5
    assert await describe_server(client, small.state.guild_id) == GuildFacts("Club", 5)
    small.state.kicked = True
    with pytest.raises(PostRefused):
        await describe_server(client, small.state.guild_id)
