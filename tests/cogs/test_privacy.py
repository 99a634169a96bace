"""`/lipsync privacy`: what is kept is told, and erased on request, for nobody but oneself."""

from __future__ import annotations

import os
from typing import Any

from bot.housekeeping import DAY, GRACE
from storage.guilds import Guilds
from tests.world import World, answer


async def kept(world: World, who: Any = None) -> Any:
    return await (who or world.member).slash(world.channel, "lipsync privacy")


async def test_a_person_of_whom_nothing_is_kept_is_told_so(world: World) -> None:
    assert "Nothing is kept about you." in answer(await kept(world))


async def test_what_is_kept_is_told_and_erased_with_one_click(world: World) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    told = await kept(world)
    assert "records of 1 videos of this server and 0 of others" in answer(told)
    assert "After 90 days" in answer(told)
    pressed = await world.member.click(told.response, label="Erase what is kept about me")
    assert "no longer in 1 videos' records" in answer(pressed)
    assert "Nothing is kept about you." in answer(await kept(world))
    rows = await world.client.service._guilds._database.rows("SELECT * FROM jobs")
    assert [column for row in rows for column in dict(row) if row[column] == world.member.id] == ["member_id"]
    assert "Hello there" not in str([tuple(row) for row in rows])


async def test_a_job_under_way_ends_in_its_thread_before_it_is_erased(world: World) -> None:
    world.sandbox.runs.work_seconds = 1.5
    await world.add_key()
    await world.text()
    told = await kept(world)
    pressed = await world.member.click(told.response, label="Erase what is kept about me")
    assert "1 are still under way" in answer(pressed)
    await world.quiet()
    assert world.outcomes()[0].attachments
    await world.client.housekeeping.tidy()
    assert "Nothing is kept about you." in answer(await kept(world))


async def test_the_button_erases_whoever_presses_it_and_nobody_else(world: World) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    theirs = await kept(world, world.moderator)
    await world.moderator.click(theirs.response, label="Erase what is kept about me")
    assert "records of 1 videos" in answer(await kept(world))


async def test_kept_videos_go_after_their_time(world: World) -> None:
    results = world.client.housekeeping._results
    old, young = results / "ai-generated-LS-00000.mp4", results / "ai-generated-LS-00001.mp4"
    for file, age in ((old, 8 * DAY), (young, 6 * DAY)):
        file.write_bytes(b"video")
        at = world.clock.now() - age
        os.utime(file, (at, at))
    await world.client.housekeeping.tidy()
    assert list(results.iterdir()) == [young]


async def test_a_server_that_removed_the_bot_loses_its_keys_at_once_and_the_rest_after_the_grace(world: World) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    database = world.client.service._guilds._database
    guild = world.client.get_guild(world.guild.id)
    assert guild
    await world.client.on_guild_remove(guild)
    assert not await database.rows("SELECT * FROM keys")
    assert len(await database.rows("SELECT * FROM jobs")) == 1
    world.clock.skipped += GRACE + DAY
    await world.client.housekeeping.tidy()
    for table in ("guilds", "jobs", "job_events"):
        assert not await database.rows(f"SELECT * FROM {table}")  # noqa: S608


async def test_a_server_that_left_while_the_bot_was_away_keeps_its_keys_for_the_grace_only(world: World) -> None:
    database = world.client.service._guilds._database
    await Guilds(database).join(77, 0.0)
    await world.client.keyring.add(77, "runcomfy", {"api_key": "rc-key-0001"}, added_by=1)
    await world.client.on_ready()
    assert len(await database.rows("SELECT * FROM keys")) == 1
    world.clock.skipped += GRACE + DAY
    await world.client.housekeeping.tidy()
    assert not await database.rows("SELECT * FROM keys")
    assert [row["id"] for row in await database.rows("SELECT id FROM guilds")] == [world.guild.id]
