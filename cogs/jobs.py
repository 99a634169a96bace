"""A member's own jobs, and handing out the videos that are kept: privately, whole, in as many messages as it takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import discord

from bot.app.client import Mouthpiece
from bot.chat.custom_ids import DIRECT_PREFIX, FULL_PREFIX
from bot.chat.errors import PostFailed, PostRefused, PostTooLarge
from bot.chat.explain import explained
from bot.chat.posting import post_errors
from bot.delivery.size_limit import smaller_step
from bot.domain.job import Job
from bot.domain.results import MARGIN, Messages
from bot.words import buttons, job_card
from bot.words.answers import own_jobs
from bot.words.english import day
from bot.words.refusals.access import ChannelUnfit
from bot.words.refusals.results import FetchFailed, PiecesTooLarge
from cogs.interactions import Interaction
from cogs.job_buttons import job_button


async def show_own(interaction: Interaction) -> None:
    """Show the member's newest jobs here in the answer, with a button for each video that is kept."""
    if interaction.guild_id is None:
        raise ChannelUnfit
    own = await interaction.client.services.kept_videos.own(interaction.guild_id, interaction.user.id)
    view = discord.ui.View(timeout=None)
    for job in own.kept:
        view.add_item(discord.ui.Button(label=buttons.get(job.code), custom_id=f"{FULL_PREFIX}{job.id}"))
    view.add_item(DirectButton(wanted=not own.direct_messages, row=4))
    view.stop()
    await interaction.edit_original_response(
        content=own_jobs.newest(own.jobs, own.kept),
        view=view,
        allowed_mentions=discord.AllowedMentions.none(),
    )


async def _fetch(interaction: Interaction, guild_id: int, job_id: int) -> str:
    """Hand out the whole video, in smaller pieces where Discord takes less than it says."""
    kept_videos = interaction.client.services.kept_videos
    job = await kept_videos.fetchable(guild_id, job_id, by=interaction.user.id)
    size, most_bytes, sent = kept_videos.size(job), interaction.filesize_limit - MARGIN, None
    while not sent:
        try:
            sent = await _send(interaction, job, most_bytes)
        except PostTooLarge:
            most_bytes = smaller_step(min(size, most_bytes)) or 0
            if not most_bytes:
                raise PiecesTooLarge(job=job.code, until=day(job.kept_until)) from None
        except (PostFailed, PostRefused):
            raise FetchFailed(job=job.code, until=day(job.kept_until)) from None
    return own_jobs.full_video(job, size, sent)


async def _send(interaction: Interaction, job: Job, most_bytes: int) -> Messages:
    """Send it in files of at most so many bytes; what was sent."""
    async with interaction.client.services.kept_videos.messages(job, most_bytes) as messages, post_errors():
        names = _names(job, messages.count)
        for number, files in enumerate(messages.files):
            attached = [discord.File(file, filename=names.pop(0)) for file in files]
            if number == 0:  # into the answer itself, which says more at the end
                await interaction.edit_original_response(attachments=attached)
            else:
                await interaction.followup.send(files=attached, ephemeral=True)
        return messages


def _names(job: Job, pieces: int) -> list[str]:
    whole = Path(job_card.result_file(job))
    if pieces == 1:
        return [whole.name]
    return [f"{whole.stem}-{number:02}-of-{pieces:02}{whole.suffix}" for number in range(1, pieces + 1)]


class DirectButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"{DIRECT_PREFIX}(?P<wanted>on|off)"
):
    """Switches direct messages on or off for whoever presses it."""

    def __init__(self, *, wanted: bool, row: int | None = None) -> None:
        super().__init__(
            discord.ui.Button(
                label=buttons.direct_messages(on=not wanted),
                custom_id=f"{DIRECT_PREFIX}{'on' if wanted else 'off'}",
            ),
            row=row,
        )
        self.wanted = wanted

    @classmethod
    async def from_custom_id(  # type: ignore[override]
        cls, _interaction: Interaction, _item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> DirectButton:
        """The button that was pressed."""
        return cls(wanted=match["wanted"] == "on")

    @explained
    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Remember it, and show the list as it is now."""
        await interaction.response.defer()
        await interaction.client.services.kept_videos.send_directly(interaction.user.id, wanted=self.wanted)
        await show_own(interaction)


def setup(client: Mouthpiece) -> None:
    """Listen for the buttons."""
    buttons: list[Any] = [job_button(FULL_PREFIX, _fetch, matter="view"), DirectButton]
    client.add_dynamic_items(*buttons)
