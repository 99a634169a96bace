"""Files that providers fetch from Discord: put into the job's own thread for as long as they are needed."""

from __future__ import annotations

import logging
from pathlib import Path

import discord

from bot.chat.posting import earlier, nonce, post_errors
from bot.domain.job import Job
from bot.errors import MouthpieceError
from bot.words.result_message import PREPARED_FILE

log = logging.getLogger(__name__)

PREPARED = "prepared-"  # with which the names of such files begin


class ProviderFiles:
    """Posts and deletes them through the bot's own connection. Raises the `Post…` errors only."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def put(self, job: Job, file: Path, name: str) -> tuple[int, str]:
        """Post the file under this name, unless it is there already: the message's id, and the file's signed address,
        which works for about a day.
        """
        async with post_errors():
            place = self._place(job)
            found = await earlier(self._client, place, job.created_at, lambda message: _holds(message, name))
            if found:
                message = await place.fetch_message(found)
            else:
                attached = discord.File(file, filename=name)
                message = await place.send(PREPARED_FILE, file=attached, nonce=nonce(job, name), silent=True)
            return message.id, message.attachments[0].url

    async def take_away(self, job: Job, message_id: int) -> None:
        """Delete it; what can't be deleted stays."""
        try:
            async with post_errors():
                await self._place(job).get_partial_message(message_id).delete()
        except MouthpieceError as fault:
            log.info("%s: a prepared file stays in its thread: %s", job.code, fault)

    def _place(self, job: Job) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.home_id, guild_id=job.guild_id)


def is_prepared(message: discord.Message, bot: discord.ClientUser | None) -> bool:
    """Whether the bot has put a file there for a provider; it is soon gone."""
    return message.author == bot and any(file.filename.startswith(PREPARED) for file in message.attachments)


def _holds(message: discord.Message, name: str) -> bool:
    return any(file.filename == name for file in message.attachments)
