"""Work on files takes minutes; nobody whose job needs none waits for it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.app.client import Mouthpiece
from bot.domain.ask import Ask, Asker, Place
from bot.domain.fixes import Fixes
from bot.domain.media_facts import MediaFacts
from bot.domain.request import Media
from bot.media.editor import Editor
from storage.engine.sqlite import open_database
from tests.crash.doom import Doom
from tests.delivery.conftest import Scene
from tests.welcome import welcome

SLOW_ONE, ORDINARY_ONE = 100, 101


def wish(scene: Scene, member_id: int, **more: Any) -> Ask:
    place = Place(scene.state.guild_id, scene.state.channel_id, "#studio")
    clip = Media(url="https://cdn.discordapp.com/clip.mp4", name="clip.mp4", size=1000)
    return Ask(place, Asker(member_id), member_id, clip, text="Hello", voice="en:AOT", **more)


async def start_trimmed(client: Mouthpiece, scene: Scene) -> None:
    """A job that needs both kinds of work: its clip is cut, and the result is put back into it."""
    incoming: Any = scene.parts.incoming
    look = incoming.look

    async def long_clip(_media: Media, into: Path, _owner: object) -> MediaFacts:
        into.write_bytes(b"clip")
        return MediaFacts(frozenset({"mp4"}), 15.0, 1280, 720, has_sound=True, size=4)

    incoming.look = long_clip
    try:
        await client.services.asking.start(wish(scene, SLOW_ONE, fixes=Fixes(agreed=frozenset({"trim"}), rest=True)))
    finally:
        incoming.look = look


@pytest.mark.parametrize("work", ["clip", "put_back"])
async def test_a_job_that_needs_no_work_passes_those_that_do(
    scene: Scene, work: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, done = asyncio.Event(), asyncio.Event()

    async def slow(_: Editor, *args: Any) -> None:
        begun.set()
        await done.wait()
        args[-1].write_bytes(b"made")

    async def quick(_: Editor, *args: Any) -> None:
        args[-1].write_bytes(b"made")

    for name in ("clip", "put_back"):
        monkeypatch.setattr(Editor, name, slow if name == work else quick)
    for width in ("LANE_WIDTH", "FILES_WIDTH"):
        monkeypatch.setattr(f"bot.jobs.lanes.{width}", 1)
    async with open_database(scene.settings.database_path) as database:
        await welcome(database, scene.state.guild_id, SLOW_ONE, ORDINARY_ONE)
    async with scene.life(Doom()) as client:
        await start_trimmed(client, scene)
        await asyncio.wait_for(begun.wait(), 60)
        await client.services.asking.start(wish(scene, ORDINARY_ONE))
        await scene.discord.until(scene.discord.outcomes)
        assert f"<@{ORDINARY_ONE}>" in scene.told()["content"]
        done.set()
        await scene.discord.until(lambda: not client.services.worker.open_jobs)
    assert len(scene.discord.outcomes()) == 2
