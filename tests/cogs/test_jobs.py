"""`/lipsync jobs`: a member's own videos, those that are kept, and the word on direct messages."""

from __future__ import annotations

from typing import Any

import pytest

from bot.clock import DAY
from bot.delivery.kept_videos import MOST_LISTED
from bot.domain.job import Job
from bot.words.refusals.results import NotYoursToFetch
from tests.world import World, answer

KEPT = b"the whole video"


async def shown(world: World, who: Any = None) -> Any:
    return await (who or world.member).slash(world.channel, "lipsync jobs")


def labels(result: Any) -> list[str]:
    return [button["label"] for row in result.response.components for button in row["components"]]


async def made(world: World, *, kept: bool) -> Job:
    """A video of the member, in its thread or kept."""
    if not await world.client.services.keys.list(world.guild.id):
        await world.add_key()
    await world.text()
    await world.quiet()
    job = (await world.client.services.kept_videos.own(world.guild.id, world.member.id)).jobs[0]
    if not kept:
        return job
    database = world.parts.database

    async def keep(tx: Any) -> None:
        await tx.row(
            "UPDATE jobs SET failure = 'kept', kept_until = :until WHERE id = :id",
            until=world.clock.now() + 7 * DAY,
            id=job.id,
        )

    await database.write(keep, guild_id=None)
    world.parts.job_files.video(job).write_bytes(KEPT)
    return job


async def test_who_has_made_nothing_is_told_so(world: World) -> None:
    assert "You have made nothing here yet." in answer(await shown(world))


async def test_ones_own_newest_videos_are_listed_with_their_addresses(world: World) -> None:
    job = await made(world, kept=False)
    told = await shown(world)
    assert job.code in answer(told)
    assert f"/channels/{world.guild.id}/{job.thread_id}/{job.reply_id}" in answer(told)
    assert not any(label.startswith("Get") for label in labels(told))
    assert "made nothing" in answer(await shown(world, world.moderator))


async def test_many_videos_fit_one_message(world: World) -> None:
    world.sandbox.runs.queue_seconds = 3600
    await world.add_key()
    for _ in range(MOST_LISTED + 2):
        await world.text()
    told = answer(await shown(world))
    assert len(told) <= 2000
    assert told.count("LS-") == MOST_LISTED


async def test_a_kept_video_is_offered_however_many_came_after_it(world: World) -> None:
    job = await made(world, kept=True)
    world.sandbox.runs.queue_seconds = 3600
    for _ in range(MOST_LISTED + 1):
        await world.text()
    told = await shown(world)
    assert f"Get {job.code}" in labels(told)
    assert job.code in answer(told).splitlines()[1]


async def test_a_kept_video_is_handed_to_the_person_who_asked_for_it_and_to_nobody_else(world: World) -> None:
    job = await made(world, kept=True)
    told = await shown(world)
    assert "could not be posted; the full video is kept until" in answer(told)
    fetched = await world.member.click(told.response, label=f"Get {job.code}")
    assert f"The full video of {job.code} (1 MB):" in answer(fetched)
    assert fetched.response
    assert fetched.response.attachments[0].filename == f"ai-generated-{job.code}.mp4"
    for somebody_else in (world.moderator.id, 1):
        with pytest.raises(NotYoursToFetch):
            await world.client.services.kept_videos.fetchable(world.guild.id, job.id, by=somebody_else)


async def test_a_video_that_was_thrown_away_is_not_offered_any_more(world: World) -> None:
    job = await made(world, kept=True)
    told = await shown(world)
    world.clock.skipped += 8 * DAY
    pressed = await world.member.click(told.response, label=f"Get {job.code}")
    assert "isn't kept any more" in answer(pressed)
    told = await shown(world)
    assert not any(label.startswith("Get") for label in labels(told))
    assert "no video: could not be posted" in answer(told)
    assert "kept until" not in answer(told)


async def test_direct_messages_are_switched_on_and_off_and_told_and_erased(world: World) -> None:
    direct = world.parts.stores.direct_messages
    told = await shown(world)
    for state, other in (("off", "on"), ("on", "off"), ("off", "on")):
        label = f"Send finished videos by direct message when nothing else works: {state}"
        assert label in labels(told)
        assert await direct.agreed(world.member.id) == (state == "on")
        await world.member.click(told.response, label=label)
        assert await direct.agreed(world.member.id) == (other == "on")
        told = await shown(world)
    privacy = await world.member.slash(world.channel, "lipsync privacy")
    assert "You want finished videos by direct message" in answer(privacy)
    assert not await direct.agreed(world.moderator.id)
    assert privacy.response
    await world.member.click(privacy.response, label="Erase what is kept about me")
    assert not await direct.agreed(world.member.id)
