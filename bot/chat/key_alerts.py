"""What moderators are told of by themselves: that a key was switched off. Once each, across restarts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import aiohttp
import discord

from bot.clock import Clock
from bot.providers.base import Provider
from bot.words.failures import why_switched_off
from storage.servers.key_info import KeyInfo
from storage.servers.keys import Keys

log = logging.getLogger(__name__)

AGAIN_SECONDS = 60.0


class KeyAlerts:
    """Tells the moderator who added a key by direct message; else the server's channel for moderators' notices."""

    def __init__(self, client: discord.Client, keys: Keys, providers: Mapping[str, Provider], clock: Clock) -> None:
        self._client = client
        self._keys = keys
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
            for key in await self._keys.untold():
                try:
                    await self._tell(key)
                except (aiohttp.ClientError, discord.DiscordServerError, OSError) as fault:
                    log.info("telling moderators: %s; again later", type(fault).__name__)
                    await self._clock.sleep(AGAIN_SECONDS)
                    self._due.set()
                else:
                    await self._keys.told(key, now=self._clock.now())

    async def _tell(self, key: KeyInfo) -> None:
        provider = self._providers.get(key.provider)
        label = provider.label if provider else key.provider
        guild = self._client.get_guild(key.guild_id)
        why = why_switched_off(key.off_reason)
        name = guild.name if guild else "your server"
        text = (
            f"⚠️ The {label} key ending **…{key.hint}** of **{name}** is switched off: {why}. "
            "The job that found out was not charged, and no other will use this key. "
            f"Put it right at {label} and use `/lipsync-admin key test`, or save another with `/lipsync-admin key add`."
        )
        try:
            await (await self._client.create_dm(discord.Object(key.added_by))).send(text)
        except discord.DiscordServerError:
            raise
        except discord.HTTPException as refused:
            log.info("the moderator can't be told directly (%s)", refused.code)
            await self._tell_in(guild.public_updates_channel if guild else None, text, label)

    async def _tell_in(self, channel: discord.TextChannel | None, text: str, label: str) -> None:
        try:
            if channel is None:
                log.warning("a %s key is switched off, and nobody could be told", label)
            else:
                await channel.send(text)
        except (discord.Forbidden, discord.NotFound):
            log.warning("a %s key is switched off, and nobody could be told", label)
