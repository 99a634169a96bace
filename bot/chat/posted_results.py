"""Finished videos that are posted: their buttons, and hiding, showing and removing them later."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import discord

from bot.chat.errors import PostRefused, PostTooLarge
from bot.chat.posting import post_errors
from bot.domain.job import Job
from bot.domain.results import MOST_RESULT_BYTES, Posted
from bot.errors import MouthpieceError
from bot.files.job_files import JobFiles
from bot.net.client import Http
from bot.net.faults import ProviderError
from bot.words import job_card

log = logging.getLogger(__name__)

HIDDEN_PREFIX = "SPOILER_"  # a file whose name begins like this is shown blurred, everywhere and always


class PostedResults:
    """Changes posted results through the bot's own connection.

    The methods say whether it worked; `PostFailed` when it may work later.
    """

    def __init__(self, client: discord.Client, http: Http, job_files: JobFiles) -> None:
        self._client = client
        self._http = http
        self._job_files = job_files

    async def hide(self, posted: Posted) -> bool:
        """Blur the video until somebody clicks on it."""
        return await self._mark(posted, hidden=True)

    async def show(self, posted: Posted) -> bool:
        """Show the video as it was."""
        return await self._mark(posted, hidden=False)

    async def remove(self, job: Job, posted: Posted) -> bool:
        """Delete the video's message, what is kept of it on disk, and the words on its card and thread.

        A message that is gone already counts as deleted. Where Discord refuses, or is away, everything stays as it is.
        """
        try:
            async with self._awake(posted):
                await self._channel(posted).get_partial_message(posted.message_id).delete()
        except PostRefused as fault:
            if not isinstance(fault.__cause__, discord.NotFound):
                log.warning("%s: the result can't be deleted: %s", job.code, fault)
                return False
        await self._job_files.throw_away(job.id)
        await self._blank(job)
        return True

    async def _mark(self, posted: Posted, *, hidden: bool) -> bool:
        try:
            async with self._awake(posted):
                message = await self._channel(posted).fetch_message(posted.message_id)
                for file in message.attachments:
                    if file.is_spoiler() != hidden:
                        await self._remark(message, file, hidden=hidden)
        except (PostRefused, PostTooLarge, ProviderError) as fault:
            log.warning("a result can't be %s: %s", "hidden" if hidden else "shown", fault)
            return False
        return True

    async def _remark(self, message: discord.Message, file: discord.Attachment, *, hidden: bool) -> None:
        """Set the mark; where that has no effect, post the file anew under a name that says it."""
        route = discord.http.Route(
            "PATCH",
            "/channels/{channel_id}/messages/{message_id}",
            channel_id=message.channel.id,
            message_id=message.id,
        )
        marked = {"attachments": [{"id": str(file.id), "is_spoiler": hidden}]}
        await self._client.http.request(route, json=marked)
        fresh = await message.channel.fetch_message(message.id)
        if fresh.attachments and fresh.attachments[0].is_spoiler() == hidden:
            return
        with TemporaryDirectory(dir=self._job_files.folder, prefix="shown-") as folder:
            copy = Path(folder, "video")
            await self._http.download(file.url, copy, most=MOST_RESULT_BYTES)
            name = file.filename.removeprefix(HIDDEN_PREFIX)
            await message.edit(attachments=[discord.File(copy, filename=f"{HIDDEN_PREFIX}{name}" if hidden else name)])

    @asynccontextmanager
    async def _awake(self, posted: Posted) -> AsyncIterator[None]:
        """Nothing in an archived thread can be changed, and every thread is archived after a day without a message."""
        async with post_errors():
            channel: Any = await self._client.http.get_channel(posted.channel_id)
            if channel.get("thread_metadata", {}).get("archived"):
                await self._client.http.edit_channel(posted.channel_id, archived=False)
            yield

    def _channel(self, posted: Posted) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(posted.channel_id, guild_id=posted.guild_id)

    async def _blank(self, job: Job) -> None:
        """Best effort: what was said stands on the card and in the thread's name too."""
        channel = self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
        view = discord.ui.LayoutView(timeout=None)
        view.add_item(discord.ui.TextDisplay(job_card.removed(job)))
        try:
            async with post_errors():
                if job.card_id:
                    await channel.get_partial_message(job.card_id).edit(view=view)
                if job.thread_id:
                    await self._client.http.edit_channel(job.thread_id, name=job.code)
        except MouthpieceError as fault:
            log.info("%s: its card still says what was asked for: %s", job.code, fault)
