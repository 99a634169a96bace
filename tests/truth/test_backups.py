"""What is said after a start on a backup is true, wherever in a job's life the backup was made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from tests.crash.doom import Doom
from tests.crash.test_restored import CopyAt
from tests.discord_server.server import DiscordServer
from tests.truth.judge import contradictions
from tests.truth.scene import Scene
from tests.truth.stand import SPOTS, Spot, Stand
from tests.truth.surfaces import surfaces

DUB = next(spot for spot in SPOTS if str(spot) == "kling-audio-dub")


async def restored(folder: Path, spot: Spot, point: int) -> list[str]:
    """Go on from a backup that was made at a point of a job's life: what is said then that isn't true."""
    async with DiscordServer() as discord, Sandbox() as sandbox:
        stand = Stand(discord, sandbox, folder)
        database, copy = stand.settings.database_path, folder / "copy.db"
        scene = Scene(stand, spot)
        async with stand.life(Doom()) as client:
            await scene.open(client)
        doom = CopyAt(0, database, copy)
        async with stand.life(doom) as client:
            scene.client = client
            doom.copy_at = len(doom.passed) + point
            await scene.run()
        for file in folder.glob("bot.db*"):
            file.unlink()
        shutil.move(copy, database)
        async with stand.life(Doom()) as client:
            scene.client = client
            if not (jobs := await client.services.ledger.jobs(scene.guild_id)):
                return []
            scene.job_id = jobs[0].id
            job = await scene.over()
            said = await surfaces(scene, job)
        said.pop("the last message", None)  # may be of the life that the backup doesn't know
        return contradictions(said, scene.books, lost=True)


@pytest.mark.parametrize("point", range(2, 26, 4))
async def test_what_a_backup_does_not_know_is_not_said_to_be_known(tmp_path: Path, point: int) -> None:
    assert await restored(tmp_path, DUB, point) == []
