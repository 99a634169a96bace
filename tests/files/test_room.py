"""One server's files take no other server's room on the disk."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import namedtuple
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.chat.kept_notices import KeptNotices
from bot.files.room import KNOWN_SECONDS, Room, size_of
from bot.net.download import LEFT_FREE
from bot.words.refusals.files import ServerDiskFull
from tests.canned import real_clip
from tests.conftest import OTHER_GUILD
from tests.scripted import row, scripted, start
from tests.world import CLIP, World, open_world

Usage = namedtuple("Usage", "total used free")
MEGABYTE = 2**20


@pytest.fixture
def small_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 MB are free beyond the floor, whatever is written."""
    usage = Usage(0, 0, LEFT_FREE + 100 * MEGABYTE)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)


def claiming(world: World, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Let Discord say that what people attach is so large."""
    store = world.env.backend.cdn.store_attachment
    monkeypatch.setattr(world.env.backend.cdn, "store_attachment", lambda *a: {**store(*a), "size": size})


async def nobody(job: Any) -> None:
    """Nobody is told."""


def room_of(world: World, tell: Callable[[Any], Awaitable[None]] = nobody) -> Room:
    """Room on the world's disk; a server may use a quarter."""
    stores = world.parts.stores
    return Room(stores.ledger, stores.corrections, world.parts.job_files, world.clock, tell, share=0.25)


def folder_of(world: World, number: int = 0) -> Path:
    """A folder for the files of a command."""
    return world.parts.job_files.folder.parent / "intake" / f"asked-{number}"


async def kept_jobs(world: World) -> list[Any]:
    """Three jobs, the oldest first, each with a kept video of 10 MB."""
    scripted(world)
    jobs = [await start(world, number) for number in range(3)]
    await world.quiet()
    for job in jobs:
        world.parts.job_files.video(job).write_bytes(bytes(10 * MEGABYTE))
    await world.parts.database.write(
        lambda tx: tx.rows("UPDATE jobs SET kept_until = 9e9, closed_at = :now + id", now=world.clock.now()),
        guild_id=None,
    )
    return jobs


def test_a_folder_that_goes_while_it_is_measured_counts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("going", "kept"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(bytes(MEGABYTE))
    scandir = os.scandir

    def gone_by_then(path: Any) -> Any:
        if not isinstance(path, int) and Path(path).name == "going":  # rmtree lists by number
            shutil.rmtree(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", gone_by_then)
    assert size_of([tmp_path / "going", tmp_path]) == MEGABYTE


@pytest.mark.usefixtures("small_disk")
async def test_a_server_that_would_take_more_than_its_share_is_told_so_and_no_other_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.add_key()
    claiming(world, monkeypatch, 30 * MEGABYTE)
    assert "share of my disk is used up" in await world.text()
    claiming(world, monkeypatch, 20 * MEGABYTE)
    assert "is on its way" in await world.text(video=CLIP)
    await world.quiet()


@pytest.mark.usefixtures("small_disk")
async def test_a_full_servers_commands_are_refused_without_measuring_its_files_again_for_some_seconds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured, files = [], world.parts.stores.ledger.with_files

    async def counted(guild_id: int, **when: float) -> Any:
        measured.append(guild_id)
        return await files(guild_id, **when)

    monkeypatch.setattr(world.parts.stores.ledger, "with_files", counted)
    room, folder = room_of(world), folder_of(world)

    async def hold(guild_id: int, megabytes: int) -> None:
        async with room.for_files(guild_id, folder, megabytes * MEGABYTE):
            assert folder.exists()

    for _ in range(10):
        with pytest.raises(ServerDiskFull):
            await hold(world.guild.id, 30)
    assert not folder.exists()
    assert measured == [world.guild.id]
    await hold(OTHER_GUILD, 20)
    await hold(world.guild.id, 20)  # that is known to fit
    assert measured == [world.guild.id, OTHER_GUILD, world.guild.id]
    await asyncio.sleep(KNOWN_SECONDS / world.clock._speed)
    with pytest.raises(ServerDiskFull):
        await hold(world.guild.id, 30)
    assert len(measured) == 4


@pytest.mark.usefixtures("small_disk")
async def test_a_disk_without_room_for_anybody_is_told_as_that(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.add_key()
    claiming(world, monkeypatch, 101 * MEGABYTE)
    assert "The disk of the machine I run on is full" in await world.text()


@pytest.mark.usefixtures("small_disk")
async def test_the_oldest_kept_video_of_the_server_makes_room_and_its_people_read_that(world: World) -> None:
    jobs, told = await kept_jobs(world), list[int]()

    async def tell(job: Any) -> None:
        told.append(job.id)

    room = room_of(world, tell)
    await room.make(world.guild.id)
    assert told == []  # 30 of (30 + 100) MB are less than a quarter
    async with room.for_files(world.guild.id, folder_of(world), 15 * MEGABYTE):
        assert told == [jobs[0].id, jobs[1].id]
    assert [(await row(world, job)).kept_until for job in jobs] == [None, None, 9e9]
    assert [world.parts.job_files.has_video(job) for job in jobs] == [False, False, True]


@pytest.mark.usefixtures("small_disk")
async def test_of_commands_that_come_at_once_none_takes_what_another_has_made_room_with(world: World) -> None:
    jobs, told = await kept_jobs(world), list[int]()

    async def tell(job: Any) -> None:
        await asyncio.sleep(0)
        told.append(job.id)

    room = room_of(world, tell)

    async def hold(number: int) -> None:
        async with room.for_files(world.guild.id, folder_of(world, number), 5 * MEGABYTE):
            pass

    await asyncio.gather(*map(hold, range(3)))
    assert told == [jobs[0].id, jobs[1].id]


@pytest.mark.usefixtures("small_disk")
async def test_a_job_that_can_not_be_read_keeps_nobody_in_its_server_from_attaching_files(world: World) -> None:
    (job, *_) = await kept_jobs(world)
    await world.parts.database.write(
        lambda tx: tx.row("UPDATE jobs SET request = '{' WHERE id = :id", id=job.id), guild_id=None
    )
    async with room_of(world).for_files(world.guild.id, folder_of(world), MEGABYTE):
        pass


async def test_people_read_in_the_thread_that_a_kept_video_had_to_go(tmp_path: Path) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        await world.text(video=real_clip(2.0))
        await world.quiet()
        (job,) = await world.parts.stores.ledger.jobs(world.guild.id)
        await KeptNotices(world.client).thrown_away(job)
        assert "had to make room" in world.thread().history()[-1].content


@pytest.mark.usefixtures("small_disk")
async def test_with_a_bucket_only_copies_make_room_and_what_is_kept_stays_kept(
    tmp_path: Path, in_bucket: dict[str, Any]
) -> None:
    async with open_world(tmp_path, **in_bucket) as world:
        jobs = await kept_jobs(world)
        told: list[Any] = []

        async def tell(job: Any) -> None:
            told.append(job)

        room, folder = room_of(world, tell), folder_of(world)
        async with room.for_files(world.guild.id, folder, 20 * MEGABYTE):
            pass
        here = [world.parts.job_files.has_video(job) for job in jobs]
        assert here == [False, False, True]
        assert [(await row(world, job)).kept_until for job in jobs] == [9e9] * 3
        assert told == []
