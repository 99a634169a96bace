"""What is posted in Discord for a job: the card, its thread, and the outcome. Nothing here decides; it posts.

Every post has a nonce made from the job, so that making the same post again within minutes gives the earlier message;
what is older is looked for in the channel first.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import discord

from bot import cards, results
from bot.clock import Clock
from bot.errors import PostRefused, PostTooLarge
from bot.latest import Latest
from bot.posting import post_errors
from bot.providers.base import Provider
from bot.providers.request import Request
from storage.job import OUTCOMES, Job

log = logging.getLogger(__name__)

THREAD_EXISTS = 160004
REQUEST_MARGIN = 64 * 1024  # bytes of a post that are not the file
EDIT_SECONDS = 10.0  # between two edits of one card
EDITABLE_SECONDS = 3300.0  # Discord limits edits of messages older than an hour
LOOK_BACK = 50  # messages searched for an earlier post
CANCEL_PREFIX = "v1:cancel:"  # the custom id of a card's Cancel button, followed by the job's id


class Replies:
    """Posts for jobs, through the bot's own connection. Raises the `Post…` errors only."""

    def __init__(self, client: discord.Client, providers: Mapping[str, Provider], clock: Clock) -> None:
        self._client = client
        self._providers = providers
        self._clock = clock
        self._cards: Latest[tuple[Job, int | None]] = Latest(self._edit, EDIT_SECONDS, clock)

    async def open(self, job: Job, *, looking: bool) -> tuple[int, int | None]:
        """Post the card and open a thread on it: the ids of the card and, where there can be one, of the thread.

        With `looking`, an earlier card is looked for first.
        """
        async with post_errors():
            card_id = await self._earlier(job, job.channel_id, job.created_at) if looking else None
            if card_id is None:
                view = self._card(job, None)
                sent = await self._channel(job, job.channel_id).send(
                    view=view, nonce=_nonce(job, "card"), allowed_mentions=discord.AllowedMentions.none()
                )
                card_id = sent.id
            return card_id, await self._thread(job, card_id)

    def show(self, job: Job, position: int | None) -> None:
        """Bring the card up to date soon."""
        if job.card_id is not None and self._clock.now() - job.created_at < EDITABLE_SECONDS:
            self._cards.put(job.id, (job, position))

    async def finish(self, job: Job) -> None:
        """Bring the card to its last state."""
        await self._cards.finish(job.id, (job, None))

    async def deliver(self, job: Job, video: Path | None, *, looking: bool) -> int:
        """Post the outcome in the job's thread, else in its channel; the message's id.

        With `looking`, an earlier post of it is looked for first.
        """
        try:
            return await self._deliver(job, job.home_id, video, looking=looking)
        except PostRefused:
            if job.home_id == job.channel_id:
                raise
            return await self._deliver(job, job.channel_id, video, looking=looking)

    async def close(self) -> None:
        """Stop editing cards."""
        await self._cards.close()

    async def _deliver(self, job: Job, channel_id: int, video: Path | None, *, looking: bool) -> int:
        async with post_errors():
            if looking and (found := await self._earlier(job, channel_id, job.told_since)):
                return found
            if video and await asyncio.to_thread(os.path.getsize, video) > self._size_limit(job):
                raise PostTooLarge
            content = cards.delivery(job, self._providers, with_video=video is not None)
            files = [discord.File(video, filename=cards.result_file(job))] if video else []
            sent = await self._channel(job, channel_id).send(
                content,
                files=files,
                view=results.buttons(job) if video else discord.utils.MISSING,
                nonce=_nonce(job, "video" if video else "note"),
                allowed_mentions=discord.AllowedMentions(
                    everyone=False, roles=False, users=[discord.Object(job.member_id)]
                ),
            )
            return sent.id

    def _channel(self, job: Job, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id, guild_id=job.guild_id)

    def _size_limit(self, job: Job) -> int:
        guild = self._client.get_guild(job.guild_id)
        return (guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES) - REQUEST_MARGIN

    async def _thread(self, job: Job, card_id: int) -> int | None:
        if not isinstance(self._client.get_channel(job.channel_id), discord.TextChannel):
            return None  # threads live on messages of text channels only; elsewhere the job stays in place
        name = cards.thread_name(job, Request.model_validate_json(job.request))
        try:
            message = self._channel(job, job.channel_id).get_partial_message(card_id)
            return (await message.create_thread(name=name, auto_archive_duration=1440)).id
        except discord.HTTPException as error:
            if error.code == THREAD_EXISTS:
                return card_id  # a thread has the id of the message it was opened on
            if error.status >= 500:
                raise
            log.info("%s: no thread: %s", job.code, error)
            return None

    async def _earlier(self, job: Job, channel_id: int, since: float) -> int | None:
        """The bot's own message about this job since that moment, other than its card; needs Read Message History."""
        after = datetime.fromtimestamp(since, UTC) - timedelta(minutes=5)
        try:
            async for message in self._channel(job, channel_id).history(limit=LOOK_BACK, after=after):
                mine = message.author == self._client.user and message.type is discord.MessageType.default
                if mine and message.id != job.card_id and job.code in _text(message):
                    return message.id
        except discord.Forbidden:
            log.warning("%s: can't read the history of channel %s; relying on the nonce", job.code, channel_id)
        return None

    def _card(self, job: Job, position: int | None) -> discord.ui.LayoutView:
        view = discord.ui.LayoutView(timeout=None)
        box: discord.ui.Container[discord.ui.LayoutView] = discord.ui.Container(accent_colour=_colour(job))
        box.add_item(discord.ui.TextDisplay(cards.card(job, self._providers, position)))
        provider = self._providers.get(job.provider)
        if job.state in {"held", "queued"} or (job.state == "running" and provider and provider.can_cancel):
            row: discord.ui.ActionRow[discord.ui.LayoutView] = discord.ui.ActionRow()
            row.add_item(discord.ui.Button(label="Cancel", custom_id=f"{CANCEL_PREFIX}{job.id}"))
            box.add_item(row)
        view.add_item(box)
        view.stop()  # its button is served by the dynamic item in cogs/, which outlives a restart
        return view

    async def _edit(self, shown: tuple[Job, int | None]) -> None:
        job, position = shown
        if job.card_id is None:
            return
        card = self._channel(job, job.channel_id).get_partial_message(job.card_id)
        try:
            await card.edit(view=self._card(job, position), allowed_mentions=discord.AllowedMentions.none())
        except (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError) as error:
            log.info("%s: the card could not be edited: %s", job.code, error)  # the outcome is a message of its own


def _text(message: discord.Message) -> str:
    displays = (item.content for item in _walk(message.components) if isinstance(item, discord.TextDisplay))
    return "\n".join((message.content, *displays))


def _walk(components: list[discord.Component]) -> list[discord.Component]:
    return [part for item in components for part in (item, *_walk(getattr(item, "children", [])))]


def _nonce(job: Job, kind: str) -> str:
    """At most 25 characters, the same for every attempt at the same post, different for every other post."""
    digest = hashlib.blake2b(f"{job.guild_id}|{job.id}|{job.interaction_id}|{kind}".encode(), digest_size=15).digest()
    return base64.b32encode(digest).decode()


def _colour(job: Job) -> discord.Colour:
    if job.state not in OUTCOMES:
        return discord.Colour.blurple()
    return discord.Colour.green() if job.state == "succeeded" and not job.failure else discord.Colour.orange()
