"""`/lipsync-admin setup`: the state of everything on one screen, with a button for each gap."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel

from bot.app.client import Mouthpiece
from bot.chat.custom_ids import PANEL_PREFIX
from bot.chat.errors import PostFailed, PostRefused
from bot.chat.server.permissions import lacking, needed
from bot.errors import Refusal
from bot.moderation.server_rules import Doorway
from bot.preflight.fit import Candidate
from bot.words import buttons, forms, log_entries
from bot.words.admin import setup as words
from bot.words.admin.keys import WHOSE
from bot.words.admin.log import WHICH_CHANNEL, WHICH_VIDEOS
from cogs.admin.access import show_channels, show_roles
from cogs.admin.keys import KeyForm
from cogs.admin.limits_form import LimitsForm
from cogs.admin.log_and_approval import log_to
from cogs.admin.panel import Panel, guild_of_moderator, reply
from cogs.interactions import Interaction, defer, missing, place_of


@app_commands.command(
    name="setup", description="Whether members can make videos here, or why not; and a button for each gap"
)
async def setup_screen(interaction: Interaction) -> None:
    """Show the screen."""
    guild_id = guild_of_moderator(interaction)
    await defer(interaction, "view")
    await _show(interaction, guild_id)


async def _show(interaction: Interaction, guild_id: int) -> None:
    client = interaction.client
    await client.services.server_rules.begin(guild_id, by=interaction.user.id)
    keys = await client.services.keys.list(guild_id)
    usable = await client.services.choices.usable(guild_id)
    found = await client.services.server_rules.doorway(guild_id)
    log_problem, channel_gaps = await _channel_problems(client, guild_id, found)
    shown = words.Setup(
        rehearsed=await _rehearsed(interaction),
        open_cases=(await client.services.open_cases.all(guild_id, by=interaction.user.id)).counts,
        keys=[(key.provider.label, key.info) for key in keys],
        free=[provider.label for provider in usable if not provider.credentials],
        channels=found.channels,
        roles=found.roles,
        blocked=len(found.blocks),
        policy=found.policy,
        log_problem=log_problem,
        channel_gaps=channel_gaps,
        missing=missing(interaction),
        reads_automod=interaction.app_permissions.manage_guild,
        rules=await client.services.server_rules.rules(guild_id),
    )
    await reply(interaction, words.screen(shown), _Screen(shown))


async def _rehearsed(interaction: Interaction) -> Candidate | Refusal:
    """Who would make an ordinary member's video here and now, or what they would be refused with."""
    try:
        return await interaction.client.services.asking.rehearse(await place_of(interaction))
    except Refusal as refusal:
        return refusal


async def _channel_problems(client: Mouthpiece, guild_id: int, found: Doorway) -> tuple[str | None, Sequence[str]]:
    """What stands against the log channel, None when all is well, and against the others that the setup names."""
    log = found.policy.log_channel_id
    wanted = needed(found.channels, log, found.notices_channel_id)
    try:
        lacks = dict(await lacking(client, guild_id, wanted)) if wanted else {}
    except PostRefused:
        return (words.LOG_GONE if log else words.NO_LOG), ()
    except PostFailed:
        return (words.LOG_UNTOLD if log else words.NO_LOG), ()
    problem = words.NO_LOG if log is None else None
    if log is not None and lacks[log] != ():
        problem = words.channel_lacks(log, lacks[log]) if lacks[log] else words.LOG_GONE
    others = {channel_id: missing for channel_id, missing in lacks.items() if channel_id != log and missing != ()}
    return problem, [words.channel_lacks(channel_id, missing) for channel_id, missing in others.items()]


