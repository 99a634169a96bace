"""The baseline for acknowledgements: a discord.py bot whose only command defers, and with `answer` says a word then."""

from __future__ import annotations

import os
import sys

import discord
import yarl
from discord import app_commands


class DeferOnly(discord.Client):
    """Nothing but a deferred answer, given at once if it is wanted."""

    async def setup_hook(self) -> None:
        tree = app_commands.CommandTree(self)
        group = app_commands.Group(name="lipsync", description="baseline")

        @group.command(name="text", description="baseline")
        async def text(interaction: discord.Interaction, video: discord.Attachment, text: str, voice: str) -> None:  # noqa: ARG001
            await interaction.response.defer(ephemeral=True)
            if "answer" in sys.argv:
                await interaction.edit_original_response(content="Done.")

        tree.add_command(group)
        await tree.sync()


if __name__ == "__main__":
    discord.http.Route.BASE = os.environ["DISCORD_API_URL"]
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["DISCORD_GATEWAY_URL"])
    DeferOnly(intents=discord.Intents(guilds=True), max_messages=None).run(
        os.environ["DISCORD_TOKEN"], log_handler=None
    )
