"""The connection to Discord: what it says of the way in, and that the one private call of discord.py on which commands
over HTTP stand does what it did.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import discord
import pytest
from discord import app_commands
from discord.state import ConnectionState

from bot.app.connection import Connection
from bot.app.servers.shards import Shards
from bot.clock import Clock
from bot.errors import SettingsError
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN, Json, State


def test_discord_py_takes_an_interaction_as_before() -> None:
    parameters = inspect.signature(ConnectionState.parse_interaction_create).parameters
    assert list(parameters) == ["self", "data"]
    assert not inspect.iscoroutinefunction(ConnectionState.parse_interaction_create)
    assert "INTERACTION_CREATE" in Connection(None, Clock())._connection.parsers


def interaction(kind: int, data: Json) -> Json:
    """What Discord brings, as it is documented."""
    state = State()
    return {
        "id": "7001", "application_id": str(state.application_id), "type": kind, "data": data, "version": 1,
        "token": "token", "guild_id": str(state.guild_id), "channel_id": str(state.channel_id), "locale": "en-US",
        "guild_locale": "en-US", "member": {**state.as_member(state.member), "roles": ["5005"]},
        "app_permissions": str(state.permissions), "channel": {**state.channel(), "permissions": "0"},
        "entitlements": [], "context": 0, "guild": {"id": str(state.guild_id), "locale": "en-US", "features": []},
        "authorizing_integration_owners": {"0": str(state.guild_id)}, "attachment_size_limit": 10,
    }  # fmt: skip


class Told(Connection):
    """Takes note of what was used."""

    def __init__(self) -> None:
        super().__init__(None, Clock())
        self.told: asyncio.Queue[tuple[str, discord.Interaction[Any]]] = asyncio.Queue()
        self.tree = app_commands.CommandTree(self)

        @self.tree.command(name="say", description="say")
        async def say(interaction: discord.Interaction, text: str) -> None:
            self.told.put_nowait((text, interaction))

        @say.autocomplete("text")
        async def offer(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
            self.told.put_nowait((typed, interaction))
            return []

    async def setup_hook(self) -> None:
        class Yes(discord.ui.Button[discord.ui.View]):
            async def callback(_, interaction: discord.Interaction[Any]) -> None:  # noqa: N805
                self.told.put_nowait(("pressed", interaction))

        view = discord.ui.View(timeout=None)
        view.add_item(Yes(label="yes", custom_id="yes"))
        self.add_view(view)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.type is discord.InteractionType.modal_submit:
            self.told.put_nowait(("sent", interaction))


FIELD = [{"type": 1, "id": 1, "components": [{"type": 4, "id": 2, "custom_id": "field", "value": "x"}]}]


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        (2, {"id": "1", "name": "say", "type": 1, "options": [{"name": "text", "type": 3, "value": "Hello"}]}, "Hello"),
        (
            4,
            {"id": "1", "name": "say", "type": 1, "options": [{"name": "text", "type": 3, "value": "H", "focused": 1}]},
            "H",
        ),
        (3, {"custom_id": "yes", "component_type": 2}, "pressed"),
        (5, {"custom_id": "form", "components": FIELD, "resolved": {}}, "sent"),
    ],
    ids=["command", "autocomplete", "button", "form"],
)
async def test_what_is_received_reaches_what_answers_it_with_all_that_it_brings(
    monkeypatch: pytest.MonkeyPatch, kind: int, data: Json, told: str
) -> None:
    async with DiscordServer() as small, Told() as client:
        monkeypatch.setattr(discord.http.Route, "BASE", small.api_url)
        await client.login(TOKEN)
        event = interaction(kind, data)
        if kind == 3:
            state = State()
            event["message"] = state.post(state.channel_id, {"content": "?"}, [])
        client.receive(event)
        said, found = await asyncio.wait_for(client.told.get(), 60)
    assert said == told
    assert found.client is client
    assert found.guild_id == int(event["guild_id"])
    assert found.user.id == int(event["member"]["user"]["id"])
    assert found.app_permissions.value == int(event["app_permissions"])
    assert isinstance(found.channel, discord.TextChannel)


ADDRESS = "https://bot.example/interactions"


@pytest.mark.parametrize(
    ("shards", "address", "line"),
    [
        (
            Shards(),
            "https://bot.example/interactions",
            "Discord sends commands to https://bot.example/interactions, so",
        ),
        (Shards(), None, ""),
        (None, ADDRESS, ""),
        (None, None, "Discord doesn't know yet where to send commands"),
    ],
)
async def test_where_discord_sends_commands_is_told_if_it_is_not_here(
    monkeypatch: pytest.MonkeyPatch,
    shards: Shards | None,
    address: str | None,
    line: str,
) -> None:
    async with DiscordServer() as small, Connection(shards, Clock()) as client:
        monkeypatch.setattr(discord.http.Route, "BASE", small.api_url)
        small.state.interactions_address = address
        await client.sign_in(TOKEN)
        said = client.check_way_in(small.state.public_key)
    assert said.startswith(line)
    assert bool(said) == bool(line)


async def test_another_applications_public_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async with DiscordServer() as small, Connection(None, Clock()) as client:
        monkeypatch.setattr(discord.http.Route, "BASE", small.api_url)
        await client.sign_in(TOKEN)
        client.check_way_in(small.state.public_key.upper())
        with pytest.raises(SettingsError, match="INTERACTIONS_PUBLIC_KEY: this is not the application's Public Key"):
            client.check_way_in("5e" * 32)


def test_without_the_gateway_no_shard_is_waited_for() -> None:
    assert list(Connection(None, Clock()).served_shards) == []
    assert list(Connection(Shards(), Clock()).served_shards) == [0]
    assert list(Connection(Shards((2, 3), 8), Clock()).served_shards) == [2, 3]
