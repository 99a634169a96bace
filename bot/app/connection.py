"""The connection to Discord: how it begins, which sessions it has, and how it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import aiohttp
import discord
import yarl

from bot.app.servers.shards import Shards
from bot.app.settings import Settings
from bot.clock import Clock
from bot.errors import MouthpieceError, SettingsError
from bot.words.admin.operator import (
    CLOSED,
    CLOSED_OTHERWISE,
    COMMANDS_GO_ELSEWHERE,
    NO_ADDRESS,
    UNREACHABLE,
    WRONG_PUBLIC_KEY,
    refused,
)

log = logging.getLogger(__name__)

GOODBYE_SECONDS = 3.0
GREETING_SECONDS = 10.0


class DiscordUnreachable(MouthpieceError):
    """The bot can't begin to serve, and that is not the token's fault."""

    sentence = UNREACHABLE


class Connection(discord.AutoShardedClient):
    """A client that needs no privileged intent: it sees commands, not conversations.

    Without `shards` it has no connection to the gateway: what people do is handed to `receive`.
    """

    def __init__(self, shards: Shards | None, clock: Clock, trace: aiohttp.TraceConfig | None = None) -> None:
        named: dict[str, Any] = {"http_trace": trace}
        if shards and shards.ids:
            named |= {"shard_ids": shards.ids, "shard_count": shards.count}
        super().__init__(
            **named,
            intents=discord.Intents(guilds=True),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=60.0,
        )
        self.has_gateway = shards is not None
        self.sessions: dict[int, float] = {}  # by shard: when the session under way began, by the monotonic clock
        self.hears = True  # what comes over HTTP; not once it is being stopped, as another process may
        self._clock = clock
        self._opened = False

    @property
    def served_shards(self) -> Sequence[int]:
        """The shards of which this process is to hear; the first alone until Discord has said how many there are, and
        none without the gateway.
        """
        return (self.shard_ids or range(self.shard_count or 1)) if self.has_gateway else ()

    async def sign_in(self, token: str) -> None:
        """Log in, without connecting. `SettingsError` when Discord refuses the token, else `DiscordUnreachable`."""
        try:
            await self.login(token)
            if self.has_gateway and not self.shard_count:
                # discord.py would ask as well, and then pass over the operator's gateway proxy.
                self.shard_count, _, _ = await self.http.get_bot_gateway()
        except discord.LoginFailure:
            raise SettingsError(problem=refused(token)) from None
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            raise DiscordUnreachable(why=error or type(error).__name__) from error

    async def login(self, token: str) -> None:
        """Log in, without connecting, and load the commands."""
        self._opened = True
        await super().login(token)

    async def connect(self, *, reconnect: bool = True) -> None:
        """Serve until the connection is closed. `SettingsError` when Discord ends it for good, `DiscordUnreachable`
        when there was none to begin with. Without the gateway, until cancelled.
        """
        if not self.has_gateway:
            await asyncio.Event().wait()
        try:
            await super().connect(reconnect=reconnect)
        except discord.PrivilegedIntentsRequired:
            raise SettingsError(problem=CLOSED[4014]) from None
        except discord.ConnectionClosed as closed:
            raise SettingsError(problem=CLOSED.get(closed.code, CLOSED_OTHERWISE.format(code=closed.code))) from None

    def receive(self, interaction: Any) -> None:
        """Do what a person has done, as Discord describes it; the gateway's events go the same way. discord.py has no
        public method for it.
        """
        self._connection.parse_interaction_create(interaction)

    async def fill(self, form: discord.ui.Modal, interaction: discord.Interaction[Any]) -> None:
        """Let a form take what a person has sent with it. discord.py does so only for those that it keeps itself, and
        has no public method for others.
        """
        sent: Any = interaction.data
        await form._dispatch_submit(interaction, sent["components"], sent.get("resolved", {}))  # noqa: SLF001

    def check_way_in(self, public_key: str | None) -> str:
        """Look at what Discord says of the application, once logged in: what keeps commands from coming here, nothing
        where they come. `SettingsError` when this isn't its key.
        """
        assert self.application
        if public_key and public_key.lower() != self.application.verify_key.lower():
            raise SettingsError(problem=WRONG_PUBLIC_KEY)
        address = self.application.interactions_endpoint_url
        if self.has_gateway and address:
            return COMMANDS_GO_ELSEWHERE.format(address=address)
        return "" if self.has_gateway or address else NO_ADDRESS

    async def greet_gateway(self) -> int:
        """See that the gateway answers, once logged in, without a session of its own; how many sessions Discord lets
        the bot begin for now. `DiscordUnreachable` when it doesn't.
        """
        gateway = discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
        try:
            _, _, sessions = await self.http.get_bot_gateway()
            async with (
                asyncio.timeout(GREETING_SECONDS),
                aiohttp.ClientSession() as session,
                session.ws_connect(gateway) as socket,
            ):
                await socket.receive_json()
        except (discord.DiscordException, aiohttp.ClientError, OSError, ValueError, TypeError) as error:
            raise DiscordUnreachable(why=f"its gateway doesn't answer: {error or type(error).__name__}") from error
        return sessions["remaining"]

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:
        """Connect a shard; discord.py calls this again when that fails. `DiscordUnreachable` when that was the
        first, so that whoever keeps the bot running is told.
        """
        if not initial and not self.shards:
            raise DiscordUnreachable(why="its gateway doesn't answer")
        await super().launch_shard(gateway, shard_id, initial=initial)

    async def on_shard_ready(self, shard_id: int) -> None:
        """A session has begun, and Discord has told which servers of this shard the bot is in."""
        self.sessions[shard_id] = self._clock.monotonic()

    async def on_shard_resumed(self, shard_id: int) -> None:
        """The session goes on after the connection was lost."""
        self.sessions[shard_id] = self._clock.monotonic()

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """The connection was lost, or could not be made again."""
        self.sessions.pop(shard_id, None)

    async def leave(self) -> None:
        """Close the connection, without waiting long for Discord's goodbye. Cancelling the caller doesn't stop it."""
        if self._opened:  # discord.py can't close what was never opened
            await asyncio.wait([asyncio.ensure_future(self.close())], timeout=GOODBYE_SECONDS)


def aim_discord(settings: Settings) -> None:
    """Use the operator's REST or gateway proxy in place of Discord itself, as far as one is set."""
    if settings.discord_api_url:
        discord.http.Route.BASE = settings.discord_api_url
    if settings.discord_gateway_url:
        discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)
