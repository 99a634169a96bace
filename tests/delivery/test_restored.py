"""On a backup that knows nothing of what came after it, what was promised in that life still holds."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from storage.engine.backup import backup
from tests.crash.doom import Doom
from tests.crash.test_crash import over
from tests.delivery.conftest import Scene


def restore(scene: Scene, copy: Path) -> None:
    database = scene.settings.database_path
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()
    shutil.move(copy, database)


async def test_a_video_that_was_said_to_be_kept_is_still_handed_out(scene: Scene, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    async with scene.asked() as client:
        backup(scene.settings.database_path, copy)
        scene.state.files_denied = True
        message = await scene.delivered(client)
    assert "hands it out" in message["content"]
    restore(scene, copy)
    async with scene.life(Doom()) as client:
        await over(client, Doom())
        own = await client.services.kept_videos.own(scene.state.guild_id, scene.member_id)
    assert scene.files() == ["video.mp4"]
    assert [job.id for job in own.kept] == [scene.row()["id"]]


async def test_a_job_that_is_past_its_deadline_too_is_told_as_restored(scene: Scene, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    async with scene.asked() as client:
        backup(scene.settings.database_path, copy)
        await over(client, Doom())
    scene.state.messages = {key: it for key, it in scene.state.messages.items() if not it["attachments"]}
    with closing(sqlite3.connect(copy)) as database:
        database.execute(
            "UPDATE jobs SET deadline_at = 1, state = 'queued', remote = NULL, handle = NULL, submitted_at = NULL"
        )
        database.commit()
    restore(scene, copy)
    async with scene.life(Doom()) as client:
        await over(client, Doom())
    assert scene.row()["failure"] == "restored"
