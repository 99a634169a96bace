"""A bot that is started on a backup: it asks and looks, and sends nothing that may have been sent since."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.sandbox.server import Sandbox
from storage.engine.backup import backup
from tests.canned import CannedStudio
from tests.crash.doom import Doom
from tests.crash.test_crash import Outside, over
from tests.discord_server.server import DiscordServer


@pytest.mark.parametrize("point", range(1, 34))
async def test_wherever_the_backup_was_made_nothing_is_paid_or_told_again(tmp_path: Path, point: int) -> None:
    async with DiscordServer() as discord, Sandbox() as sandbox:
        sandbox.runs.studio = CannedStudio()
        outside = Outside(discord, sandbox, tmp_path)
        await outside.prepare()
        database = outside.settings.database_path
        copy = tmp_path / "copy.db"
        doom = CopyAt(point, database, copy)
        async with outside.life(doom) as client:
            await outside.ask(client)
            await over(client, doom)
        if not copy.exists():
            pytest.skip("this life has fewer points")
        told, paid = len(discord.outcomes()), len(sandbox.runs.ledger)
        for file in tmp_path.glob("bot.db*"):
            file.unlink()
        shutil.move(copy, database)
        async with outside.life(Doom()) as client:
            await over(client, Doom())
        assert len(sandbox.runs.ledger) == paid == 1
        with closing(sqlite3.connect(database)) as connection:
            jobs = connection.execute("SELECT state, closed_at FROM jobs").fetchall()
        assert all(closed_at for _, closed_at in jobs)
        assert len(discord.outcomes()) == told == 1


class CopyAt(Doom):
    """Makes a backup at a point of a life that goes on."""

    def __init__(self, at: int, database: Path, copy: Path) -> None:
        super().__init__()
        self.copy_at = at
        self.database = database
        self.copy = copy

    def reach(self, name: str) -> None:
        super().reach(name)
        if len(self.passed) == self.copy_at:
            backup(self.database, self.copy)
