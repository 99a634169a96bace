"""Discord: its API and gateway, this machine's clock against Discord's, and what the bot may do in the channels that
servers have named.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from bot.app.connection import Connection, DiscordUnreachable, aim_discord
from bot.app.settings import Settings
from bot.chat.errors import PostFailed, PostRefused
from bot.chat.server.permissions import lacking, needed
from bot.clock import Clock
from bot.errors import SettingsError
from bot.words.admin import doctor as words
from bot.words.admin.finding import Finding, ill, ok, warning
from bot.words.admin.operator import NOT_A_TOKEN, is_token
from storage.servers.overview import NamedChannels

MOST_APART, FAR_APART = 5.0, 60.0  # seconds; answers to commands have 3
FEW_SESSIONS = 50  # of 1,000 a day; who has used them up loses the token
MOST_SERVERS = 25  # whose channels are looked at; the newest


class _Dates:
    """Notes how far this machine's clock is from the Date in Discord's answers."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.apart: float | None = None  # seconds, positive where this machine's is ahead
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_end.append(self._note)

    async def _note(self, _session: object, _context: object, ended: Any) -> None:
        try:
            moment = parsedate_to_datetime(ended.response.headers["Date"]).timestamp()
        except (KeyError, ValueError):
            return
        self.apart = self._clock.now() - moment - 0.5  # it is cut off at the second

    def finding(self) -> list[Finding]:
        """What that means."""
        if self.apart is None:
            return []
        what = words.apart(self.apart)
        if abs(self.apart) <= MOST_APART:
            return [ok("clock", what)]
        return [(ill if abs(self.apart) > FAR_APART else warning)("clock", what, words.SET_CLOCK)]


async def check_discord(settings: Settings, clock: Clock, servers: Sequence[NamedChannels]) -> list[Finding]:
    """Everything that Discord tells without a session at its gateway; beside a bot that has one, too."""
    aim_discord(settings)
    dates = _Dates(clock)
    async with Connection(settings.served_shards, clock, dates.trace) as client:
        token = settings.discord_token.get_secret_value()
        try:
            await client.sign_in(token)
        except SettingsError as error:
            return [ill("token", str(error), words.COPY_AGAIN), *dates.finding()]
        except DiscordUnreachable as error:
            looks = [] if is_token(token) else [warning("token", NOT_A_TOKEN, words.COPY_AGAIN)]
            return [ill("Discord", str(error), words.CHECK_NETWORK), *looks, *dates.finding()]
        found = [ok("Discord", "its API answers"), ok("token", f"it is that of {client.user}")]
        found += [*_way_in(client, settings), *await _gateway(client), *dates.finding()]
        return [*found, *await _channels(client, servers)]


def _way_in(client: Connection, settings: Settings) -> list[Finding]:
    if "gateway" not in settings.roles:
        return []
    try:
        problem = client.check_way_in(settings.interactions_public_key)
    except SettingsError as error:
        return [ill("commands", str(error), words.WAY_IN)]
    return [ill("commands", problem, words.WAY_IN) if problem else ok("commands", "Discord sends them here")]


async def _gateway(client: Connection) -> list[Finding]:
    if not client.has_gateway:
        return []
    assert client.application
    flags = client.application.flags
    reads_messages = flags.gateway_message_content or flags.gateway_message_content_limited
    found = [ok("intents", words.intents(reads_messages=reads_messages))]
    try:
        left = await client.greet_gateway()
    except DiscordUnreachable as error:
        return [*found, ill("gateway", str(error), words.CHECK_GATEWAY)]
    what = f"it answers, and lets the bot begin {left} more sessions today"
    return [*found, warning("gateway", what, words.FEW_SESSIONS) if left < FEW_SESSIONS else ok("gateway", what)]


async def _channels(client: Connection, servers: Sequence[NamedChannels]) -> list[Finding]:
    found = [finding for server in servers[:MOST_SERVERS] for finding in await _of_server(client, server)]
    looked_at = f"{min(len(servers), MOST_SERVERS)} of {len(servers)} servers that name channels"
    return found or [ok("permissions", f"the bot has all it needs in them, and in threads there: {looked_at}")]


async def _of_server(client: Connection, server: NamedChannels) -> list[Finding]:
    """What the bot lacks in the channels that one server's setup names."""
    wanted = needed(server.allowed, server.log, server.notices)
    try:
        lacks = await lacking(client, server.guild_id, wanted)
    except PostRefused:
        return [warning("permissions", f"the bot isn't in server {server.guild_id}", words.INVITE)]
    except PostFailed as fault:
        return [warning("permissions", f"server {server.guild_id}: {fault}", words.ASK_AGAIN)]
    return [
        ill("permissions", words.lacks(server.guild_id, channel_id, missing), words.ALLOW)
        for channel_id, missing in lacks.items()
        if missing != ()
    ]
