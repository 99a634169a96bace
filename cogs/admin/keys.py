"""`/lipsync-admin key`: the server's provider keys."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.app.client import Mouthpiece
from bot.chat.forms import Form
from bot.moderation.keys import ServerKeys
from bot.providers.base import Provider
from bot.words import forms
from bot.words.admin import keys as words
from bot.words.forms import Field
from cogs.admin.panel import guild_of_moderator, reply
from cogs.interactions import Interaction, defer


class Key(app_commands.Group):
    """The server's provider keys."""

    def __init__(self, server_keys: ServerKeys) -> None:
        super().__init__(name="key", description="This server's provider keys")
        self._server_keys = server_keys

    @app_commands.command(description="Save or replace a provider key; a form asks for it")
    @app_commands.describe(provider="Whose key it is")
    async def add(self, interaction: Interaction, provider: str) -> None:
        """Open the form. A key never stands in a command, where clients keep a history."""
        guild_of_moderator(interaction)
        await interaction.client.services.forms.open(interaction, KeyForm(self._server_keys.provider(provider)))

    @app_commands.command(
        name="list",
        description="This server's keys in order: last four characters, who added them, last use, why one is off",
    )
    async def show(self, interaction: Interaction) -> None:
        """Show each key's last characters, state and last use, never the key."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "view")
        await reply(interaction, await _listed(self._server_keys, guild_id))

    @app_commands.command(description="Test a saved key with a free call, and switch it on again if it works")
    @app_commands.describe(provider="Whose key it is")
    async def test(self, interaction: Interaction, provider: str) -> None:
        """Test the key."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "keys")
        label = await self._server_keys.test(guild_id, provider, by=interaction.user.id)
        await reply(interaction, words.works(label))

    @app_commands.command(description="Choose which provider is tried first, second and so on")
    @app_commands.describe(provider="Whose key it is", place="Its place: 1 is tried first")
    async def order(self, interaction: Interaction, provider: str, place: Range[int, 1, 25]) -> None:
        """Move the key to another place of the order."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "keys")
        await self._server_keys.move(guild_id, provider, place)
        await reply(interaction, await _listed(self._server_keys, guild_id))

    @app_commands.command(description="Choose between the first provider that fits and the cheapest")
    @app_commands.describe(take="Which of the providers that fit makes the video")
    async def choose(self, interaction: Interaction, take: Literal["first in order", "cheapest"]) -> None:
        """Change how a provider is chosen where the member leaves it open."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "keys")
        choosing = "cheapest" if take == "cheapest" else "order"
        await self._server_keys.choose(guild_id, choosing, by=interaction.user.id)
        await reply(interaction, await _listed(self._server_keys, guild_id))

    @app_commands.command(description="Erase a provider key")
    @app_commands.describe(provider="Whose key it is")
    async def remove(self, interaction: Interaction, provider: str) -> None:
        """Erase the key."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "keys")
        label, still_needed = await self._server_keys.remove(guild_id, provider, by=interaction.user.id)
        await reply(interaction, words.removed(label, still_needed=still_needed))

    @add.autocomplete("provider")
    async def _all(self, interaction: Interaction, typed: str) -> list[Choice[str]]:  # noqa: ARG002
        return _choices(self._server_keys.choices, typed)

    @remove.autocomplete("provider")
    @test.autocomplete("provider")
    @order.autocomplete("provider")
    async def _saved(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        if interaction.guild_id is None or not interaction.permissions.manage_guild:
            return []
        saved = await self._server_keys.list(interaction.guild_id)
        return _choices([key.provider for key in saved], typed)


class KeyForm(Form):
    """Asks for what the provider's key consists of."""

    kind = "key"

    def __init__(self, provider: Provider) -> None:
        super().__init__(title=forms.key_title(provider.label))
        self._provider = provider
        self._fields: dict[str, discord.ui.TextInput[KeyForm]] = {}
        for part in provider.credentials:
            field: discord.ui.TextInput[KeyForm] = discord.ui.TextInput(
                placeholder=part.placeholder[:100] or None, max_length=500, required=part.required
            )
            self._fields[part.name] = field
            self.ask(part.name, Field(part.label[:45]), field)

    @property
    def about(self) -> str:
        """Whose key it asks for."""
        return self._provider.name

    @classmethod
    def reopened(cls, about: str, client: Mouthpiece) -> KeyForm:
        """The same."""
        return cls(client.services.keys.provider(about))

    async def on_submit(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Test the key, save it, and never show it again."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "keys")
        typed = {name: field.value for name, field in self._fields.items()}
        server_keys = interaction.client.services.keys
        hint, price = await server_keys.add(guild_id, self._provider.name, typed, added_by=interaction.user.id)
        await reply(interaction, words.saved(self._provider, hint, price))


async def _listed(server_keys: ServerKeys, guild_id: int) -> str:
    lines = [words.line(key.provider, key.info, key.used_at) for key in await server_keys.list(guild_id)]
    return words.listed_keys(lines, await server_keys.choosing(guild_id))


def _choices(providers: list[Provider], typed: str) -> list[Choice[str]]:
    found = [provider for provider in providers if typed.casefold() in provider.label.casefold()]
    return [Choice(name=provider.label, value=provider.name) for provider in found[:25]]
