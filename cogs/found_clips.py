"""Clips and recordings in a channel's messages.

What Discord says of a file is a hint only; the service looks into it before anything is sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

import discord

from bot.app.client import Mouthpiece
from bot.chat.posting import post_errors
from bot.chat.provider_files import is_prepared
from bot.domain.request import Media, Part
from bot.errors import MouthpieceError
from cogs.interactions import Interaction, media_of

log = logging.getLogger(__name__)


CLIPS = {".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".gif"}
SOUNDS = {".mp3", ".wav", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".flac"}
MOST_MESSAGES = 50  # among which a clip is looked for; Discord hands over as many at once


@dataclass(frozen=True, slots=True)
class Clip:
    """A video in a message, who posted it, and when."""

    media: Media
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


async def newest_clips(interaction: Interaction, most: int, *, patience: float) -> list[Clip]:
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
            yield Clip(media_of(file), message.author.display_name, message.created_at)


def setup(_client: Mouthpiece) -> None:
    """Add nothing; `cogs/make_it_speak.py` uses what is here."""
