"""The simulated server on which the demo plays, with the unmodified bot in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import discord
import simcord
import simcord.backend.cdn
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from simcord.actors import MemberActor
from simcord.backend.errors import SetupError
from simcord.builders import ChannelHandle
from simcord.env import Env

from bot.app.build import open_bot
from bot.app.client import Mouthpiece
from bot.app.settings import Settings
from bot.sandbox.server import Sandbox

PATIENCE = 10.0  # seconds in which the bot answers somebody, on however slow a machine
TICK = 0.5  # seconds between two moves of the simulated clock


class StageSettings(Settings):
    """What is given, and nothing of the environment: that may hold the settings of a real bot, with its database."""

    @classmethod
    def settings_customise_sources(  # type: ignore[override]
        cls, _: type[BaseSettings], init_settings: PydanticBaseSettingsSource, **__: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the arguments alone."""
        return (init_settings,)


@dataclass(frozen=True)
class Stage:
    """Who and what is there."""

    sandbox: Sandbox
    env: Env
    client: Mouthpiece
    channel: ChannelHandle
    log: ChannelHandle  # which moderators alone can read
    moderator: MemberActor
    member: MemberActor
    turn: asyncio.Lock  # whoever acts holds it: the simulated clock must not be moved meanwhile

    @property
    def people(self) -> dict[str, MemberActor]:
        """Who can be played, by their names in small letters."""
        return {actor.name.lower(): actor for actor in (self.member, self.moderator)}


@asynccontextmanager
async def open_stage(folder: Path) -> AsyncIterator[Stage]:
    """A server with one channel, a moderator and a member; the bot keeps its data in `folder`."""
    turn = asyncio.Lock()
    async with Sandbox(lambda path: env.backend.cdn.get(f"{sandbox.attachments_url}/{path}")) as sandbox:
        simcord.backend.cdn.CDN_BASE = sandbox.attachments_url  # so that bot and providers can fetch what people attach
        settings = StageSettings(
            discord_token=SecretStr("no token is needed here"),
            database_path=folder / "data" / "demo.db",
            discord_api_url=f"{sandbox.url}/api/v10",  # where people's files are
            provider_urls=sandbox.provider_urls,
            trusted_hosts=frozenset({sandbox.host}),
        )
        # Refusals travel as errors inside discord.py; what members read of them is what counts here.
        async with (
            open_bot(settings) as client,
            simcord.run(client, check_errors=False, shard_count=1) as env,
            _in_step(env, turn),
        ):
            env.settle_timeout = PATIENCE
            env.backend.bot_user.name = "Mouthpiece"
            guild = env.create_guild("Video Club")
            mods = guild.create_role("Moderators", permissions=discord.Permissions(manage_guild=True))
            hidden, shown = (discord.PermissionOverwrite(view_channel=seen) for seen in (False, True))
            assert client.user
            yield Stage(
                sandbox,
                env,
                client,
                guild.create_text_channel("studio"),
                guild.create_text_channel(
                    "mod-log", overwrites={guild.default_role: hidden, mods: shown, client.user: shown}
                ),
                guild.add_member(env.create_user("Mira"), roles=[mods]),
                guild.add_member(env.create_user("Alex")),
                turn,
            )


@asynccontextmanager
async def _in_step(env: Env, turn: asyncio.Lock) -> AsyncIterator[None]:
    """Let the simulated clock, which stands still by itself, go with the real one."""
    await env.advance_time(time.time() - env.now().timestamp())

    async def tick() -> None:
        while True:
            await asyncio.sleep(TICK)
            # Somebody may be clicking just now in the page: the next tick catches up.
            async with turn:
                with suppress(SetupError):
                    await env.advance_time(max(0.0, time.time() - env.now().timestamp()))

    ticking = asyncio.create_task(tick())
    try:
        yield
    finally:
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)
