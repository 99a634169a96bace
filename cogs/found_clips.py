"""Clips and recordings in a channel's messages, and the question whether the one that was found is meant.

What Discord says of a file is a hint only; the service looks into it before anything is sent.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath
from typing import Any, Literal

import discord

from bot.app.client import Mouthpiece
from bot.chat.custom_ids import CLIP_PREFIX
from bot.chat.explain import explained
from bot.chat.posting import post_errors
from bot.chat.provider_files import is_prepared
from bot.domain.request import Media, Part
from bot.errors import MouthpieceError
from bot.words.english import quoted
from bot.words.refusals.files import NoClipHere, OfferGone
from cogs.asking import start
from cogs.interactions import Interaction, ask_of, asker_of, media_of, place_of

log = logging.getLogger(__name__)


CLIPS = {".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif"}
SOUNDS = {".mp3", ".wav", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".flac"}
MOST_MESSAGES = 50  # among which a clip is looked for; Discord hands over as many at once
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Clip:
    """A video in a message, who posted it, and when."""

    media: Media
    link: str
    author_id: int
    author: str
    posted_at: datetime


def kind_of(attachment: discord.Attachment) -> Part | None:
    """Whether an attached file seems to be a video or a recording."""
    claimed = (attachment.content_type or "").lower()
    ending = PurePath(attachment.filename).suffix.lower()
    if ending in SOUNDS or claimed.startswith("audio/"):
        return "audio"
    if ending in CLIPS or claimed.startswith(("video/", "image/gif")):
        return "video"
    return None


def attached(message: discord.Message, kind: Part) -> list[discord.Attachment]:
    """The files of that kind in a message, and in what it forwards."""
    files = [*message.attachments, *(file for snapshot in message.message_snapshots for file in snapshot.attachments)]
    return [file for file in files if kind_of(file) == kind]


async def newest_clips(interaction: Interaction, most: int, *, patience: float = PATIENCE) -> list[Clip]:
    """The newest clips here that the bot sees and the person may see, but none that is hidden, or that lies here for a
    provider only; none either when Discord doesn't tell within so many seconds.

    Without Discord's privileged Message Content intent, the bot sees its own files and those of messages to it.
    """
    if interaction.channel_id is None or not interaction.permissions.read_message_history:
        return []
    channel = interaction.client.get_partial_messageable(interaction.channel_id, guild_id=interaction.guild_id)
    found: list[Clip] = []
    try:
        async with post_errors(), asyncio.timeout(patience):
            async for message in channel.history(limit=MOST_MESSAGES):
                if not is_prepared(message, interaction.client.user):
                    found += _clips_in(message)
                if len(found) >= most:
                    break
    except MouthpieceError as fault:
        log.info("the newest messages of a channel can't be read: %s", fault)
    return found[:most]


def _clips_in(message: discord.Message) -> Iterator[Clip]:
    for file in attached(message, "video"):
        if not file.is_spoiler():
            author = message.author
            yield Clip(media_of(file), message.jump_url, author.id, author.display_name, message.created_at)


async def start_with(interaction: Interaction, video: discord.Attachment | None, **options: Any) -> None:
    """Start with the attached clip; without one, find the newest clip here and ask first whether it is meant."""
    if video is not None:
        await start(interaction, ask_of(interaction, media_of(video), **options))
        return
    found = await newest_clips(interaction, most=1)
    if not found:
        raise NoClipHere
    (clip,) = found
    interaction.client.offers.keep(interaction.id, interaction.user.id, ask_of(interaction, clip.media, **options))
    view = discord.ui.View(timeout=None)
    view.add_item(ClipButton("use", interaction.id))
    view.add_item(ClipButton("drop", interaction.id))
    await interaction.edit_original_response(
        content=f"The newest clip that I see here is **{quoted(clip.media.name, 60)}**, posted by <@{clip.author_id}> "
        f"{discord.utils.format_dt(clip.posted_at, 'R')}: {clip.link}\nShall I use it? Nothing has been started yet.",
        view=view,
        allowed_mentions=discord.AllowedMentions.none(),
    )


class ClipButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"{CLIP_PREFIX}(?P<act>use|drop):(?P<ask>\d{{1,20}})",
):
    """Says yes or no to the clip that was found, for whoever asked."""

    def __init__(self, act: Literal["use", "drop"], interaction_id: int) -> None:
        uses = act == "use"
        super().__init__(
            discord.ui.Button(
                label="Use this clip" if uses else "Cancel",
                style=discord.ButtonStyle.success if uses else discord.ButtonStyle.secondary,
                custom_id=f"{CLIP_PREFIX}{act}:{interaction_id}",
            )
        )
        self.act = act
        self.interaction_id = interaction_id

    @classmethod
    async def from_custom_id(  # type: ignore[override]
        cls, _interaction: Interaction, _item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> ClipButton:
        """The button that was pressed."""
        return cls("use" if match["act"] == "use" else "drop", int(match["ask"]))

    @explained
    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Start, or forget what was asked for. The question goes at once, so that nobody answers it twice."""
        ask = interaction.client.offers.take(self.interaction_id, interaction.user.id)
        if ask is None:
            raise OfferGone
        if self.act == "drop":
            await interaction.response.edit_message(content="Cancelled; nothing was started.", view=None)
            return
        await interaction.response.edit_message(content="I'm looking at the clip…", view=None)
        # Who and where they are now, not when they asked.
        await start(interaction, replace(ask, place=place_of(interaction), asker=asker_of(interaction)))


def setup(client: Mouthpiece) -> None:
    """Listen for the buttons."""
    client.add_dynamic_items(ClipButton)
