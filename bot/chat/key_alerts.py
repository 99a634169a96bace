"""What moderators are told of by themselves: that a key was switched off. Once each, across restarts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping

import discord

from bot.chat.errors import PostFailed, PostRefused
from bot.chat.posting import post_errors
from bot.clock import Clock
from bot.providers.base import Provider
from bot.words.admin.keys import alert
from storage.servers.guilds import Guilds
from storage.servers.key_info import KeyInfo
from storage.servers.keys import Keys

log = logging.getLogger(__name__)

AGAIN_SECONDS = 60.0


class KeyAlerts:
    """Tells the moderator who added a key by direct message; else the server's channel for moderators' notices."""

    def __init__(
        self, client: discord.Client, keys: Keys, guilds: Guilds, providers: Mapping[str, Provider], clock: Clock
    ) -> None:
        self._client = client
        self._keys = keys
        self._guilds = guilds
        self._providers = providers
        self._clock = clock
        self._due = asyncio.Event()

    def look(self) -> None:
        """There may be something to tell."""
        self._due.set()

    async def run(self) -> None:
        """Tell whatever is to be told, until cancelled."""
        self._due.set()
        while True:
            await self._due.wait()
            self._due.clear()
            failed = False
            for key in await self._keys.untold():
                try:
                    await self._tell(key)
                except PostFailed as fault:
                    log.info("telling the moderators of server %s: %s; again later", key.guild_id, fault)
                    failed = True
                else:
                    await self._keys.told(key, now=self._clock.now())
            if failed:
                await self._clock.sleep(AGAIN_SECONDS)
                self._due.set()

    async def _tell(self, key: KeyInfo) -> None:
        """Tell of a key in the first place that takes it. `PostFailed` while there may be one later."""
        provider, facts = self._providers.get(key.provider), await self._guilds.facts(key.guild_id)
        label = provider.label if provider else key.provider
        text = alert(label, key, facts.name if facts else None)
        if await _took(self._send_directly(key.added_by, text)):
            return
        if facts is None:
            raise PostFailed(problem="Discord has not told yet where they get notices")
        notices = facts.notices_channel_id
        if notices is None or not await _took(self._send_in(key.guild_id, notices, text)):
            log.warning("a %s key is switched off, and nobody could be told", label)

    async def _send_directly(self, member_id: int, text: str) -> None:
        await (await self._client.create_dm(discord.Object(member_id))).send(text)

    async def _send_in(self, guild_id: int, channel_id: int, text: str) -> None:
        await self._client.get_partial_messageable(channel_id, guild_id=guild_id).send(text)


async def _took(sending: Awaitable[None]) -> bool:
    """Whether Discord took the post; `PostFailed` when it may do so later."""
    try:
        async with post_errors():
            await sending
    except PostRefused as refused:
        log.info("moderators can't be told there: %s", refused)
        return False
    return True
