"""What can go wrong around the bot: the disk, the clock, the database, and the place where the job was asked for."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.providers.base import Accepted, Waiting
from storage.engine.sqlite_database import SqliteDatabase
from tests.canned import real_clip
from tests.conftest import FullDisk
from tests.scripted import Findable, Scripted, in_turn, outcome, row, scripted, start, until
from tests.world import World, open_world


def failing_writes(monkeypatch: pytest.MonkeyPatch, message: str, when: Callable[[], bool], times: int) -> None:
    """Let the next so many transactions fail while something is so."""
    transact, left = SqliteDatabase._transact, [times]

    async def write(database: SqliteDatabase, work: Any, guild_id: int | None) -> Any:
        if left[0] and when():
            left[0] -= 1
            raise sqlite3.OperationalError(message)
        return await transact(database, work, guild_id)

    monkeypatch.setattr(SqliteDatabase, "_transact", write)


@pytest.mark.parametrize("kind", [Scripted, Findable])
@pytest.mark.parametrize("message", ["database or disk is full", "database is locked", "disk I/O error"])
async def test_an_accepted_job_is_not_lost_while_nothing_can_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: type[Scripted], message: str
) -> None:
    provider = scripted(world, kind)
    failing_writes(monkeypatch, message, lambda: bool(provider.submits), times=4)
    await start(world)
    assert (await outcome(world)).attachments
    assert len(provider.submits) == 1


async def test_a_full_disk_before_sending_sends_nothing_until_there_is_room(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = scripted(world)
    job = await start(world)
    failing_writes(monkeypatch, "database or disk is full", lambda: not provider.submits, times=3)
    assert (await outcome(world)).attachments
    assert len(provider.submits) == 1
    assert (await row(world, job)).state == "succeeded"


async def test_a_disk_without_room_for_what_is_attached_is_told_and_nothing_is_started(
    tmp_path: Path, full_disk: FullDisk
) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        full_disk.is_full = True
        assert "The disk of the machine I run on is full" in await world.text(video=real_clip(2.0))
        assert not list((tmp_path / "intake").iterdir())
        full_disk.is_full = False
        assert "is on its way" in await world.text(video=real_clip(2.0))
        await world.quiet()


async def test_a_disk_without_room_for_even_a_folder_is_told_too(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mkdir = Path.mkdir

    def no_room(folder: Path, *args: Any, **how: Any) -> None:
        if folder.parent.name == "intake":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        mkdir(folder, *args, **how)

    await world.add_key()
    monkeypatch.setattr(Path, "mkdir", no_room)
    assert "The disk of the machine I run on is full" in await world.text()


async def test_a_finished_video_waits_for_room_on_the_disk_however_long_that_takes(
    world: World, full_disk: FullDisk, caplog: pytest.LogCaptureFixture
) -> None:
    def refused() -> int:
        return sum("the disk refuses it: No space left" in said for said in caplog.messages)

    scripted(world)
    full_disk.is_full = True
    await start(world)
    await until(refused)
    world.clock.skipped += 7200.0
    seen = refused()
    await until(lambda: refused() > seen)
    world.sandbox.faults.add("answer", "GET", "/files/*", status=503, times=1)
    full_disk.is_full = False
    assert (await outcome(world)).attachments


@pytest.mark.parametrize("seconds", [-86_400.0, -600.0, 600.0])
async def test_a_clock_that_jumps_harms_no_job(world: World, seconds: float) -> None:
    provider = scripted(world)

    def jump(_: object) -> Accepted:
        world.clock.skipped += seconds
        return Accepted("r")

    provider.on_submit = jump
    await start(world)
    assert (await outcome(world)).attachments


async def test_a_clock_that_jumps_over_the_deadline_ends_the_job_as_unknown_and_never_pays_again(world: World) -> None:
    provider = scripted(world)

    def jump(_: object) -> Accepted:
        world.clock.skipped += 86_400
        return Accepted("r")

    provider.on_submit, provider.on_poll = jump, lambda *_: Waiting()
    await start(world)
    assert "has not finished in time" in (await outcome(world)).content
    assert len(provider.submits) == 1


async def test_a_deleted_thread_gets_its_outcome_in_the_channel(world: World) -> None:
    provider = scripted(world)
    finished = provider.on_poll("only", "")
    job = await start(world)
    thread = world.client.get_channel((await row(world, job)).thread_id or 0)
    provider.on_poll = in_turn(finished)
    await until(lambda: provider.submits)
    if thread is not None:
        await thread.delete()  # type: ignore[union-attr]
    await world.quiet()
    closed = await row(world, job)
    assert closed.closed_at is not None
    assert closed.state == "succeeded"
