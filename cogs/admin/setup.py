"""`/lipsync-admin setup`: the state of everything on one screen, with a button for each gap."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.moderation.server_rules import Doorway
from bot.words import limits, log_entries
from bot.words.english import listed
from cogs.admin.access import show_channels, show_roles
from cogs.admin.keys import KeyForm
from cogs.admin.limits_form import LimitsForm
from cogs.admin.log_and_approval import lacking_to_log, log_to
from cogs.admin.panel import Panel, guild_of_moderator, reply
from cogs.interactions import Interaction, missing

DONE, GAP = "✅", "⚠️"
MODES = {
    "off": "No approval",
    "first": "A member's first video",
    "always": "Every video",
}


@app_commands.command(name="setup", description="What is set up, what is missing, and a button for each")
async def setup_screen(interaction: Interaction) -> None:
    """Show the screen."""
    guild_id = guild_of_moderator(interaction)
    await interaction.response.defer(ephemeral=True)
    await _show(interaction, guild_id)


async def _show(interaction: Interaction, guild_id: int) -> None:
    client = interaction.client
    await client.services.server_rules.begin(guild_id)
    keys = await client.services.keys.list(guild_id)
    usable = await client.services.choices.usable(guild_id)
    rules = await client.services.server_rules.rules(guild_id)
    found = await client.services.server_rules.doorway(guild_id)
    names = [
        f"{key.provider.label} (…{key.info.hint}{', switched off' if key.info.off_reason else ''})" for key in keys
    ]
    free = [provider.label for provider in usable if not provider.credentials]
    lacking = missing(interaction)
    capped = any(rule.subject == "server" and rule.unit != "active" for rule in rules)
    log_problem = _log_problem(interaction, found.policy.log_channel_id)
    gaps = {
        "key": not usable or any(key.info.off_reason for key in keys),
        "limits": not capped,
        "log": log_problem is not None,
    }
    lines = [
        "## Lip-sync in this server",
        f"{_mark(gaps['key'])} **Keys**: "
        f"{listed(names + free) if names or free else 'none yet, so nothing can be made'}",
        f"{DONE} **Access**: {_access(found)}",
        f"{_mark(gaps['log'])} **Log**: " + (log_problem or f"<#{found.policy.log_channel_id}>"),
        f"{DONE} **Approval**: {log_entries.approval(found.policy.approval, found.policy.approval_cents)}",
        f"{_mark(lacking)} **My permissions here and in threads here**: "
        + (f"I need {listed([f'**{name}**' for name in lacking])}" if lacking else "all I need"),
        f"-# {_automod(interaction)}",
        f"{_mark(gaps['limits'])} **Limits**" + ("" if capped else ": nothing limits what the whole server spends"),
        *(limits.line(rule) for rule in rules[:10]),
        *([f"- and {len(rules) - 10} more in `/lipsync-admin quota list`"] if len(rules) > 10 else []),
    ]
    await reply(interaction, "\n".join(lines), _Screen(gaps))


def _log_problem(interaction: Interaction, channel_id: int | None) -> str | None:
    """What stands against the log channel, None when all is well."""
    if channel_id is None:
        return "no channel tells you what happens"
    channel = interaction.guild.get_channel(channel_id) if interaction.guild else None
    if channel is None:
        return "its channel is gone, or hidden from me"
    missing = lacking_to_log(channel)
    return f"in {channel.mention}, I need {missing}" if missing else None


def _mark(gap: object) -> str:
    return GAP if gap else DONE


def _access(found: Doorway) -> str:
    channels = f"{len(found.channels)} channels" if found.channels else "all channels"
    roles = f"{len(found.roles)} roles" if found.roles else "all members"
    return f"{channels}, {roles}, {len(found.blocks)} blocked"


def _automod(interaction: Interaction) -> str:
    if interaction.app_permissions.manage_guild:
        return "This server's AutoMod keyword rules apply to what is spoken."
    return (
        "This server's AutoMod keyword rules are not applied to what is spoken: Discord shows them only to bots with "
        "the "
        "Manage Server permission."
    )


class _Screen(Panel):
    """A button for everything that can be set; what is missing stands out."""

    def __init__(self, gaps: dict[str, bool]) -> None:
        super().__init__()
        for button, gap in ((self.key, gaps["key"]), (self.limits, gaps["limits"]), (self.log, gaps["log"])):
            button.style = discord.ButtonStyle.primary if gap else discord.ButtonStyle.secondary

    @discord.ui.button(label="Add a key")
    async def key(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Offer the providers."""
        guild_of_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        view = Panel()
        view.add_item(_Providers([(one.label, one.name) for one in interaction.client.services.keys.choices]))
        await reply(interaction, "Whose key?", view)

    @discord.ui.button(label="Limits")
    async def limits(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Open the form of the most common limits."""
        guild_id = guild_of_moderator(interaction)
        await interaction.response.send_modal(
            LimitsForm(await interaction.client.services.server_rules.rules(guild_id))
        )

    @discord.ui.button(label="Channels")
    async def channels(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Offer the channels."""
        await show_channels(interaction)

    @discord.ui.button(label="Roles")
    async def roles(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Offer the roles."""
        await show_roles(interaction)

    @discord.ui.button(label="Log channel")
    async def log(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Offer the channels."""
        guild_of_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        view = Panel()
        view.add_item(_LogChannel())
        await reply(interaction, "Which channel tells what happens? Only moderators should be able to read it.", view)

    @discord.ui.button(label="Approval", row=1)
    async def approval(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Offer the ways."""
        guild_of_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        view = Panel()
        view.add_item(_Approval())
        await reply(
            interaction, "Which videos wait for a moderator? A price is set with `/lipsync-admin approval`.", view
        )

    @discord.ui.button(label="Check again", row=1)
    async def again(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Show the screen anew."""
        guild_id = guild_of_moderator(interaction)
        await interaction.response.defer()
        await _show(interaction, guild_id)


class _Providers(discord.ui.Select[Panel]):
    def __init__(self, choices: list[tuple[str, str]]) -> None:
        super().__init__(options=[discord.SelectOption(label=label, value=name) for label, name in choices[:25]])

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Open the provider's form."""
        guild_of_moderator(interaction)
        server_keys = interaction.client.services.keys
        await interaction.response.send_modal(KeyForm(server_keys, server_keys.provider(self.values[0])))


class _LogChannel(discord.ui.ChannelSelect[Panel]):
    def __init__(self) -> None:
        super().__init__(channel_types=[discord.ChannelType.text], placeholder="Choose a channel")

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Take the channel."""
        guild_id = guild_of_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        channel = self.values[0].resolve()
        await log_to(interaction, guild_id, channel if isinstance(channel, discord.TextChannel) else None)


class _Approval(discord.ui.Select[Panel]):
    def __init__(self) -> None:
        super().__init__(options=[discord.SelectOption(label=label, value=mode) for mode, label in MODES.items()])

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Take the way."""
        guild_id = guild_of_moderator(interaction)
        await interaction.response.defer(ephemeral=True, thinking=True)
        mode = self.values[0]
        await interaction.client.services.server_rules.require_approval(guild_id, mode, 0, by=interaction.user.id)  # type: ignore[arg-type]
        await reply(interaction, log_entries.approval(mode, 0))
