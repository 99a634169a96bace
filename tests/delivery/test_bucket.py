"""A finished video that is kept in a bucket is handed out by any life of the bot, and goes with its job."""

from __future__ import annotations

from typing import Any

import pytest

from bot.clock import DAY
from tests.canned import look_into_no_clip
from tests.crash.doom import Doom
from tests.delivery.conftest import Scene
from tests.delivery.filming import LoudStudio, noise
from tests.delivery.test_sizes import GET, MEGABYTE
from tests.files.test_vanishing import empty, kept, vanish_in_every_edit
from tests.scripted import until


@pytest.fixture
async def filming(scene: Scene, in_bucket: dict[str, Any]) -> Scene:
    """The scene with a bucket, in which a large video is made."""
    scene.settings = scene.settings.model_copy(update=in_bucket)
    scene.look_into_files = look_into_no_clip
    scene.sandbox.runs.studio = LoudStudio(noise())
    return scene


async def test_a_kept_video_and_again_work_in_a_life_that_finds_an_empty_folder(filming: Scene) -> None:
    folder = filming.settings.data_folder / "files"
    async with filming.asked() as client:
        message = await filming.delivered(client)
    assert await kept(filming.settings.bucket()) == ["clip", "part-0.mp4"]
    empty(folder)
    async with filming.life(Doom()) as client:
        await filming.discord.until(client.services.worker.resumed.is_set)
        whole = await filming.press(message, GET, attachment_size_limit=50 * MEGABYTE)
        assert filming.fetched(whole) == [noise()]
        empty(folder)
        own = await client.services.kept_videos.own(filming.state.guild_id, filming.member_id)
        assert [job.id for job in own.kept] == [filming.row()["id"]]
        await client.services.cleanup.tidy()
        assert await kept(filming.settings.bucket()) == ["clip", "part-0.mp4"]
        filming.clock.skipped += 8 * DAY
        await client.services.cleanup.tidy()
        assert await kept(filming.settings.bucket()) == []
        late = await filming.press(message, GET)
        assert "isn't kept any more" in await late.answer()


async def test_a_folder_that_vanishes_while_a_smaller_copy_is_made_costs_another_edit(
    filming: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = vanish_in_every_edit(monkeypatch, lambda: filming.settings.data_folder / "files")
    async with filming.asked() as client:
        message = await filming.delivered(client)
    assert kinds == ["shrink"]
    assert "smaller copy" in message["content"]
    assert len(filming.sandbox.runs.ledger) == 1


async def test_a_video_whose_message_is_deleted_goes_from_the_bucket_too(filming: Scene) -> None:
    async with filming.asked() as client:
        message = await filming.delivered(client)
        await filming.press(message, "Delete")
        await until(lambda: not filming.discord.outcomes())
        assert await kept(filming.settings.bucket()) == []
