"""`/lipsync privacy`: what is kept is told, and erased on request, for nobody but oneself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bot.clock import DAY
from bot.domain.job import Job
from bot.retention.cleanup import GRACE
from storage.engine.database import Transaction
from storage.servers.guilds import Guilds
from tests.canned import hold_work
from tests.scripted import until
from tests.world import World, answer

pytestmark = pytest.mark.parametrize("kept_in", ["data folder", "bucket"], indirect=True)


async def kept(world: World, who: Any = None) -> Any:
    return await (who or world.member).slash(world.channel, "lipsync privacy")


async def test_a_person_without_a_video_is_told_what_else_is_kept(world: World) -> None:
    assert "I have no record of a video of yours.\nAfter 90 days" in answer(await kept(world))
    await world.client.services.kept_videos.send_directly(world.member.id, wanted=True)
    told = answer(await kept(world))
    assert told.startswith("I have no record of a video of yours. You want finished videos by direct message")
    assert "Each holds" not in told


@pytest.mark.settings(contact="x" * 100, privacy_url=f"https://{'p' * 142}", terms_url=f"https://{'t' * 142}")
async def test_who_runs_the_bot_is_named_with_their_own_notice_and_terms(world: World) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    await world.client.services.kept_videos.send_directly(world.member.id, wanted=True)
    told = answer(await kept(world))
    assert told.endswith(
        f"\nThis bot is run by {'x' * 100}.\n[Privacy](<https://{'p' * 142}>) · [Terms](<https://{'t' * 142}>)"
    )
    assert len(told) <= 2000


async def test_what_is_kept_is_told_and_erased_with_one_click(world: World) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    told = await kept(world)
    assert "records of 1 videos of this server and 0 of others" in answer(told)
    assert "Each holds your user id" in answer(told)
    assert "After 90 days" in answer(told)
    pressed = await world.member.click(told.response, label="Erase what is kept about me")
    assert "no longer in 1 videos' records" in answer(pressed)
    assert "I have no record of a video of yours." in answer(await kept(world))
    rows = await world.parts.database.rows("SELECT * FROM jobs")
    assert [column for row in rows for column in dict(row) if row[column] == world.member.id] == ["member_id"]
    assert "Hello there" not in str([tuple(row) for row in rows])


async def test_a_job_under_way_ends_in_its_thread_before_it_is_erased(world: World) -> None:
    go_on = hold_work(world.sandbox.runs)
    await world.add_key()
    await world.text()
    told = await kept(world)
    pressed = await world.member.click(told.response, label="Erase what is kept about me")
    assert "Still under way, and erased as soon as they end: 1." in answer(pressed)
    go_on.set()
    await world.quiet()
    assert world.outcomes()[0].attachments
    await world.client.services.cleanup.tidy()
    assert "I have no record of a video of yours." in answer(await kept(world))


async def test_the_button_erases_whoever_presses_it_and_nobody_else(world: World) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    theirs = await kept(world, world.moderator)
    await world.moderator.click(theirs.response, label="Erase what is kept about me")
    assert "records of 1 videos" in answer(await kept(world))


async def closed_job(world: World) -> Job:
    await world.add_key()
    await world.text()
    await world.quiet()
    (job,) = await world.client.services.ledger.jobs(world.guild.id)
    return job


async def after(world: World, seconds: float) -> None:
    world.clock.skipped += seconds
    await world.client.services.cleanup.tidy()


async def keep_until(world: World, seconds: float) -> None:
    """As if the job's video had been kept for so long."""

    async def work(tx: Transaction) -> None:
        await tx.row("UPDATE jobs SET kept_until = :until", until=world.clock.now() + seconds)

    await world.parts.database.write(work, guild_id=None)


