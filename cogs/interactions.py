"""What a command or a button tells of itself: who used it, where, with which files. What a job needs to know of Discord
later is read here, once.
"""

from __future__ import annotations

import logging
from typing import Any

import discord

from bot.app.client import Mouthpiece
from bot.chat.posting import post_errors
from bot.chat.server.permissions import TO_MAKE_VIDEOS, names_of
from bot.domain.ask import Ask, Asker, Place
from bot.domain.request import Media
from bot.domain.results import MARGIN
from bot.errors import MouthpieceError
from bot.words.answers.restarted import Matter
from bot.words.refusals.access import ChannelUnfit

log = logging.getLogger(__name__)

MOST_BYTES_ANYWHERE = 100 * 2**20  # of a file from a bot, in the servers with the most boosts

Interaction = discord.Interaction[Mouthpiece]


async def defer(interaction: Interaction, matter: Matter, *, ask_id: int | None = None) -> None:
    """Acknowledge it; what is answered then is private. Should the bot be restarted before that, `matter` says what is
    answered in its place. `ask_id` is the interaction with which a video was asked for, if not this one.
    """
    async with interaction.client.services.awaited_answers.turn(interaction, matter, ask_id):
        await interaction.response.defer(ephemeral=True, thinking=True)


async def ask_of(interaction: Interaction, video: Media, **options: Any) -> Ask:
    """What the person asks for here and now; `options` as in `Ask`."""
    place, asker = await place_of(interaction), asker_of(interaction)
    return Ask(place=place, asker=asker, interaction_id=interaction.id, video=video, **options)


def media_of(attachment: discord.Attachment) -> Media:
    """An attached file, as Discord describes it."""
    return Media(url=attachment.url, name=attachment.filename, size=attachment.size)


def guild_of(interaction: Interaction) -> int:
    """The server in which the command was used; `ChannelUnfit` where that is none."""
    if interaction.guild_id is None:
        raise ChannelUnfit
    return interaction.guild_id


def asker_of(interaction: Interaction) -> Asker:
    """Who used the command."""
    user = interaction.user
    if not isinstance(user, discord.Member):
        raise ChannelUnfit
    return Asker(
        user.id,
        role_ids=role_ids(user),
        account_at=user.created_at.timestamp(),
        joined_at=user.joined_at.timestamp() if user.joined_at else 0.0,
        is_moderator=interaction.permissions.manage_guild,
        locale=interaction.locale.value,
    )


def role_ids(member: discord.Member) -> frozenset[int]:
    """The roles of a member who came with an interaction, that of everyone among them.

    `Member.roles` leaves out the roles of a server that Discord hasn't told of yet; the ids are nowhere else.
    """
    return frozenset((member.guild.id, *member._roles))  # noqa: SLF001


async def place_of(interaction: Interaction) -> Place:
    """Where the command was used, and what the bot may do there. Asks Discord for a thread's category where that isn't
    known, so use it after the interaction has been answered.
    """
    channel = interaction.channel
    guild_id = guild_of(interaction)
    if channel is None:
        raise ChannelUnfit
    parent_id = None
    if isinstance(channel, discord.Thread):
        within = [channel.parent_id, await _category_around(interaction, channel)]
        parent_id = None if channel.is_private() else channel.parent_id
    else:
        within = [getattr(channel, "category_id", None)]
    return Place(
        guild_id,
        channel.id,
        f"<#{channel.id}>",
        missing(interaction),
        tuple(filter(None, within)),
        parent_id,
        opens_thread=isinstance(channel, discord.TextChannel),
        file_bytes=_most_bytes(interaction) - MARGIN,
        reads_automod=interaction.app_permissions.manage_guild,
        locale=(interaction.guild_locale or discord.Locale.american_english).value,
    )


def missing(interaction: Interaction) -> tuple[str, ...]:
    """The permissions that the bot lacks here to bring the video back, as people read them."""
    needed, channel = TO_MAKE_VIDEOS, interaction.channel
    if isinstance(channel, discord.Thread):
        needed = needed & ~discord.Permissions(send_messages=True, create_public_threads=True)
    elif not isinstance(channel, discord.TextChannel):
        needed = needed & ~discord.Permissions(send_messages_in_threads=True, create_public_threads=True)
    return names_of(needed & ~interaction.app_permissions)


async def _category_around(interaction: Interaction, thread: discord.Thread) -> int | None:
    """The category of the channel that a thread is in. None when there is none, or Discord doesn't tell."""
    if thread.parent:
        return thread.parent.category_id
    try:
        async with post_errors():
            parent: Any = await interaction.client.http.get_channel(thread.parent_id)
            return int(parent["parent_id"]) if parent.get("parent_id") else None
    except MouthpieceError as fault:
        log.info("the category of a thread isn't known: %s", fault)
        return None


def _most_bytes(interaction: Interaction) -> int:
    """The largest file that the bot can post here. Until Discord has told of the server, that is not known: what the
    interaction itself takes may be more, by the person's own subscription, and the post decides.
    """
    guild = interaction.client.get_guild(guild_of(interaction))
    if guild is None or guild.unavailable:
        return min(interaction.filesize_limit, MOST_BYTES_ANYWHERE)
    return guild.filesize_limit
