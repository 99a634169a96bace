"""An installation that is well, with what it needs around it; each test makes one thing of it ill."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import discord
import pytest
import yarl

from bot.app.doctor.examine import examine
from bot.app.settings import Settings
from bot.clock import Clock
from bot.providers import provider_classes
from bot.sandbox.server import Sandbox
from bot.words.admin.finding import Finding, Level
from storage.engine.encryption import MasterKeys
from storage.engine.sqlite import open_database
from storage.servers.keys import Keys
from tests.discord_server.server import DiscordServer
from tests.discord_server.state import TOKEN
from tests.fresh_database import make_database
from tests.welcome import welcome

KEY = "canary-provider-key-nary"


class ClockOf(Clock):
    """The real time, so many seconds later, in which nobody sleeps."""

    def __init__(self, ahead: float = 0.0) -> None:
        self._ahead = ahead

    def now(self) -> float:
        return super().now() + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Sleep not at all."""


@dataclass
class Installation:
    """What is looked at: the folder of the bot, its settings, and Discord and the providers around it."""

    folder: Path
    discord: DiscordServer
    sandbox: Sandbox
    patch: pytest.MonkeyPatch
    master: str

    @property
    def database(self) -> Path:
        return self.folder / "data" / "bot.db"

    def set(self, **settings: str) -> None:
        """Change settings."""
        for name, value in settings.items():
            self.patch.setenv(name, value)

    async def look(self, clock: Clock | None = None) -> list[Finding]:
        """Everything that a look finds, but for what is well."""
        found, _ = await examine(os.environ, clock or ClockOf())
        return [finding for finding in found if finding.level is not Level.OK]

    async def one(self, clock: Clock | None = None) -> Finding:
        """The one thing that isn't well."""
        (found,) = await self.look(clock)
        assert found.advice
        return found


@pytest.fixture
async def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Installation]:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    async with DiscordServer() as small, Sandbox() as sandbox:
        monkeypatch.setattr(discord.http.Route, "BASE", small.api_url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(small.gateway_url))
        found = Installation(tmp_path, small, sandbox, monkeypatch, MasterKeys.generate("canary"))
        urls = {kind.name: f"{sandbox.url}/{kind.name}" for kind in provider_classes()}
        found.set(
            DISCORD_TOKEN=TOKEN, DISCORD_API_URL=small.api_url, DISCORD_GATEWAY_URL=small.gateway_url,
            DATABASE_PATH=str(found.database), MASTER_KEYS=found.master, PROVIDER_URLS=json.dumps(urls),
            TRUSTED_HOSTS=f"{sandbox.host} {small.host}",
        )  # fmt: skip
        async with open_database(make_database(found.database)) as database:
            await welcome(database, small.state.guild_id)
            keys = Keys(database, MasterKeys.parse(found.master))
            await keys.put(small.state.guild_id, "runcomfy", {"api_key": KEY}, hint="nary", added_by=1, now=1.0)
        yield found
