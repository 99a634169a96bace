"""What is shown in Discord of a job while it is under way: its card, and the thread on it. What ends it is posted by
`bot/chat/result_post.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import discord

from bot.chat.coalesce import Coalescer
from bot.chat.custom_ids import CANCEL_PREFIX
from bot.chat.errors import PostFailed, PostRefused
from bot.chat.posting import all_text, earlier, nonce, post_errors
from bot.clock import Clock
from bot.domain.job import Job
from bot.providers.base import Provider
from bot.words import buttons, job_card
from storage.jobs.job import OUTCOMES

log = logging.getLogger(__name__)

THREAD_EXISTS = 160004
EDIT_SECONDS = 10.0  # between two edits of one card
EDITABLE_SECONDS = 3300.0  # Discord limits edits of messages older than an hour


class Cards:
    """Posts for jobs, through the bot's own connection. Raises the `Post…` errors only."""

    def __init__(self, client: discord.Client, providers: Mapping[str, Provider], clock: Clock) -> None:
        self._client = client
        self._providers = providers
        self._clock = clock
        self._cards: Coalescer[tuple[Job, int | None, bool]] = Coalescer(self._try_edit, EDIT_SECONDS, clock)

    async def open(self, job: Job, *, looking: bool) -> tuple[int, int | None]:
        """Post the card and open a thread on it: the ids of the card and, where there can be one, of the thread.

        With `looking`, an earlier card is looked for first.
        """
        async with post_errors():
            channel = self._channel(job, job.channel_id)
            card_id = None
            if looking:
                card_id = await earlier(self._client, channel, job.created_at, lambda it: _is_card(it, job))
            if card_id is None:
                view = self._card(job, None)
                sent = await channel.send(
                    view=view, nonce=nonce(job, "card"), allowed_mentions=discord.AllowedMentions.none()
                )
                card_id = sent.id
            return card_id, await self._thread(job, card_id)

    def show(self, job: Job, position: int | None, *, unfetched: bool = False) -> None:
        """Bring the card up to date soon. `unfetched`: its video is made, and can't be fetched for now."""
        if job.card_id is not None and self._clock.now() - job.created_at < EDITABLE_SECONDS:
            self._cards.put(job.id, (job, position, unfetched))

    async def finish(self, job: Job) -> None:
        """Bring the card to its last state; nothing older comes after it."""
        await self._cards.stop(job.id)
        await self._edit(job, None)

    async def close(self) -> None:
        """Stop editing cards."""
        await self._cards.close()

    def _channel(self, job: Job, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id, guild_id=job.guild_id)

    async def _thread(self, job: Job, card_id: int) -> int | None:
        if not job.opens_thread:
            return None  # the job stays in place
        name = job_card.thread_name(job, job.request)
        try:
            thread = await self._client.http.start_thread_with_message(
                job.channel_id, card_id, name=name, auto_archive_duration=1440
            )
            return int(thread["id"])
        except discord.HTTPException as error:
            if error.code == THREAD_EXISTS:
                return card_id  # a thread has the id of the message it was opened on
            if error.status >= 500:
                raise
            log.info("%s: no thread: %s", job.code, error)
            return None

    def _card(self, job: Job, position: int | None, *, unfetched: bool = False) -> discord.ui.LayoutView:
        view = discord.ui.LayoutView(timeout=None)
        box: discord.ui.Container[discord.ui.LayoutView] = discord.ui.Container(accent_colour=_colour(job))
        box.add_item(discord.ui.TextDisplay(job_card.card(job, self._providers, position, unfetched=unfetched)))
        provider = self._providers.get(job.provider)
        if job.state in {"held", "queued"} or (job.state == "running" and provider and provider.can_cancel):
            row: discord.ui.ActionRow[discord.ui.LayoutView] = discord.ui.ActionRow()
            row.add_item(discord.ui.Button(label=buttons.CANCEL, custom_id=f"{CANCEL_PREFIX}{job.id}"))
            box.add_item(row)
        view.add_item(box)
        view.stop()  # its button is served by the dynamic item in cogs/, which outlives a restart
        return view

    async def _try_edit(self, shown: tuple[Job, int | None, bool]) -> None:
        job, position, unfetched = shown
        try:
            await self._edit(job, position, unfetched=unfetched)
        except (PostFailed, PostRefused) as error:
            log.info("%s: the card could not be edited: %s", job.code, error)  # its last edit is made again

    async def _edit(self, job: Job, position: int | None, *, unfetched: bool = False) -> None:
        if job.card_id is None:
            return
        async with post_errors():
            card = self._channel(job, job.channel_id).get_partial_message(job.card_id)
            view = self._card(job, position, unfetched=unfetched)
            await card.edit(view=view, allowed_mentions=discord.AllowedMentions.none())


def _is_card(message: discord.Message, job: Job) -> bool:
    return job_card.title(job) in all_text(message)


def _colour(job: Job) -> discord.Colour:
    if job.state not in OUTCOMES:
        return discord.Colour.blurple()
    return discord.Colour.green() if job.has_video else discord.Colour.orange()
