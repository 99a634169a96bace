"""The message that ends a job: posting it, and finding one that was posted earlier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.chat.errors import PostRefused
from bot.chat.posting import earlier, nonce, post_errors
from bot.chat.result_buttons import result_buttons
from bot.domain.job import Job
from bot.domain.results import Parcel, Rung, Sent
from bot.providers.base import Provider
from bot.words import job_card, result_message
from storage.servers.guilds import Guilds

NO_REPLY_WITHOUT_HISTORY = 160002  # Discord's code for a reply where earlier messages can't be read


class ResultPosts:
    """Posts outcomes through the bot's own connection. Raises the `Post…` errors only."""

    def __init__(self, client: discord.Client, guilds: Guilds, providers: Mapping[str, Provider]) -> None:
        self._client = client
        self._guilds = guilds
        self._providers = providers

    async def found(self, job: Job, rungs: Sequence[Rung]) -> Sent | None:
        """An earlier post of the outcome, in whichever of these places it may have been made."""
        for rung in rungs:
            try:
                async with post_errors():
                    channel = await self._channel(job, rung)
                    sent = await earlier(self._client, channel, job.told_since, lambda it: _is_outcome(it, job))
            except PostRefused:
                continue  # gone, or out of sight
            if sent:
                return Sent(channel.id, sent)
        return None

    async def post(self, job: Job, rung: Rung, parcel: Parcel | None) -> Sent:
        """Post the outcome there, with the video, or what there is of it."""
        async with post_errors():
            channel = await self._channel(job, rung)
            post: dict[str, Any] = {"nonce": nonce(job, f"{'video' if parcel else 'note'}|{channel.id}")}
            if rung == "channel" and job.card_id:
                card = discord.MessageReference(
                    message_id=job.card_id, channel_id=job.channel_id, guild_id=job.guild_id, fail_if_not_exists=False
                )
                try:
                    return await self._send(channel, job, rung, parcel, reference=card, **post)
                except discord.Forbidden as error:
                    if error.code != NO_REPLY_WITHOUT_HISTORY:
                        raise
            return await self._send(channel, job, rung, parcel, **post)

    async def _send(
        self, channel: discord.PartialMessageable, job: Job, rung: Rung, parcel: Parcel | None, **post: Any
    ) -> Sent:
        if parcel:
            post["file"] = discord.File(parcel.file, filename=job_card.result_file(job))
            if rung != "direct":  # its buttons are about a server's message
                post["view"] = result_buttons(job, smaller=parcel.smaller is not None)
        pinged = [] if job.failure == "cancelled" else [discord.Object(job.member_id)]  # who cancelled it knows
        sent = await channel.send(
            await self._words(job, rung, parcel),
            allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, users=pinged, replied_user=False),
            **post,
        )
        return Sent(channel.id, sent.id)

    async def _words(self, job: Job, rung: Rung, parcel: Parcel | None) -> str:
        server = None
        if rung == "direct":
            facts = await self._guilds.facts(job.guild_id)
            server = facts.name if facts else result_message.UNKNOWN_SERVER
        if parcel is None:
            return result_message.notice(job, self._providers, server=server)
        if job.failure:
            return result_message.fragment(job, self._providers, parcel.smaller, server=server)
        return result_message.delivery(job, parcel.smaller, parcel.odd, server=server)

    async def _channel(self, job: Job, rung: Rung) -> discord.PartialMessageable:
        if rung == "direct":
            opened = await self._client.http.start_private_message(job.member_id)
            return self._client.get_partial_messageable(int(opened["id"]))
        places = {"thread": job.thread_id, "parent": job.parent_id}
        return self._client.get_partial_messageable(places.get(rung) or job.channel_id, guild_id=job.guild_id)


def _is_outcome(message: discord.Message, job: Job) -> bool:
    """Whether it ends the job: its words end with the job's code, and those of no other message do."""
    return message.content.endswith(job.code)
