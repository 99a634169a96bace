"""Buttons on the bot's messages. They are known by their custom id, so they work after a restart too."""

from __future__ import annotations

import re

import discord

from bot.client import Mouthpiece, explain
from bot.errors import MouthpieceError
from bot.refusals import ChannelUnfit
from bot.replies import CANCEL_PREFIX

Interaction = discord.Interaction[Mouthpiece]

FORGET_ID = "v1:forget"


class CancelButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.LayoutView]], template=rf"{CANCEL_PREFIX}(?P<job>\d{{1,18}})"
):
    """Cancels a job. Which server's job it is comes from where it was pressed, never from the id in it."""

    def __init__(self, job_id: int) -> None:
        super().__init__(discord.ui.Button(label="Cancel", custom_id=f"{CANCEL_PREFIX}{job_id}"))
        self.job_id = job_id

    @classmethod
    async def from_custom_id(  # type: ignore[override]
        cls, _interaction: Interaction, _item: discord.ui.Item[discord.ui.LayoutView], match: re.Match[str]
    ) -> CancelButton:
        """The button that was pressed."""
        return cls(int(match["job"]))

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Cancel if that is still possible, and say so either way."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            if interaction.guild_id is None:
                raise ChannelUnfit
            job = await interaction.client.service.cancel(
                interaction.guild_id,
                self.job_id,
                member_id=interaction.user.id,
                is_moderator=interaction.permissions.manage_guild,
            )
            await interaction.edit_original_response(content=f"{job.code} is cancelled.")
        except MouthpieceError as refusal:
            await explain(interaction, refusal)


class ForgetButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=FORGET_ID):
    """Forgets whoever presses it: there is no id in it that could be anybody else's."""

    def __init__(self) -> None:
        super().__init__(
            discord.ui.Button(
                label="Erase what is kept about me", style=discord.ButtonStyle.danger, custom_id=FORGET_ID
            )
        )

    @classmethod
    async def from_custom_id(  # type: ignore[override]
        cls, _interaction: Interaction, _item: discord.ui.Item[discord.ui.View], _match: re.Match[str]
    ) -> ForgetButton:
        """The button that was pressed."""
        return cls()

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Erase, and say what was."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        erased, waiting = await interaction.client.housekeeping.forget(interaction.user.id)
        later = f" {waiting} are still under way, and are erased as soon as they have ended." if waiting else ""
        await interaction.edit_original_response(
            content=f"Erased: you are no longer in {erased} videos' records.{later}"
        )


def setup(client: Mouthpiece) -> None:
    """Listen for the buttons."""
    client.add_dynamic_items(CancelButton, ForgetButton)