class _Screen(Panel):
    """A button for everything that can be set; what is missing stands out."""

    def __init__(self, shown: words.Setup | None = None) -> None:
        super().__init__()
        if shown is None:
            return
        gaps = ((self.key, shown.lacks_key), (self.limits, shown.lacks_limit), (self.log, shown.log_problem))
        for button, gap in gaps:
            button.style = discord.ButtonStyle.primary if gap else discord.ButtonStyle.secondary

    @discord.ui.button(label=buttons.ADD_KEY, custom_id=f"{PANEL_PREFIX}key")
    async def key(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Offer the providers."""
        guild_of_moderator(interaction)
        await defer(interaction, "view")
        providers = [(one.label, one.name) for one in interaction.client.services.keys.choices]
        await reply(interaction, WHOSE, Panel(_Providers(providers)))

    @discord.ui.button(label=buttons.LIMITS, custom_id=f"{PANEL_PREFIX}limits")
    async def limits(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Open the form of the most common limits."""
        guild_id = guild_of_moderator(interaction)
        services = interaction.client.services
        await services.forms.open(interaction, LimitsForm(await services.server_rules.rules(guild_id)))

    @discord.ui.button(label=buttons.CHANNELS, custom_id=f"{PANEL_PREFIX}channels")
    async def channels(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Offer the channels."""
        await show_channels(interaction)

    @discord.ui.button(label=buttons.ROLES, custom_id=f"{PANEL_PREFIX}roles")
    async def roles(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Offer the roles."""
        await show_roles(interaction)

    @discord.ui.button(label=buttons.LOG_CHANNEL, custom_id=f"{PANEL_PREFIX}log")
    async def log(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Offer the channels."""
        guild_of_moderator(interaction)
        await defer(interaction, "view")
        await reply(interaction, WHICH_CHANNEL, Panel(_LogChannel()))

    @discord.ui.button(label=buttons.APPROVAL, custom_id=f"{PANEL_PREFIX}approval", row=1)
    async def approval(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Offer the ways."""
        guild_of_moderator(interaction)
        await defer(interaction, "view")
        await reply(interaction, WHICH_VIDEOS, Panel(_Approval()))

    @discord.ui.button(label=buttons.CHECK_AGAIN, custom_id=f"{PANEL_PREFIX}again", row=1)
    async def again(self, interaction: Interaction, _: discord.ui.Button[Panel]) -> None:
        """Show the screen anew."""
        guild_id = guild_of_moderator(interaction)
        await interaction.response.defer()
        await _show(interaction, guild_id)


class _Providers(discord.ui.Select[Panel]):
    def __init__(self, choices: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(
            custom_id=f"{PANEL_PREFIX}providers",
            options=[discord.SelectOption(label=label, value=name) for label, name in choices[:25]],
        )

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Open the provider's form."""
        guild_of_moderator(interaction)
        services = interaction.client.services
        await services.forms.open(interaction, KeyForm(services.keys.provider(self.values[0])))


class _LogChannel(discord.ui.ChannelSelect[Panel]):
    def __init__(self) -> None:
        super().__init__(
            custom_id=f"{PANEL_PREFIX}log-channel",
            channel_types=[discord.ChannelType.text],
            placeholder=forms.CHOOSE_CHANNEL,
        )

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Take the channel."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "settings")
        channel = self.values[0]
        assert isinstance(channel, AppCommandChannel)
        await log_to(interaction, guild_id, channel)


class _Approval(discord.ui.Select[Panel]):
    def __init__(self) -> None:
        options = [discord.SelectOption(label=label, value=mode) for mode, label in words.APPROVAL_CHOICES.items()]
        super().__init__(custom_id=f"{PANEL_PREFIX}approval-modes", options=options)

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Take the way."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "settings")
        mode = self.values[0]
        await interaction.client.services.server_rules.require_approval(guild_id, mode, 0, by=interaction.user.id)  # type: ignore[arg-type]
        await reply(interaction, log_entries.approval(mode, 0))


def panels() -> list[Panel]:
    """One of each kind, which serves all."""
    return [_Screen(), Panel(_Providers(), _LogChannel(), _Approval())]
