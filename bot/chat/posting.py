"""What every post about a job has in common: how Discord's answers are sorted, a nonce, and looking for an earlier
post.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import discord

from bot.chat.errors import PostFailed, PostRefused, PostTooLarge
from bot.domain.job import Job

log = logging.getLogger(__name__)

FILE_TOO_LARGE = {40005, 50045}
LOOK_BACK = 200  # messages searched for an earlier post
POSTED = {discord.MessageType.default, discord.MessageType.reply}


@asynccontextmanager
async def post_errors() -> AsyncIterator[None]:
    """Raise never here, too large, or again later (as for an answer that is no JSON)."""
    try:
        yield
    except discord.HTTPException as error:
        if error.status == 413 or error.code in FILE_TOO_LARGE:
            raise PostTooLarge from error
        if error.status == 429 or error.status >= 500:
            raise PostFailed(problem=error) from error
        raise PostRefused(problem=error) from error
    except (discord.RateLimited, aiohttp.ClientError, OSError, ValueError, TypeError) as error:
        raise PostFailed(problem=type(error).__name__) from error


def nonce(job: Job, kind: str) -> str:
    """At most 25 characters, the same for every attempt at the same post, different for every other post.

    Making the same post again within minutes gives the earlier message.
    """
    digest = hashlib.blake2b(f"{job.guild_id}|{job.id}|{job.interaction_id}|{kind}".encode(), digest_size=15).digest()
    return base64.b32encode(digest).decode()


def nonce_of(*what: object) -> str:
    """The same for posts that have no job: of whatever tells them apart from all others."""
    return hashlib.blake2b("|".join(map(str, what)).encode(), digest_size=12).hexdigest()


async def earlier(
    client: discord.Client,
    channel: discord.abc.Messageable,
    since: float,
    is_it: Callable[[discord.Message], bool],
) -> int | None:
    """The bot's own message since that moment that is the one; needs Read Message History."""
    after = datetime.fromtimestamp(since, UTC) - timedelta(minutes=5)
    try:
        async for message in channel.history(limit=LOOK_BACK, after=after):
            if message.author == client.user and message.type in POSTED and is_it(message):
                return message.id
    except discord.Forbidden:
        log.warning("the history of a channel can't be read; relying on the nonce")
    return None


def all_text(message: discord.Message) -> str:
    """Everything that can be read on a message."""
    displays = (item.content for item in _walk(message.components) if isinstance(item, discord.TextDisplay))
    return "\n".join((message.content, *displays))


def _walk(components: list[discord.Component]) -> list[discord.Component]:
    return [part for item in components for part in (item, *_walk(getattr(item, "children", [])))]
