"""What a command or a button tells of itself: who used it, where, with which files."""

from __future__ import annotations

from typing import Any

import discord

from bot.app.client import PERMISSIONS, Mouthpiece
from bot.domain.ask import Ask, Asker, Place
from bot.domain.request import Media
from bot.domain.results import MARGIN
from bot.words.refusals.access import ChannelUnfit

Interaction = discord.Interaction[Mouthpiece]


def ask_of(interaction: Interaction, video: Media, **options: Any) -> Ask:
    """What the person asks for here and now; `options` as in `Ask`."""
    place, asker = place_of(interaction), asker_of(interaction)
    return Ask(place=place, asker=asker, interaction_id=interaction.id, video=video, **options)


def media_of(attachment: discord.Attachment) -> Media:
    """An attached file, as Discord describes it."""
    return Media(url=attachment.url, name=attachment.filename, size=attachment.size)


def asker_of(interaction: Interaction) -> Asker:
    """Who used the command."""
    user = interaction.user
    if not isinstance(user, discord.Member):
        raise ChannelUnfit
    return Asker(
        user.id,
        role_ids=frozenset(role.id for role in user.roles),
        account_at=user.created_at.timestamp(),
        joined_at=user.joined_at.timestamp() if user.joined_at else 0.0,
        is_moderator=interaction.permissions.manage_guild,
    )


def place_of(interaction: Interaction) -> Place:
    """Where the command was used, and which permissions the bot lacks there to bring the video back."""
    channel = interaction.channel
    if interaction.guild_id is None or channel is None:
        raise ChannelUnfit
    needed = PERMISSIONS
    within, parent_id = [getattr(channel, "category_id", None)], None
    if isinstance(channel, discord.Thread):
        needed = needed & ~discord.Permissions(send_messages=True, create_public_threads=True)
        within = [channel.parent_id, channel.category_id if channel.parent else None]
        parent_id = None if channel.is_private() else channel.parent_id
    elif not isinstance(channel, discord.TextChannel):
        needed = needed & ~discord.Permissions(send_messages_in_threads=True, create_public_threads=True)
    lacking = needed & ~interaction.app_permissions
    largest = interaction.guild.filesize_limit if interaction.guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
    missing = tuple(name.replace("_", " ").title().replace(" In ", " in ") for name, lacks in lacking if lacks)
    return Place(
        interaction.guild_id,
        channel.id,
        f"<#{channel.id}>",
        missing,
        tuple(filter(None, within)),
        parent_id,
        file_bytes=largest - MARGIN,
    )
