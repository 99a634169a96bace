"""Posts what happens in a server to the channel that its moderators chose: one card per event, in order. What they have
to decide comes from `bot/chat/cases/`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from itertools import groupby

import discord

from bot.chat.errors import PostFailed, PostRefused
from bot.chat.posting import nonce_of, post_errors
from bot.clock import Clock
from bot.domain.job import Stores
from bot.providers.base import Provider
from bot.words import log_entries
from storage.servers.log_entries import Entry

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # between two looks at what there is to tell
AGAIN_SECONDS = 30.0  # after a post that failed
URGENT = {"failed", "lost", "budget", "blocked"}


class LogChannel:
    """Empties the outbox of every server."""

    def __init__(
        self,
        client: discord.Client,
        stores: Stores,
        providers: Mapping[str, Provider],
        clock: Clock,
    ) -> None:
        self._client = client
        self._entries = stores.log_entries
        self._guilds = stores.guilds
        self._jobs = stores.jobs
        self._providers = providers
        self._clock = clock
        self._not_before: dict[int, float] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            servers = groupby(await self._entries.waiting(), key=lambda entry: entry.guild_id)
            due = {guild_id: list(entries) for guild_id, entries in servers if self._is_due(guild_id)}
            await asyncio.gather(*(self._empty(entries) for entries in due.values()))
            await self._clock.sleep(LOOK_SECONDS)

    def _is_due(self, guild_id: int) -> bool:
        """A server whose channel failed waits, and holds up no other."""
        return self._clock.monotonic() >= self._not_before.get(guild_id, 0.0)

    async def _empty(self, entries: Sequence[Entry]) -> None:
        """Post one server's entries in order, until a post fails."""
        for entry in entries:
            try:
                await self._post(entry)
            except PostFailed as fault:
                log.info("the log of server %s: %s; again later", entry.guild_id, fault)
                self._not_before[entry.guild_id] = self._clock.monotonic() + AGAIN_SECONDS
                return
            await self._entries.posted(entry.guild_id, entry.id)
        self._not_before.pop(entries[0].guild_id, None)

    async def _post(self, entry: Entry) -> None:
        try:
            job = await self._jobs.get(entry.guild_id, entry.job_id) if entry.job_id else None
            text = log_entries.text(entry, job, self._providers)
        except (KeyError, ValueError):  # of a damaged row, or another version's; it must not hold up those after it
            log.exception("an entry of the kind %s can't be told", entry.kind)
            return
        if text is None:
            return
        channel_id = (await self._guilds.policy(entry.guild_id)).log_channel_id
        if channel_id is None:
            return
        channel = self._client.get_partial_messageable(channel_id, guild_id=entry.guild_id)
        try:
            async with post_errors():
                await channel.send(view=_card(entry, text), nonce=nonce_of("log", entry.guild_id, entry.id, entry.at))
        except PostRefused as refused:
            log.warning("the log of server %s can't be posted in %s: %s", entry.guild_id, channel_id, refused)


def _card(entry: Entry, text: str) -> discord.ui.LayoutView:
    view = discord.ui.LayoutView(timeout=None)
    colour = discord.Colour.orange() if entry.kind in URGENT else discord.Colour.light_grey()
    box: discord.ui.Container[discord.ui.LayoutView] = discord.ui.Container(accent_colour=colour)
    box.add_item(discord.ui.TextDisplay(text))
    view.add_item(box)
    return view
