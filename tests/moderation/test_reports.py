"""A posted result that somebody wants gone: what Discord doesn't do is not done here either."""

from __future__ import annotations

import aiohttp
import discord
import pytest

from tests.cogs.test_moderation import newest
from tests.world import World, answer


def refused(status: int, code: int) -> discord.HTTPException:
    """Discord's answer to a request that it doesn't carry out."""
    kind = discord.Forbidden if status == 403 else discord.DiscordServerError
    return kind(type("Answer", (), {"status": status, "reason": "no"})(), {"code": code, "message": "no"})


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (refused(403, 50013), "Discord doesn't let me delete that message, so nothing was done"),
        (refused(503, 0), "Discord doesn't answer just now, so nothing was done"),
        (aiohttp.ServerDisconnectedError(), "Discord doesn't answer just now, so nothing was done"),
    ],
)
async def test_a_video_that_discord_doesnt_delete_keeps_its_files_and_its_record(
    world: World, monkeypatch: pytest.MonkeyPatch, trouble: Exception, words: str
) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    before, folder = await newest(world), world.parts.job_files.of(await newest(world))
    world.parts.job_files.clip(before).write_bytes(b"the clip")
    stored = sorted(file.name for file in folder.iterdir())

    async def refuse(*_: object, **__: object) -> None:
        raise trouble

    with monkeypatch.context() as patch:
        patch.setattr(discord.PartialMessage, "delete", refuse)
        assert words in answer(await world.member.click(world.outcomes()[0], label="Delete"))
    assert sorted(file.name for file in folder.iterdir()) == stored
    assert await newest(world) == before
    assert world.outcomes()
    assert "It is deleted" in answer(await world.member.click(world.outcomes()[0], label="Delete"))
    assert not folder.exists()
    assert not world.outcomes()
