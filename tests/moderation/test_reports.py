"""A posted result that somebody wants gone: what Discord doesn't do is not done here either."""

from __future__ import annotations

import asyncio

import aiohttp
import discord
import pytest
from simcord.builders import ChannelHandle

from bot.chat.posted_results import PostedResults
from bot.domain.results import Posted
from bot.moderation import reports
from tests.cogs.test_moderation import log_channel, newest, reported, text_of
from tests.scripted import until
from tests.world import World, answer


def refused(status: int, code: int) -> discord.HTTPException:
    """Discord's answer to a request that it doesn't carry out."""
    kind = discord.Forbidden if status == 403 else discord.DiscordServerError
    return kind(type("Answer", (), {"status": status, "reason": "no"})(), {"code": code, "message": "no"})


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (refused(403, 50013), "Discord doesn't let me delete that message, so nothing was done"),
        (refused(503, 0), "Discord doesn't answer just now, so nothing was done"),
        (aiohttp.ServerDisconnectedError(), "Discord doesn't answer just now, so nothing was done"),
    ],
)
async def test_a_video_that_discord_doesnt_delete_keeps_its_files_and_its_record(
    world: World, monkeypatch: pytest.MonkeyPatch, trouble: Exception, words: str
) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    before, folder = await newest(world), world.parts.job_files.of(await newest(world))
    world.parts.job_files.clip(before).write_bytes(b"the clip")
    stored = sorted(file.name for file in folder.iterdir())

    async def refuse(*_: object, **__: object) -> None:
        raise trouble

    with monkeypatch.context() as patch:
        patch.setattr(discord.PartialMessage, "delete", refuse)
        assert words in answer(await world.member.click(world.outcomes()[0], label="Delete"))
    assert sorted(file.name for file in folder.iterdir()) == stored
    assert await newest(world) == before
    assert world.outcomes()
    assert "It is deleted" in answer(await world.member.click(world.outcomes()[0], label="Delete"))
    assert not folder.exists()
    assert not world.outcomes()


def cards(channel: ChannelHandle) -> list[str]:
    """What the log says of reports, oldest first."""
    return [text_of(message) for message in channel.history() if "was reported" in text_of(message)]


async def finished(world: World, count: int) -> list[discord.Message]:
    """So many finished videos, oldest first."""
    await world.add_key()
    found = []
    for _ in range(count):
        await world.text()
        await world.quiet()
        found.append(world.outcomes()[0])
    return found


def is_blurred(world: World, video: discord.Message) -> bool:
    thread = next(thread for thread in world.channel.threads if thread.id == video.channel.id)
    return world.outcomes(thread)[0].attachments[0].is_spoiler()


async def test_a_restored_video_is_blurred_again_and_asked_about_when_another_member_reports_it(world: World) -> None:
    channel, card = await reported(world)
    assert "shown again" in answer(await world.moderator.click(card, label="Restore"))
    (video,) = world.outcomes()
    assert "It's blurred until" in answer(await world.member.click(video, label="Report"))
    assert is_blurred(world, video)
    await until(lambda: len(cards(channel)) == 2)
    last = [message for message in channel.history() if "was reported" in text_of(message)][-1]
    assert "deleted" in answer(await world.moderator.click(last, label="Remove"))
    assert not world.outcomes()


async def test_beyond_their_limit_a_members_report_reaches_the_moderators_and_blurs_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_HIDDEN", 2)
    channel = await log_channel(world)
    videos = await finished(world, 3)
    for video in videos[:2]:
        assert "It's blurred until" in answer(await world.member.click(video, label="Report"))
    said = answer(await world.member.click(videos[2], label="Report"))
    assert "It stays visible until a moderator reviews it" in said
    assert "can blur the next one <t:" in said
    assert "I've asked the moderators in their channel." in said
    assert [is_blurred(world, video) for video in videos] == [True, True, False]
    assert "It isn't blurred, but a moderator can remove it." in "".join(cards(channel))
    assert "It's blurred until" in answer(await world.moderator.click(videos[2], label="Report"))
    assert is_blurred(world, videos[2])


async def test_a_report_blurs_again_an_hour_after_the_first_that_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_HIDDEN", 1)
    videos = await finished(world, 2)
    assert "It's blurred until" in answer(await world.member.click(videos[0], label="Report"))
    world.clock.skipped += 3600.0
    assert "It's blurred until" in answer(await world.member.click(videos[1], label="Report"))


async def test_who_has_reported_too_much_is_told_when_the_next_report_is_possible(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_REPORTS", 1)
    channel = await log_channel(world)
    videos = await finished(world, 2)
    assert "It's blurred until" in answer(await world.member.click(videos[0], label="Report"))
    said = answer(await world.member.click(videos[1], label="Report"))
    assert said.startswith("You've reported 1 videos here within an hour. You can report the next one <t:")
    assert len(cards(channel)) == 1
    assert not is_blurred(world, videos[1])


async def test_reports_that_one_member_makes_at_once_count_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "MOST_HIDDEN", 1)
    videos = await finished(world, 3)
    hide = PostedResults.hide

    async def slowly(results: PostedResults, posted: Posted) -> bool:
        await asyncio.sleep(0.05)
        return await hide(results, posted)

    monkeypatch.setattr(PostedResults, "hide", slowly)
    stored, of_them = await world.parts.database.rows("SELECT id FROM jobs ORDER BY id"), world.client.services.reports
    made = await asyncio.gather(
        *(
            of_them.report(
                world.guild.id, row["id"], Posted(world.guild.id, video.channel.id, video.id), by=world.member.id
            )
            for row, video in zip(stored, videos, strict=True)
        )
    )
    assert sorted("It's blurred until" in said for said in made) == [False, False, True]
    assert sum(is_blurred(world, video) for video in videos) == 1
