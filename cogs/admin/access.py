"""`/lipsync-admin access`: who may use the bot, and where."""

from __future__ import annotations

from collections.abc import Iterable

import discord
from discord import app_commands
from discord.app_commands import Range

from bot.chat.custom_ids import PANEL_PREFIX
from bot.moderation.server_rules import Doorway, ServerRules
from bot.words import forms
from bot.words.admin import access as words
from cogs.admin.panel import Panel, guild_of_moderator, reply
from cogs.interactions import Interaction, defer
from storage.servers.access import Kind


class AccessGroup(app_commands.Group):
    """Channels, roles, ages and blocks."""

    def __init__(self, server_rules: ServerRules) -> None:
        super().__init__(name="access", description="Who may use lip-sync, and where")
        self._server_rules = server_rules

    @app_commands.command(description="Choose the channels where members may use it")
    async def channels(self, interaction: Interaction) -> None:
        """Show a menu of channels."""
        await show_channels(interaction)

    @app_commands.command(description="Choose the roles whose members may use it")
    async def roles(self, interaction: Interaction) -> None:
        """Show a menu of roles."""
        await show_roles(interaction)

    @app_commands.command(description="Choose how old accounts and memberships must be")
    @app_commands.describe(
        account_days="Days since the account was made; 0 for any",
        member_days="Days since they joined this server; 0 for any",
    )
    async def age(
        self, interaction: Interaction, account_days: Range[int, 0, 3650], member_days: Range[int, 0, 3650]
    ) -> None:
        """Set the least ages."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "access")
        await self._server_rules.require_ages(
            guild_id, account_days=account_days, member_days=member_days, by=interaction.user.id
        )
        await reply(interaction, _status(await self._server_rules.doorway(guild_id)))

    @app_commands.command(description="Block a member from using it")
    @app_commands.describe(member="Whom to block", reason="Why; only moderators read it")
    async def block(
        self, interaction: Interaction, member: discord.User, reason: Range[str, 1, 200] = words.NO_REASON
    ) -> None:
        """Block somebody, who may have left the server already."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "access")
        await self._server_rules.block(guild_id, member.id, reason, by=interaction.user.id)
        await reply(interaction, words.blocked(member.mention))

    @app_commands.command(description="Unblock a member")
    @app_commands.describe(member="Whom to unblock")
    async def unblock(self, interaction: Interaction, member: discord.User) -> None:
        """Take a block off."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "access")
        await self._server_rules.unblock(guild_id, member.id, by=interaction.user.id)
        await reply(interaction, words.unblocked(member.mention))

    @app_commands.command(description="Who may use it, and where; who is blocked, and why")
    async def status(self, interaction: Interaction) -> None:
        """Show all of it."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "view")
        await reply(interaction, _status(await self._server_rules.doorway(guild_id)))


async def show_channels(interaction: Interaction) -> None:
    """Answer with a menu of channels, in which those chosen now are chosen."""
    guild_id = guild_of_moderator(interaction)
    await defer(interaction, "view")
    found = await interaction.client.services.server_rules.doorway(guild_id)
    await reply(interaction, words.choose_channels(found.channels), Panel(_Channels(found.channels)))


async def show_roles(interaction: Interaction) -> None:
    """Answer with a menu of roles, in which those chosen now are chosen."""
    guild_id = guild_of_moderator(interaction)
    await defer(interaction, "view")
    found = await interaction.client.services.server_rules.doorway(guild_id)
    await reply(interaction, words.choose_roles(found.roles), Panel(_Roles(found.roles)))


class _Channels(discord.ui.ChannelSelect[Panel]):
    def __init__(self, chosen: Iterable[int] = ()) -> None:
        super().__init__(
            custom_id=f"{PANEL_PREFIX}chosen-channels",
            channel_types=[
                discord.ChannelType.text,
                discord.ChannelType.news,
                discord.ChannelType.voice,
                discord.ChannelType.forum,
                discord.ChannelType.category,
            ],
            placeholder=forms.EVERYWHERE,
            min_values=0,
            max_values=25,
            default_values=[
                discord.SelectDefaultValue(id=channel, type=discord.SelectDefaultValueType.channel)
                for channel in sorted(chosen)[:25]
            ],
        )

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Open the bot in the chosen channels."""
        await _choose(interaction, "channel", [channel.id for channel in self.values])


class _Roles(discord.ui.RoleSelect[Panel]):
    def __init__(self, chosen: Iterable[int] = ()) -> None:
        super().__init__(
            custom_id=f"{PANEL_PREFIX}chosen-roles",
            placeholder=forms.EVERYONE,
            min_values=0,
            max_values=25,
            default_values=[
                discord.SelectDefaultValue(id=role, type=discord.SelectDefaultValueType.role)
                for role in sorted(chosen)[:25]
            ],
        )

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Open the bot to the chosen roles."""
        await _choose(interaction, "role", [role.id for role in self.values if not role.is_default()])


async def _choose(interaction: Interaction, kind: Kind, chosen: list[int]) -> None:
    guild_id = guild_of_moderator(interaction)
    await defer(interaction, "access")
    await interaction.client.services.server_rules.allow(guild_id, kind, chosen, by=interaction.user.id)
    await reply(interaction, _status(await interaction.client.services.server_rules.doorway(guild_id)))


def _status(found: Doorway) -> str:
    """Who may use the bot, and where."""
    return words.status(found.channels, found.roles, found.blocks, found.policy)


def panels() -> list[Panel]:
    """One of each kind, which serves all."""
    return [Panel(_Channels(), _Roles())]