async def test_a_jobs_files_go_a_day_after_its_end_and_a_kept_video_after_its_time(world: World) -> None:
    job_files, job = world.parts.job_files, await closed_job(world)
    await keep_until(world, 7 * DAY)
    for file in (job_files.clip(job), job_files.sound(job), job_files.video(job), job_files.copy(job)):
        file.write_bytes(b"data")
    await after(world, 0.9 * DAY)
    assert len(list(job_files.of(job).iterdir())) == 3
    await after(world, 0.2 * DAY)
    assert [file.name for file in job_files.of(job).iterdir()] == ["video.mp4"]
    await after(world, 5 * DAY)
    assert job_files.has_video(job)
    await after(world, 1 * DAY)
    assert list(job_files.folder.iterdir()) == []


async def test_a_posted_video_is_off_the_disk_after_the_next_start_though_the_plug_was_pulled(world: World) -> None:
    job_files, job = world.client.services.cleanup._job_files, await closed_job(world)
    for file in (job_files.clip(job), job_files.video(job), job_files.copy(job), job_files.part(job, 0)):
        file.write_bytes(b"data")
    await world.client.services.cleanup.tidy()
    assert [file.name for file in job_files.of(job).iterdir()] == [job_files.clip(job).name]


async def test_files_of_an_open_job_are_never_thrown_away_and_those_of_none_at_once(world: World) -> None:
    job_files = world.parts.job_files
    world.sandbox.runs.queue_seconds = 90 * DAY
    await world.add_key()
    await world.text()
    (job,) = await world.client.services.ledger.jobs(world.guild.id)
    job_files.clip(job).write_bytes(b"data")
    nobodys = job_files.folder / str(job.id + 5)
    nobodys.mkdir()
    await world.client.services.cleanup.tidy()
    assert not nobodys.exists()
    job_files.clip(job).touch()
    os.utime(job_files.clip(job), (0, 0))
    await world.client.services.cleanup.tidy()
    assert job_files.clip(job).exists()
    await world.member.click(world.card(), label="Cancel")
    await world.quiet()


async def test_the_first_jobs_end_takes_no_files_from_the_job_that_once_shared_its_code(world: World) -> None:
    async def skip(tx: Transaction) -> None:
        await tx.row("UPDATE sqlite_sequence SET seq = 33554432 WHERE name = 'jobs'")

    job_files, first = world.parts.job_files, await closed_job(world)
    await world.parts.database.write(skip, guild_id=None)
    world.sandbox.runs.queue_seconds = 90 * DAY
    await world.text()
    later = (await world.client.services.ledger.jobs(world.guild.id))[0]
    assert (first.id, later.id) == (1, 33_554_433)
    for job in (first, later):
        job_files.of(job)
        job_files.clip(job).write_bytes(b"data")
    await after(world, 1.1 * DAY)
    assert not job_files.clip(first).exists()
    assert job_files.clip(later).exists()
    assert later.code != first.code
    await world.member.click(world.card(), label="Cancel")
    await world.quiet()


async def test_a_forgotten_persons_files_go_at_once(world: World) -> None:
    job_files, job = world.parts.job_files, await closed_job(world)
    await keep_until(world, 7 * DAY)
    job_files.video(job).write_bytes(b"data")
    told = await kept(world)
    await world.member.click(told.response, label="Erase what is kept about me")
    assert list(job_files.folder.iterdir()) == []


async def until_none(world: World, sql: str) -> None:
    """Wait until there is no such row."""

    async def there_is_none() -> bool:
        return not await world.parts.database.rows(sql)

    await until(there_is_none)


async def leave(world: World) -> None:
    """The server removes the bot, and that is noted."""
    guild = world.client.get_guild(world.guild.id)
    assert guild
    await world.client.on_guild_remove(guild)
    await until_none(world, "SELECT id FROM keys WHERE retired_at IS NULL")


async def test_a_server_that_removed_the_bot_loses_its_keys_at_once_and_the_rest_after_the_grace(world: World) -> None:
    await closed_job(world)
    database = world.parts.database
    await leave(world)
    await until_none(world, "SELECT id FROM keys")
    assert len(await database.rows("SELECT * FROM jobs")) == 1
    await after(world, GRACE + DAY)
    for table in ("guilds", "jobs", "job_events"):
        assert not await database.rows(f"SELECT * FROM {table}")  # noqa: S608


