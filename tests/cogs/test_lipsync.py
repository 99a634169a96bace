"""`/lipsync` as members meet it: what works, and every refusal in words before anything is spent."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from simcord.enums import ChannelType

from tests.canned import hold_work
from tests.scripted import until
from tests.world import World, answer

EVERYONE = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    attach_files=True,
    read_message_history=True,
    use_application_commands=True,
)


async def assert_nothing_happened(world: World) -> None:
    assert world.sandbox.runs.ledger == []
    assert world.client.services.worker.open_jobs == 0
    assert world.channel.threads == []


async def test_a_job_is_shown_in_a_thread_on_its_card_and_linked_privately(world: World) -> None:
    await world.add_key()
    said = await world.text()
    assert f"https://discord.com/channels/{world.guild.id}/{world.thread().id}" in said
    assert "Hello there" in world.card_text()
    assert "Hello there" in str(world.thread().name)
    await world.quiet()
    (outcome,) = world.outcomes()
    assert [user.id for user in outcome.mentions] == [world.member.id]
    assert outcome.attachments[0].filename.startswith("ai-generated-LS-")
    assert "✅ Done" in world.card_text()
    assert len(world.sandbox.runs.ledger) == 1


@pytest.mark.parametrize("kind", [ChannelType.PUBLIC_THREAD, ChannelType.PRIVATE_THREAD])
async def test_only_the_channel_of_a_public_thread_is_remembered_as_a_place_for_the_video(
    world: World, kind: ChannelType
) -> None:
    await world.add_key()
    await world.text()
    inside = world.thread()
    inside._channel.type = kind
    inside._channel.thread_members[world.member.id] = "2026-01-01T00:00:00+00:00"
    cached: Any = world.client.get_channel(inside.id)
    cached._type = discord.ChannelType(kind.value)
    assert "is on its way" in await world.text(inside)
    await world.quiet()
    newest = (await world.client.services.kept_videos.own(world.guild.id, world.member.id)).jobs[0]
    assert newest.channel_id == inside.id
    assert newest.parent_id == (world.channel.id if kind is ChannelType.PUBLIC_THREAD else None)


async def test_the_requester_is_pinged_once_and_nobody_by_the_text(world: World) -> None:
    await world.add_key()
    await world.text(text=f"@everyone <@{world.moderator.id}> hello")
    await world.quiet()
    sent = [
        call.json
        for call in world.env.http_requests
        if call.method == "POST" and call.path.endswith("/messages") and isinstance(call.json, dict)
    ]
    card, outcome = (post["allowed_mentions"] for post in sent)
    assert card["parse"] == []
    assert "users" not in card
    assert outcome["parse"] == []
    assert outcome["users"] == [world.member.id]
    posts = [*world.channel.history(), *world.thread().history()]
    assert not any(post.mention_everyone or world.moderator.mention in post.content for post in posts)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"text": "   "}, "nothing to say"),
        ({"voice": "Darth Vader"}, "no voice “Darth Vader”"),
        ({"voice": "zh:tiyuxi_xuedi"}, "no voice"),
        ({"speed": 0.5}, "speeds from 0.8 to 2"),
        ({"provider": "nobody"}, "don't know a provider called “nobody”"),
        ({"video": ("clip.gif", b"x")}, "it takes mov or mp4 files, and the clip is a .gif file"),
        ({"video": ("clip", b"x")}, "no file ending"),
        ({"video": ("clip.mp4", b"")}, "the clip is empty"),
    ],
)
async def test_what_cannot_work_is_refused_before_anything_is_spent(
    world: World, options: dict[str, Any], sentence: str
) -> None:
    await world.add_key()
    assert sentence in await world.text(**options)
    await assert_nothing_happened(world)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"audio": ("voice.ogg", b"x")}, "it takes aac, m4a, mp3 or wav files, and the recording is a .ogg file"),
        ({"audio": ("voice.mp3", b"x" * (5 * 2**20 + 1))}, "5.0 MB"),
        ({"video": ("clip.avi", b"x")}, "the clip is a .avi file"),
        ({"volume": 50}, "it can't set volumes"),
    ],
)
async def test_a_recording_that_cannot_work_is_refused_too(
    world: World, options: dict[str, Any], sentence: str
) -> None:
    await world.add_key()
    assert sentence in await world.audio(**options)
    await assert_nothing_happened(world)


async def test_120_characters_are_not_too_many(world: World) -> None:
    await world.add_key()
    assert "is on its way" in await world.text(text="é" * 120)
    await world.quiet()


async def test_without_a_key_a_member_learns_whom_to_ask(world: World) -> None:
    said = await world.text()
    assert "no provider key yet" in said
    assert "/lipsync-admin key add" in said
    await assert_nothing_happened(world)


@pytest.mark.parametrize(
    ("lacking", "named"),
    [
        ("send_messages", "Send Messages"),
        ("send_messages_in_threads", "Send Messages in Threads"),
        ("create_public_threads", "Create Public Threads"),
        ("attach_files", "Attach Files"),
        ("read_message_history", "Read Message History"),
    ],
)
async def test_a_permission_that_the_bot_lacks_is_named_before_anything_is_spent(
    world: World, lacking: str, named: str
) -> None:
    await world.add_key()
    overwrite = discord.PermissionOverwrite(**{lacking: False})
    channel = world.guild.create_text_channel("quiet", overwrites={world.guild.default_role: overwrite})
    said = await world.text(channel)
    assert f"**{named}**" in said
    assert channel.mention in said
    await assert_nothing_happened(world)


async def test_inside_a_thread_the_job_stays_in_that_thread(world: World) -> None:
    await world.add_key()
    await world.text()
    await world.quiet()
    thread = world.thread()
    said = await world.text(thread, text="Again, in here")
    assert f"/{thread.id}/" in said
    await world.quiet()
    assert len(world.channel.threads) == 1
    assert "Again, in here" in world.card_text(thread)
    assert len(world.outcomes(thread)) == 3  # the first video, the second card, the second video


async def test_voices_are_found_by_the_start_of_their_name(world: World) -> None:
    await world.add_key()
    choices = await world.member.autocomplete(world.channel, "lipsync text", "voice", "sun")
    assert choices == [{"name": "Sunny · English", "value": "en:genshin_vindi2"}]
    assert len(await world.member.autocomplete(world.channel, "lipsync text", "voice", "")) == 25
    assert await world.member.autocomplete(world.channel, "lipsync text", "voice", "zzz") == []


async def test_a_voice_may_be_typed_by_name_or_id(world: World) -> None:
    await world.add_key()
    await world.text(voice="sunny")
    await world.text(voice="oversea_male1")
    await world.quiet()
    assert [run.order.voice_id for run in world.sandbox.runs.ledger] == ["genshin_vindi2", "oversea_male1"]


async def test_a_job_in_line_is_cancelled_with_one_click(world: World) -> None:
    world.sandbox.runs.queue_seconds = 3600
    await world.add_key()
    await world.text()
    pressed = answer(await world.member.click(world.card(), label="Cancel"))
    assert "is cancelled" in pressed
    await world.quiet()
    (outcome,) = world.outcomes()
    assert "Cancelled, as you asked." in outcome.content
    assert "🚫" in world.card_text()


async def test_a_job_that_runs_cannot_be_cancelled_and_the_bot_says_so(world: World) -> None:
    go_on = hold_work(world.sandbox.runs)
    await world.add_key()
    await world.text()
    await until(lambda: [run.status for run in world.sandbox.runs.ledger] == ["in_progress"])
    assert "can't be stopped any more" in answer(await world.member.click(world.card(), label="Cancel"))
    go_on.set()
    await world.quiet()
    assert world.outcomes()[0].attachments


async def test_a_stranger_cannot_cancel_but_a_moderator_can(world: World) -> None:
    world.sandbox.runs.queue_seconds = 3600
    await world.add_key()
    await world.text()
    stranger = world.guild.add_member(world.env.create_user("sam"))
    assert "Only the person who started" in answer(await stranger.click(world.card(), label="Cancel"))
    assert world.client.services.worker.open_jobs == 1
    assert "is cancelled" in answer(await world.moderator.click(world.card(), label="Cancel"))
    await world.quiet()


async def test_commands_are_told_to_discord_only_when_they_changed(world: World) -> None:
    def syncs() -> int:
        return sum(call.method == "PUT" and call.path.endswith("/commands") for call in world.env.http_requests)

    assert syncs() == 1
    await world.client.sync_commands()
    assert syncs() == 1
    world.client.tree.remove_command("lipsync-admin")
    await world.client.sync_commands()
    assert syncs() == 2
