"""A word to people whose kept videos had to go before their time."""

from __future__ import annotations

import logging

import discord

from bot.chat.posting import post_errors
from bot.domain.job import Job
from bot.errors import MouthpieceError
from bot.words.result_message import thrown_away

log = logging.getLogger(__name__)


class KeptNotices:
    """Posts where the job was shown, through the bot's own connection."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def thrown_away(self, job: Job) -> None:
        """Say that the job's kept video is gone; where that can't be posted, whoever asks for the video reads it."""
        try:
            async with post_errors():
                place = self._client.get_partial_messageable(job.home_id, guild_id=job.guild_id)
                await place.send(thrown_away(job), silent=True, allowed_mentions=discord.AllowedMentions.none())
        except MouthpieceError as fault:
            log.info("%s: nobody was told that its video is gone: %s", job.code, fault)
