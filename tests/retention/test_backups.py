"""Scheduled backups: each is restored before an older one goes for it, and nobody who was erased lives on in one."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

import bot.retention.backups
from bot.clock import HOUR
from bot.retention.backups import LOOK_SECONDS, Backups
from storage.engine.backup import MARK, backup
from storage.engine.earlier_copies import EarlierCopies
from storage.engine.encryption import MasterKeys
from storage.engine.sqlite import open_database
from storage.servers.keys import Keys
from tests.app.still_clock import StillClock
from tests.conftest import GUILD
from tests.fresh_database import make_database
from tests.welcome import welcome

NAME = "bot.db"


@dataclass
class Kept:
    """A database at work, and its scheduled backups."""

    folder: Path
    clock: StillClock
    copies: EarlierCopies
    backups: Backups

    async def make(self) -> Path | None:
        """One more, a second later; its file is as old as the clock says."""
        self.clock.go_on(1.0)
        made = await self.backups.make()
        if made:
            os.utime(made, (self.clock.now(), self.clock.now()))
        return made

    def left_over(self) -> list[str]:
        """What lies there but for the database and finished backups."""
        own = {NAME, f"{NAME}-wal", f"{NAME}-shm", f"{NAME}.lock", *(file.name for file in self.copies.backups())}
        return [entry.name for entry in self.folder.iterdir() if entry.name not in own]


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    path, clock, master = make_database(tmp_path / NAME), StillClock(), MasterKeys.parse(MasterKeys.generate("first"))
    copies = EarlierCopies(path)
    async with open_database(path) as database:
        await welcome(database, GUILD)
        await Keys(database, master).put(GUILD, "runcomfy", {"k": "canary"}, hint="nary", added_by=1, now=1.0)
        yield Kept(tmp_path, clock, copies, Backups(path, copies, master, clock, every_hours=6, keep=2))


async def test_so_many_are_kept_each_a_whole_marked_copy_for_the_owner_alone(kept: Kept) -> None:
    made = [await kept.make() for _ in range(4)]
    assert kept.copies.backups() == made[2:]
    assert kept.left_over() == []
    newest = made[-1]
    assert newest
    assert stat.S_IMODE(newest.stat().st_mode) == 0o600
    with closing(sqlite3.connect(newest)) as copy:
        assert copy.execute("SELECT id FROM guilds").fetchall() == [(GUILD,)]
        assert copy.execute("SELECT name FROM facts WHERE name = ?", (MARK,)).fetchone()


async def test_one_that_is_damaged_takes_no_other_ones_place(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = [await kept.make() for _ in range(2)]

    def damages(source: Path, target: Path) -> None:
        backup(source, target)
        target.write_bytes(target.read_bytes()[:-4096] + bytes(4096))

    monkeypatch.setattr(bot.retention.backups, "backup", damages)
    assert await kept.make() is None
    assert kept.copies.backups() == before
    assert kept.left_over() == []
    assert "no backup was made, and the earlier ones stay" in caplog.text


async def test_one_whose_keys_the_master_key_doesnt_open_is_none(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    other = MasterKeys.parse(MasterKeys.generate("other"))
    backups = Backups(kept.folder / NAME, kept.copies, other, kept.clock, every_hours=1, keep=1)
    assert await backups.make() is None
    assert "master key “first” is not among MASTER_KEYS" in caplog.text
    assert kept.copies.backups() == []


async def test_it_is_made_when_it_is_due_and_after_a_restart_no_sooner(kept: Kept) -> None:
    running = asyncio.create_task(kept.backups.run())
    await kept.clock.until_asleep()
    (first,) = kept.copies.backups()
    os.utime(first, (kept.clock.now(), kept.clock.now()))
    await kept.clock.wake(6 * HOUR - 10.0)
    assert kept.copies.backups() == [first]
    running.cancel()
    again = asyncio.create_task(kept.backups.run())
    await kept.clock.until_asleep()
    assert kept.copies.backups() == [first]
    await kept.clock.wake(LOOK_SECONDS)
    assert len(kept.copies.backups()) == 2
    kept.copies.delete()  # as an erasure does
    await kept.clock.wake(LOOK_SECONDS)
    assert len(kept.copies.backups()) == 1
    again.cancel()


async def test_what_a_killed_one_left_is_thrown_away_by_the_next(kept: Kept) -> None:
    kept.copies.trial.mkdir()
    (kept.copies.trial / "copy.db").write_bytes(b"canary")
    assert await kept.make()
    assert kept.left_over() == []


async def test_all_of_them_go_with_what_is_unfinished_and_no_other_file_does(kept: Kept) -> None:
    await kept.make()
    kept.copies.trial.mkdir()
    others = [f"{NAME}.backup-mine", "other.db.backup-20260101T000000Z", f"x{NAME}.before-3"]
    for name in others:
        (kept.folder / name).touch()
    assert kept.copies.delete() == 2
    assert sorted(kept.left_over()) == sorted(others)


async def test_none_is_made_while_somebody_is_being_erased(kept: Kept) -> None:
    async with kept.copies.turn:
        making = asyncio.create_task(kept.backups.make())
        await asyncio.sleep(0)
        assert not making.done()
        assert kept.copies.backups() == []
    assert await making
