"""What every moderator's command does first and last. Discord hides the commands from others by default; this checks
again, at every press of a button too.
"""

from __future__ import annotations

import discord

from bot.chat.explain import explain
from bot.words.refusals.access import NotAllowed
from cogs.interactions import Interaction


def guild_of_moderator(interaction: Interaction) -> int:
    """The server in which this person may decide, right now; `NotAllowed` for everyone else."""
    if interaction.guild_id is None or not interaction.permissions.manage_guild:
        raise NotAllowed
    return interaction.guild_id


async def reply(interaction: Interaction, text: str, view: discord.ui.View | None = None) -> None:
    """The private answer; it mentions people and roles by name only."""
    if isinstance(view, Panel):
        view.stop()  # served by the one of its kind that was added at the start, also after a restart
    content = text if len(text) <= 2000 else f"{text[:1990].rpartition(chr(10))[0]}\n…"
    await interaction.edit_original_response(
        content=content, view=view, allowed_mentions=discord.AllowedMentions.none()
    )


class Panel(discord.ui.View):
    """Menus and buttons under a private answer. What goes wrong in one is explained to the person who used it. They are
    known by their custom ids, and what they need to know they read when they are used.
    """

    def __init__(self, *items: discord.ui.Item[Panel]) -> None:
        super().__init__(timeout=None)
        for item in items:
            self.add_item(item)

    async def on_error(  # type: ignore[override]
        self,
        interaction: Interaction,
        error: Exception,
        item: discord.ui.Item[Panel],  # noqa: ARG002
    ) -> None:
        """Answer with the error's own sentence."""
        await explain(interaction, error)
