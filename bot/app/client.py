"""The Discord client: its cogs, its commands, the servers it is in, and how errors are told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

import discord
import yarl
from discord import app_commands

from bot.app.services import Services
from bot.app.settings import Settings
from bot.chat.explain import explain
from bot.clock import Clock
from bot.errors import MouthpieceError, SettingsError
from bot.words.admin.operator import CLOSED, CLOSED_OTHERWISE, UNREACHABLE
from storage.engine.installation import Installation
from storage.servers.guilds import GuildFacts, Guilds

log = logging.getLogger(__name__)

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    attach_files=True,
    read_message_history=True,
)
COMMANDS_FACT = "synced_commands"


class DiscordUnreachable(MouthpieceError):
    """The bot can't begin to serve, and that is not the token's fault."""

    sentence = UNREACHABLE


class Mouthpiece(discord.Client):
    """The bot's connection to Discord. Needs no privileged intent: it sees commands, not conversations.

    `services` makes what the cogs use; some of that posts through the client.
    """

    def __init__(
        self,
        installation: Installation,
        guilds: Guilds,
        clock: Clock,
        services: Callable[[Mouthpiece], Services],
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=60.0,
        )
        self.tree = Tree(self)
        self.at_home = asyncio.Event()  # set once Discord has told which servers the bot is in
        self._installation = installation
        self._known_guilds = guilds
        self._clock = clock
        self.services = services(self)

    @property
    def server_count(self) -> int:
        """How many servers Discord has named to this process."""
        return len(self.guilds)

    async def connect(self, *, reconnect: bool = True) -> None:
        """Serve until the connection is closed. `SettingsError` when Discord ends it for good, `DiscordUnreachable`
        when there was none to begin with.
        """
        try:
            await super().connect(reconnect=reconnect)
        except discord.PrivilegedIntentsRequired:
            raise SettingsError(problem=CLOSED[4014]) from None
        except discord.ConnectionClosed as closed:
            raise SettingsError(problem=CLOSED.get(closed.code, CLOSED_OTHERWISE.format(code=closed.code))) from None
        except AttributeError:  # discord.py would resume the session of a connection that it never had
            if self.ws:
                raise
            raise DiscordUnreachable(why="its gateway doesn't answer") from None

    async def setup_hook(self) -> None:
        """Load every cog."""
        cogs = import_module("cogs")
        for found in iter_modules(cogs.__path__):
            module = import_module(f"cogs.{found.name}")
            if hasattr(module, "setup"):
                module.setup(self)
        await self.sync_commands()

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

    async def on_ready(self) -> None:
        """Note the servers; the worker may begin."""
        seen = list(self.guilds)
        here = {guild.id for guild in seen}
        for guild in seen:
            await self._remember(guild)
        for guild_id in await self._known_guilds.present() - here:
            # It left while the bot was away, or this is another bot's token: everything goes after the grace only.
            await self._known_guilds.leave(guild_id, self._clock.now())
        if not self.at_home.is_set() and self.application_id:
            scopes = ("bot", "applications.commands")
            invite = discord.utils.oauth_url(self.application_id, permissions=PERMISSIONS, scopes=scopes)
            log.info("ready as %s in %d servers; invite it with %s", self.user, len(self.guilds), invite)
        self.at_home.set()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """A server invited the bot."""
        await self._remember(guild)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server can be reached again, or for the first time, if it was away when it invited the bot."""
        await self._remember(guild)

    async def on_guild_update(self, _before: discord.Guild, guild: discord.Guild) -> None:
        """A server has another name, or another channel for its moderators' notices."""
        await self._remember(guild)

    async def _remember(self, guild: discord.Guild) -> None:
        """Remember that the bot is in a server, and what Discord tells of it, if it has told."""
        await self._known_guilds.join(guild.id, self._clock.now())
        if not guild.unavailable:
            channel = guild.public_updates_channel
            await self._known_guilds.describe(guild.id, GuildFacts(guild.name, channel.id if channel else None))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """A server removed the bot: its keys go, at once or with the last job that needs them."""
        await self._known_guilds.leave(guild.id, self._clock.now())
        await self.services.keys.retire(guild.id)


class Tree(app_commands.CommandTree[Mouthpiece]):
    """The commands; what goes wrong in one is explained to the person who used it."""

    async def on_error(self, interaction: discord.Interaction[Mouthpiece], error: app_commands.AppCommandError) -> None:
        """Answer with the error's own sentence."""
        await explain(interaction, error)


def aim_discord(settings: Settings) -> None:
    """Use the operator's REST or gateway proxy in place of Discord itself, as far as one is set."""
    if settings.discord_api_url:
        discord.http.Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)
