"""`/lipsync-admin`: what moderators decide. Discord hides it from others by default; every action checks again."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.client import Mouthpiece, explain
from bot.errors import NotAllowed
from bot.keyring import Keyring
from bot.providers.base import Provider

Interaction = discord.Interaction[Mouthpiece]


def guild_of_moderator(interaction: Interaction) -> int:
    """The server in which this person may decide, right now; `NotAllowed` for everyone else."""
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        raise NotAllowed
    return interaction.guild_id


@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
@app_commands.default_permissions(manage_guild=True)
class Admin(app_commands.Group):
    """Everything for moderators."""

    def __init__(self, client: Mouthpiece) -> None:
        super().__init__(name="lipsync-admin", description="Set up lip-sync for this server")
        self.add_command(Key(client.keyring))


class Key(app_commands.Group):
    """The server's provider keys."""

    def __init__(self, keyring: Keyring) -> None:
        super().__init__(name="key", description="This server's provider keys")
        self._keyring = keyring

    @app_commands.command(description="Save or replace a provider key; a form asks for it")
    @app_commands.describe(provider="Whose key it is")
    async def add(self, interaction: Interaction, provider: str) -> None:
        """Open the form. A key never stands in a command, where clients keep a history."""
        guild_of_moderator(interaction)
        await interaction.response.send_modal(KeyForm(self._keyring, self._keyring.provider(provider)))

    @app_commands.command(name="list", description="Which keys this server has")
    async def show(self, interaction: Interaction) -> None:
        """Show the last characters of each key, and who added it."""
        guild_id = guild_of_moderator(interaction)
        await interaction.response.defer(ephemeral=True)
        infos = await self._keyring.list(guild_id)
        lines = [
            f"**{self._keyring.provider(info.provider).label}** · key ending **…{info.hint}** · "
            f"added by <@{info.added_by}> <t:{int(info.added_at)}:R>"
            for info in infos
        ]
        nothing = "This server has no keys yet. Add one with `/lipsync-admin key add`."
        await interaction.edit_original_response(content="\n".join(lines) or nothing)

    @app_commands.command(description="Erase a provider key")
    @app_commands.describe(provider="Whose key it is")
    async def remove(self, interaction: Interaction, provider: str) -> None:
        """Erase the key."""
        guild_id = guild_of_moderator(interaction)
        await interaction.response.defer(ephemeral=True)
        label = await self._keyring.remove(guild_id, provider)
        await interaction.edit_original_response(
            content=f"The {label} key is erased. Revoke it there too if it leaked."
        )

    @add.autocomplete("provider")
    @remove.autocomplete("provider")
    async def _providers(self, interaction: Interaction, typed: str) -> list[Choice[str]]:  # noqa: ARG002
        found = [provider for provider in self._keyring.choices if typed.casefold() in provider.label.casefold()]
        return [Choice(name=provider.label, value=provider.name) for provider in found[:25]]


class KeyForm(discord.ui.Modal):
    """Asks for what the provider's key consists of."""

    def __init__(self, keyring: Keyring, provider: Provider) -> None:
        super().__init__(title=f"{provider.label} key"[:45], timeout=900)
        self._keyring = keyring
        self._provider = provider
        self._fields: dict[str, discord.ui.TextInput[KeyForm]] = {}
        for part in provider.credentials:
            self._fields[part.name] = discord.ui.TextInput(placeholder=part.placeholder[:100] or None, max_length=500)
            self.add_item(discord.ui.Label(text=part.label[:45], component=self._fields[part.name]))

    async def on_submit(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Test the key, save it, and never show it again."""
        guild_id = guild_of_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        typed = {name: field.value for name, field in self._fields.items()}
        hint, price = await self._keyring.add(guild_id, self._provider.name, typed, added_by=interaction.user.id)
        costs = f" {self._provider.label} asks ${price:f} per video." if price is not None else ""
        await interaction.edit_original_response(
            content=f"The {self._provider.label} key ending **…{hint}** works and is saved. I will never show it again."
            f"{costs}\nMembers can start with `/lipsync text`."
        )

    async def on_error(self, interaction: Interaction, error: Exception) -> None:  # type: ignore[override]
        """Answer with the error's own sentence."""
        await explain(interaction, error)


def setup(client: Mouthpiece) -> None:
    """Add the commands."""
    client.tree.add_command(Admin(client))
