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
import yarl
from discord import app_commands

from bot.app.membership import Membership
from bot.app.services import Services
from bot.app.settings import Settings
from bot.chat.explain import explain
from bot.clock import Clock
from bot.errors import MouthpieceError, SettingsError
from bot.words.admin.operator import BAD_TOKEN, CLOSED, CLOSED_OTHERWISE, UNREACHABLE
from storage.engine.installation import Installation
from storage.servers.guilds import GuildFacts

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
GOODBYE_SECONDS = 3.0


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
        membership: Membership,
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
        self.signed_in = asyncio.Event()  # set once posts can be made
        self.at_home = asyncio.Event()  # set once Discord has told which servers the bot is in
        self.session_since: float | None = None  # the beginning of the session under way, by the monotonic clock
        self._installation = installation
        self._membership = membership
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

    async def sign_in(self, token: str) -> None:
        """Log in, without connecting. `SettingsError` when Discord refuses the token, else `DiscordUnreachable`."""
        try:
            await self.login(token)
        except discord.LoginFailure:
            raise SettingsError(problem=BAD_TOKEN) from None
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            raise DiscordUnreachable(why=error or type(error).__name__) from error

    async def leave(self) -> None:
        """Close the connection, without waiting long for Discord's goodbye. Cancelling the caller doesn't stop it."""
        await asyncio.wait([asyncio.ensure_future(self.close())], timeout=GOODBYE_SECONDS)

    async def setup_hook(self) -> None:
        """Load every cog; the worker may begin."""
        cogs = import_module("cogs")
        for found in iter_modules(cogs.__path__):
            module = import_module(f"cogs.{found.name}")
            if hasattr(module, "setup"):
                module.setup(self)
        await self.sync_commands()
        self.signed_in.set()

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
        """A session has begun, and Discord has told which servers the bot is in."""
        self.session_since = self._clock.monotonic()
        self._membership.ready({guild.id: _facts(guild) for guild in self.guilds})
        if not self.at_home.is_set() and self.application_id:
            scopes = ("bot", "applications.commands")
            invite = discord.utils.oauth_url(self.application_id, permissions=PERMISSIONS, scopes=scopes)
            log.info("ready as %s in %d servers; invite it with %s", self.user, len(self.guilds), invite)
        self.at_home.set()

    async def on_resumed(self) -> None:
        """The session goes on after the connection was lost."""
        self.session_since = self._clock.monotonic()

    async def on_disconnect(self) -> None:
        """The connection was lost, or could not be made again."""
        self.session_since = None

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


def aim_discord(settings: Settings) -> None:
    """Use the operator's REST or gateway proxy in place of Discord itself, as far as one is set."""
    if settings.discord_api_url:
        discord.http.Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)
