"""Several shards, over sockets: each has a session of its own, and the servers of all are served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.app.client import Mouthpiece
from bot.app.servers.shards import Shards
from bot.sandbox.server import Sandbox
from storage.engine.sqlite import open_database
from storage.servers.guilds import Guilds
from tests.canned import CannedStudio
from tests.crash.doom import Doom
from tests.crash.test_crash import over
from tests.delivery.conftest import Scene
from tests.discord_server.server import DiscordServer

LEFT = 1003  # a server of which the bot is no member any more


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async def at_once(*_: Any, **__: Any) -> None:
        """Discord wants five seconds between two shards."""

    monkeypatch.setattr(Mouthpiece, "before_identify_hook", at_once)
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        made = Scene(discord, sandbox, tmp_path)
        await made.prepare()
        yield made
        assert not discord.violations


async def until(found: Callable[[], Awaitable[object]]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(60):
        while not await found():
            await asyncio.sleep(0.005)


async def test_as_many_shards_are_connected_as_discord_advises_and_a_lost_one_is_resumed(scene: Scene) -> None:
    scene.discord.gateway.shard_count = 2
    async with scene.life(Doom()) as client:
        assert sorted(client.sessions) == [0, 1]
        home = (scene.state.guild_id >> 22) % 2
        await scene.discord.gateway.drop(home)
        await scene.discord.until(lambda: scene.discord.gateway.resumed == 1 and len(client.sessions) == 2)
        await scene.ask(client)
        await over(client, Doom())
    assert scene.discord.outcomes()


async def test_a_process_serves_only_the_shards_that_it_is_told_and_forgets_no_server_of_others(scene: Scene) -> None:
    elsewhere = 1 - (scene.state.guild_id >> 22) % 2
    scene.settings = scene.settings.model_copy(update={"shards": Shards((elsewhere,), 2)})
    async with open_database(scene.settings.database_path) as database:
        await Guilds(database).join(LEFT, 0.0)
    async with scene.life(Doom()) as client:
        assert [*client.sessions] == [elsewhere]
        assert not client.guilds
        await until(lambda: _is(scene.parts.stores.guilds.present(), {scene.state.guild_id}))


async def test_a_server_that_left_while_the_session_of_one_shard_was_lost_is_noted(scene: Scene) -> None:
    scene.discord.gateway.shard_count = 2
    async with scene.life(Doom()) as client:
        guilds, home = scene.parts.stores.guilds, (scene.state.guild_id >> 22) % 2
        await until(lambda: _is(guilds.present(), {scene.state.guild_id}))
        scene.state.kicked = True
        scene.clock.skipped = 3600.0
        await scene.discord.gateway.forget(home)
        await until(lambda: _is(guilds.present(), set()))
        assert client.server_count == 0


async def _is(found: Awaitable[object], expected: object) -> bool:
    return await found == expected
