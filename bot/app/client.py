"""The Discord client: its cogs, its commands, the servers it is in, and how errors are told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

import aiohttp
import discord
from discord import app_commands

from bot.app.connection import Connection
from bot.app.servers.membership import Membership
from bot.app.servers.shards import Shards
from bot.app.services import Services
from bot.chat.explain import explain
from bot.chat.server.permissions import TO_MAKE_VIDEOS
from bot.clock import Clock
from storage.engine.installation import Installation
from storage.servers.guilds import GuildFacts

log = logging.getLogger(__name__)

COMMANDS_FACT = "synced_commands"


class Mouthpiece(Connection):
    """The bot, as discord.py knows it. `services` makes what the cogs use; some of that posts through the client.
    `trace` sees every HTTP call to Discord.
    """

    def __init__(
        self,
        installation: Installation,
        membership: Membership,
        clock: Clock,
        shards: Shards | None,
        services: Callable[[Mouthpiece], Services],
        trace: aiohttp.TraceConfig,
    ) -> None:
        super().__init__(shards, clock, trace)
        self.tree = Tree(self)
        self.signed_in = asyncio.Event()  # set once posts can be made
        self.at_home = asyncio.Event()  # set once Discord has told which servers the bot is in
        self._installation = installation
        self._membership = membership
        self.services = services(self)

    @property
    def server_count(self) -> int:
        """How many servers Discord has named to this process."""
        return len(self._membership.here)

    async def setup_hook(self) -> None:
        """Load every cog; the worker may begin."""
        cogs = import_module("cogs")
        for found in iter_modules(cogs.__path__):
            module = import_module(f"cogs.{found.name}")
            if hasattr(module, "setup"):
                module.setup(self)
        await self.sync_commands()
        self.signed_in.set()
        if not self.has_gateway:  # from which all this would be told
            self._membership.unsure.set()
            self._begin()

    async def sync_commands(self) -> None:
        """Tell Discord of the commands if they have changed since the last time."""
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        known = json.dumps([self.application_id, payload], sort_keys=True)
        fingerprint = hashlib.sha256(known.encode()).hexdigest()
        if await self._installation.get(COMMANDS_FACT) == fingerprint:
            return
        await self.tree.sync()
        await self._installation.put(COMMANDS_FACT, fingerprint)
        log.info("told Discord of the changed commands")

    async def on_interaction(self, interaction: discord.Interaction[Mouthpiece]) -> None:
        """Somebody has sent a form; discord.py itself knows what to do with everything else."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        try:
            form = await self.services.forms.sent(interaction)
        except Exception as error:  # noqa: BLE001 - `explain` logs what is no refusal
            await explain(interaction, error)
        else:
            await self.fill(form, interaction)

    async def on_ready(self) -> None:
        """Every shard has begun a session, and Discord has told which servers the bot is in."""
        self._begin()

    def _begin(self) -> None:
        if not self.at_home.is_set() and self.application_id:
            scopes = ("bot", "applications.commands")
            invite = discord.utils.oauth_url(self.application_id, permissions=TO_MAKE_VIDEOS, scopes=scopes)
            log.info("ready as %s; invite it with %s", self.user, invite)
        self.at_home.set()

    async def on_shard_ready(self, shard_id: int) -> None:
        """A session has begun, and Discord has told which servers of this shard the bot is in."""
        await super().on_shard_ready(shard_id)
        self._membership.ready({guild.id: _facts(guild) for guild in self.guilds if guild.shard_id == shard_id})

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """A server invited the bot."""
        self._membership.joined(guild.id, _facts(guild))

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server can be reached again, or for the first time, if it was away when it invited the bot."""
        self._membership.joined(guild.id, _facts(guild))

    async def on_guild_update(self, _before: discord.Guild, guild: discord.Guild) -> None:
        """A server has another name, or another channel for its moderators' notices."""
        self._membership.joined(guild.id, _facts(guild))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """A server removed the bot."""
        self._membership.left(guild.id)


class Tree(app_commands.CommandTree[Mouthpiece]):
    """The commands; what goes wrong in one is explained to the person who used it."""

    async def on_error(self, interaction: discord.Interaction[Mouthpiece], error: app_commands.AppCommandError) -> None:
        """Answer with the error's own sentence."""
        await explain(interaction, error)


def _facts(guild: discord.Guild) -> GuildFacts | None:
    """What Discord tells of the server; None when it has told nothing yet."""
    channel = guild.public_updates_channel
    return None if guild.unavailable else GuildFacts(guild.name, channel.id if channel else None)
