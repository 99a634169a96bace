"""A line below a moderator's answer that says what is to be decided, where nobody could be asked in a channel."""

from __future__ import annotations

import logging
from typing import Any

import discord
from discord import app_commands

from bot.app.client import Mouthpiece
from bot.chat.posting import post_errors
from bot.errors import MouthpieceError
from cogs.interactions import Interaction

log = logging.getLogger(__name__)


async def on_app_command_completion(interaction: Interaction, _: app_commands.Command[Any, ..., Any]) -> None:
    """A command was answered; one that opened a form is answered by what comes of that."""
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        return
    if interaction.response.type is discord.InteractionResponseType.modal:
        return
    said = await interaction.client.services.open_cases.reminder(interaction.guild_id, interaction.user.id)
    if not said:
        return
    try:
        async with post_errors():
            await interaction.followup.send(said, ephemeral=True)
    except MouthpieceError as fault:
        log.info("a moderator could not be reminded: %s", fault)


def setup(client: Mouthpiece) -> None:
    """Listen for commands that were answered."""
    client.event(on_app_command_completion)