async def test_a_server_that_removed_the_bot_keeps_the_key_that_a_video_needs_until_that_has_ended(
    world: World,
) -> None:
    go_on = hold_work(world.sandbox.runs)
    await world.add_key()
    await world.client.services.keys.add(world.guild.id, "runware", {"api_key": "rw-key-00001"}, added_by=1)
    await world.text(provider="runcomfy")
    await until(lambda: world.sandbox.runs.ledger)
    database = world.parts.database
    await leave(world)
    await until_none(world, "SELECT id FROM keys WHERE provider = 'runware'")
    (left,) = await database.rows("SELECT provider, retired_at FROM keys")
    assert (left["provider"], bool(left["retired_at"])) == ("runcomfy", True)
    assert await world.client.services.keys.list(world.guild.id) == []
    go_on.set()
    await world.quiet()
    await until_none(world, "SELECT id FROM keys")  # it goes right after the job is closed
    (job,) = await world.client.services.ledger.jobs(world.guild.id)
    assert (job.state, job.failure) == ("succeeded", None)


async def test_a_server_that_left_while_the_bot_was_away_keeps_its_keys_for_the_grace_only(world: World) -> None:
    database = world.parts.database
    await Guilds(database).join(77, 0.0)
    await world.client.services.keys.add(77, "runcomfy", {"api_key": "rc-key-0001"}, added_by=1)
    await world.client.on_shard_ready(0)
    await until_none(world, "SELECT id FROM guilds WHERE id = 77 AND left_at IS NULL")
    assert len(await database.rows("SELECT * FROM keys")) == 1
    world.clock.skipped += GRACE + DAY
    await world.client.services.cleanup.tidy()
    assert not await database.rows("SELECT * FROM keys")
    assert [row["id"] for row in await database.rows("SELECT id FROM guilds")] == [world.guild.id]


def copy_of_the_database(world: World, schema: int, age: float) -> Path:
    """As an update left it so long ago."""
    copy = world.client.services.cleanup._copies.path(schema)
    copy.write_bytes(b"everybody's records as they were")
    made = world.clock.now() - age
    os.utime(copy, (made, made))
    return copy


async def test_copies_from_before_an_update_go_after_their_days(world: World) -> None:
    old, new = copy_of_the_database(world, 3, age=14.1 * DAY), copy_of_the_database(world, 4, age=13.9 * DAY)
    await world.client.services.cleanup.tidy()
    assert (old.exists(), new.exists()) == (False, True)


async def test_whoever_is_erased_is_in_no_copy_from_before_an_update(world: World) -> None:
    await closed_job(world)
    copy = copy_of_the_database(world, 4, age=60.0)
    told = await kept(world)
    await world.member.click(told.response, label="Erase what is kept about me")
    assert not copy.exists()
    assert world.client.services.cleanup._copies.path(4).parent.joinpath("bot.db").exists()


async def test_whoever_is_erased_when_their_video_has_ended_is_in_no_backup_that_was_made_meanwhile(
    world: World,
) -> None:
    go_on = hold_work(world.sandbox.runs)
    await world.add_key()
    await world.text()
    await until(lambda: world.sandbox.runs.ledger)
    told = await kept(world)
    await world.member.click(told.response, label="Erase what is kept about me")
    copies = world.parts.copies
    backup = copies.backup(world.clock.now())
    backup.write_bytes(b"the record of the video that is being made")
    await world.client.services.cleanup.tidy()
    assert backup.exists()
    go_on.set()
    await world.quiet()
    later = world.clock.now() + 1.0  # the bot is killed between the erasure and the end of the copies
    await world.parts.stores.privacy.sweep(now=later, older_than=0.0, left_before=0.0)
    assert backup.exists()
    await world.client.services.cleanup.tidy()
    assert not backup.exists()


@pytest.mark.settings(backup_every=1)
async def test_backups_are_made_by_a_bot_that_is_to_make_some_and_go_with_an_erasure(world: World) -> None:
    copies = world.parts.copies
    await until(copies.backups)
    await closed_job(world)
    told = await kept(world)
    (first,) = copies.backups()
    await world.member.click(told.response, label="Erase what is kept about me")
    assert not first.exists()
