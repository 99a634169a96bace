"""A small world for tests: the unmodified bot in the simulated Discord, with the sandbox as its provider."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
import simcord
import simcord.backend.cdn
from pydantic import SecretStr
from simcord.actors import MemberActor
from simcord.builders import ChannelHandle, GuildHandle
from simcord.env import Env
from simcord.results import InteractionResult

from bot.app.build import open_bot
from bot.app.client import Mouthpiece
from bot.app.parts import Parts
from bot.app.settings import Settings
from bot.errors import MouthpieceError
from bot.sandbox.server import Sandbox
from tests.canned import CannedStudio, look_into_nothing
from tests.fast_clock import FastClock
from tests.fresh_database import make_database
from tests.welcome import welcome

KEY = "rc-canary-key-0001"
CLIP = ("clip.mp4", b"not really a video")
PATIENCE = 60.0  # seconds: a busy machine is no fault
SETTLING = 15.0  # seconds until the bot has to be at rest; simcord sometimes waits for all of them
RECORDING = ("voice.mp3", b"not really a recording")


@dataclass
class World:
    """The bot, the people and the provider."""

    env: Env
    client: Mouthpiece
    clock: FastClock
    sandbox: Sandbox
    guild: GuildHandle
    channel: ChannelHandle
    member: MemberActor
    moderator: MemberActor
    parts: Parts

    async def add_key(self, key: str = KEY, provider: str = "runcomfy") -> str:
        """What the moderator reads after typing a key into the form."""
        return await self.fill_key_form(provider, [key])

    async def fill_key_form(self, provider: str, values: Sequence[str]) -> str:
        """What the moderator reads after filling the fields of the form, from the first on."""
        form = await self.moderator.slash(self.channel, "lipsync-admin key add", provider=provider)
        assert form.modal, answer(form)
        fields = [part["component"]["custom_id"] for part in form.modal["components"]]
        return answer(await self.moderator.submit_modal(form, dict(zip(fields, values, strict=False))))

    async def text(self, channel: ChannelHandle | None = None, **options: Any) -> str:
        """What the member reads after `/lipsync text`."""
        given = {"video": CLIP, "text": "Hello there", "voice": "en:genshin_vindi2", **options}
        return answer(await self.member.slash(channel or self.channel, "lipsync text", **given))

    async def audio(self, **options: Any) -> str:
        """What the member reads after `/lipsync audio`."""
        given = {"video": CLIP, "audio": RECORDING, **options}
        return answer(await self.member.slash(self.channel, "lipsync audio", **given))

    async def quiet(self, seconds: float = PATIENCE) -> None:
        """Wait until every job is closed."""
        async with asyncio.timeout(seconds):
            while self.client.services.worker.open_jobs:
                await asyncio.sleep(0.01)

    def card(self, channel: ChannelHandle | None = None) -> discord.Message:
        """The newest status card."""
        history = reversed((channel or self.channel).history())
        return next(message for message in history if message.flags.components_v2)

    def card_text(self, channel: ChannelHandle | None = None) -> str:
        """What stands on it."""
        box: Any = self.card(channel).components[0]
        return str(box.children[0].content)

    def thread(self) -> ChannelHandle:
        """The newest job's thread."""
        return self.channel.threads[-1]

    def outcomes(self, channel: ChannelHandle | None = None) -> list[discord.Message]:
        """The messages that end a job, in its thread."""
        return [
            message for message in (channel or self.thread()).history() if message.mentions or "<@" in message.content
        ]

    def file(self, message: discord.Message) -> bytes:
        """The bytes attached to a message."""
        found = self.env.backend.cdn.get(message.attachments[0].url)
        assert found is not None
        return bytes(found)


def answer(result: InteractionResult) -> str:
    """The private words that somebody got back."""
    assert result.ephemeral
    assert result.response
    return str(result.response.content)


@asynccontextmanager
async def open_world(folder: Path, *, rendering: bool = False, **changed: Any) -> AsyncIterator[World]:
    """A server with one channel, a member and a moderator, and the bot in it; `changed` are settings of the bot."""

    clock = FastClock()
    discord_of: list[Env] = []  # emptied at the end, as aiohttp keeps a thousand applications, and by each a whole bot
    async with Sandbox(lambda path: discord_of[0].backend.cdn.get(f"{sandbox.attachments_url}/{path}")) as sandbox:
        simcord.backend.cdn.CDN_BASE = sandbox.attachments_url
        if not rendering:
            sandbox.runs.studio = CannedStudio()
        settings = Settings(
            _env_file=None,
            discord_token=SecretStr("token"),
            database_path=folder / "bot.db",
            discord_api_url=f"{sandbox.url}/api/v10",  # where people's files are
            provider_urls=sandbox.provider_urls,
            trusted_hosts=frozenset({sandbox.host}),
            **{"max_open_jobs_per_server": 1000, **changed},
        )
        settings.master()  # which is made for a new database only
        if not settings.database_url:
            make_database(settings.database_path)
        made: list[Parts] = []

        def prepare(parts: Parts) -> None:
            made.append(parts)
            if not rendering:
                look_into_nothing(parts)

        async with (
            open_bot(settings, clock, prepare=prepare) as client,
            simcord.run(client, check_errors=False, shard_count=1) as env,
        ):
            discord_of.append(env)
            env.settle_timeout = SETTLING
            guild = env.create_guild("Club")
            mods = guild.create_role("Mods", permissions=discord.Permissions(manage_guild=True))
            channel = guild.create_text_channel("studio")
            member = guild.add_member(env.create_user("alex"))
            moderator = guild.add_member(env.create_user("mira"), roles=[mods])
            await welcome(made[0].database, guild.id, member.id, moderator.id)
            yield World(env, client, clock, sandbox, guild, channel, member, moderator, made[0])
            unexpected = [error for error in env.errors if not isinstance(_cause(error), MouthpieceError)]
            assert not unexpected
        discord_of.clear()


def _cause(error: BaseException) -> BaseException:
    return getattr(error, "original", error)
