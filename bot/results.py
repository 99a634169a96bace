"""Finished videos that are posted: their buttons, and hiding, showing and removing them later."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import discord

from bot import cards
from bot.errors import MouthpieceError, PostRefused, PostTooLarge, ProviderError
from bot.posting import post_errors
from bot.providers.http import Http
from storage.job import Job

log = logging.getLogger(__name__)

MOST_RESULT_BYTES = 512 * 2**20
REPORT_PREFIX = "v1:report:"  # the custom ids of a result's buttons, followed by the job's id
DELETE_PREFIX = "v1:delete:"
HIDDEN_PREFIX = "SPOILER_"  # a file whose name begins like this is shown blurred, everywhere and always


def buttons(job: Job) -> discord.ui.View:
    """What people can do with a result. Served by the dynamic items in cogs/, which outlive a restart."""
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Report", custom_id=f"{REPORT_PREFIX}{job.id}"))
    view.add_item(discord.ui.Button(label="Delete", custom_id=f"{DELETE_PREFIX}{job.id}"))
    view.stop()
    return view


class Results:
    """Changes posted results through the bot's own connection.

    The methods say whether it worked; `PostFailed` when it may work later.
    """

    def __init__(self, client: discord.Client, http: Http, folder: Path) -> None:
        self._client = client
        self._http = http
        self._folder = folder

    async def hide(self, job: Job) -> bool:
        """Blur the video until somebody clicks on it."""
        return await self._mark(job, hidden=True)

    async def show(self, job: Job) -> bool:
        """Show the video as it was."""
        return await self._mark(job, hidden=False)

    async def remove(self, job: Job) -> bool:
        """Delete the video's message, what is kept of it on disk, and the words on its card and thread."""
        await asyncio.to_thread((self._folder / cards.result_file(job)).unlink, missing_ok=True)
        try:
            if message := await self._find(job):
                async with post_errors():
                    await message.delete()
        except PostRefused as fault:
            log.warning("%s: the result can't be deleted: %s", job.code, fault)
            return False
        await self._blank(job)
        return True

    async def _mark(self, job: Job, *, hidden: bool) -> bool:
        message = await self._find(job)
        if message is None:
            return False
        try:
            async with post_errors():
                for file in message.attachments:
                    if file.is_spoiler() != hidden:
                        await self._remark(message, file, hidden=hidden)
        except (PostRefused, PostTooLarge, ProviderError) as fault:
            log.warning("%s: the result can't be %s: %s", job.code, "hidden" if hidden else "shown", fault)
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
        with TemporaryDirectory(dir=self._folder) as folder:
            copy = Path(folder, "video")
            await self._http.download(file.url, copy, most=MOST_RESULT_BYTES)
            name = file.filename.removeprefix(HIDDEN_PREFIX)
            await message.edit(attachments=[discord.File(copy, filename=f"{HIDDEN_PREFIX}{name}" if hidden else name)])

    async def _find(self, job: Job) -> discord.Message | None:
        """The message, in the job's thread or, where that was impossible, in its channel; None when it is gone."""
        for channel_id in dict.fromkeys((job.home_id, job.channel_id)) if job.reply_id else ():
            channel = self._client.get_partial_messageable(channel_id, guild_id=job.guild_id)
            with suppress(PostRefused):
                async with post_errors():
                    return await channel.fetch_message(job.reply_id or 0)
        return None

    async def _blank(self, job: Job) -> None:
        """Best effort: what was said stands on the card and in the thread's name too."""
        channel = self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
        view = discord.ui.LayoutView(timeout=None)
        view.add_item(discord.ui.TextDisplay(f"🗑️ {job.code} was removed."))
        try:
            async with post_errors():
                if job.card_id:
                    await channel.get_partial_message(job.card_id).edit(view=view)
                thread = self._client.get_channel(job.thread_id) if job.thread_id else None
                if isinstance(thread, discord.Thread):
                    await thread.edit(name=job.code)
        except MouthpieceError as fault:
            log.info("%s: its card still says what was asked for: %s", job.code, fault)
