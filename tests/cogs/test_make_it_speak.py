"""*Apps ▸ Make it speak*: what is found, what is asked, what is refused."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

import discord
import pytest
from simcord.actors import MemberActor
from simcord.backend.models.channel import Overwrite
from simcord.enums import OverwriteType
from simcord.results import InteractionResult

from bot.chat.provider_files import PREPARED
from bot.domain.request import Request
from tests.cogs.test_lipsync import assert_nothing_happened
from tests.world import CLIP, RECORDING, World, answer

MENU = "Make it speak"
VOICE_MESSAGE = ("voice-message.ogg", b"not really a voice message")
TEXT, SELECT, UPLOAD = 4, 3, 19
WORDS = "What should be said"


async def post(world: World, *files: tuple[str, bytes], by: MemberActor | None = None) -> discord.Message:
    return await (by or world.moderator).send(world.channel, "look", attachments=files)


async def menu_on(world: World, message: discord.Message) -> InteractionResult:
    return await world.member.context_menu(world.channel, MENU, message)


def parts(form: InteractionResult) -> dict[str, dict[str, Any]]:
    """What the form asks for, by the words beside it."""
    assert form.modal, answer(form)
    return {part["label"]: part["component"] for part in form.modal["components"]}


async def send(world: World, form: InteractionResult, values: dict[str, Any]) -> InteractionResult:
    fields = parts(form)
    filled = {
        fields[name]["custom_id"]: [value] if fields[name]["type"] == SELECT else value
        for name, value in values.items()
    }
    return await world.member.submit_modal(form, filled)


def forbid(world: World, who: int, **denied: bool) -> None:
    """Take permissions in the channel from somebody."""
    deny = discord.Permissions(**denied).value
    world.env.backend.set_overwrite(world.channel.id, Overwrite(who, OverwriteType.MEMBER, deny=deny))


async def asked_for(world: World) -> Request:
    """What became of the newest wish."""
    (job,) = await world.client.services.ledger.jobs(world.guild.id, most=1)
    return job.request


# --- On a clip ------------------------------------------------------------------------------------------------------


async def test_a_clip_in_a_message_is_made_to_speak_a_text(world: World) -> None:
    await world.add_key()
    message = await post(world, CLIP)
    form = await menu_on(world, message)
    assert "is on its way" in answer(await send(world, form, {WORDS: "Hello there", "Voice": "en:genshin_vindi2"}))
    await world.quiet()
    wish = await asked_for(world)
    assert (wish.mode, wish.text, wish.voice) == ("text", "Hello there", "en:genshin_vindi2")
    assert wish.video.url == message.attachments[0].url
    assert world.outcomes()[0].attachments


async def test_a_clip_in_a_message_is_made_to_say_a_recording(world: World) -> None:
    await world.add_key()
    form = await menu_on(world, await post(world, CLIP))
    assert "is on its way" in answer(await send(world, form, {"Or a recording": RECORDING}))
    await world.quiet()
    wish = await asked_for(world)
    assert wish.mode == "audio"
    assert wish.audio
    assert wish.audio.name == RECORDING[0]


async def test_the_form_asks_for_four_things_and_insists_on_none(world: World) -> None:
    await world.add_key()
    form = await menu_on(world, await post(world, CLIP))
    fields = parts(form)
    assert list(fields) == [WORDS, "Voice", "Another voice", "Or a recording"]
    assert [field["type"] for field in fields.values()] == [TEXT, SELECT, TEXT, UPLOAD]
    assert not any(field["required"] for field in fields.values())
    assert (fields[WORDS]["style"], fields[WORDS]["max_length"]) == (2, 1000)
    assert fields["Or a recording"]["max_values"] == 1
    voices = fields["Voice"]["options"]
    assert len(voices) == 25
    assert [voice["default"] for voice in voices] == [True] + [False] * 24


async def test_another_voice_may_be_typed_and_counts_instead(world: World) -> None:
    await world.add_key()
    form = await menu_on(world, await post(world, CLIP))
    chosen = parts(form)["Voice"]["options"][0]["value"]
    await send(world, form, {WORDS: "Hello there", "Voice": chosen, "Another voice": " oversea_male1 "})
    await world.quiet()
    assert chosen != "en:oversea_male1"
    assert (await asked_for(world)).voice == "en:oversea_male1"


async def test_without_a_choice_the_voice_that_was_shown_speaks(world: World) -> None:
    await world.add_key()
    form = await menu_on(world, await post(world, CLIP))
    await send(world, form, {WORDS: "Hello there"})
    await world.quiet()
    assert (await asked_for(world)).voice == parts(form)["Voice"]["options"][0]["value"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "nothing to say yet"),
        ({WORDS: " \n "}, "nothing to say yet"),
        ({WORDS: "Hello", "Or a recording": RECORDING}, "both a text and a recording"),
        ({WORDS: "Hello there", "Another voice": "Darth Vader"}, "no voice “Darth Vader”"),
        ({WORDS: "x" * 121, "Another voice": "nobody"}, "at most 120 characters"),
        ({"Or a recording": ("voice.mp3", b"")}, "the recording is empty"),
    ],
)
async def test_a_form_that_cannot_work_is_refused_in_private(
    world: World, values: dict[str, Any], sentence: str
) -> None:
    await world.add_key()
    form = await menu_on(world, await post(world, CLIP))
    sent = await send(world, form, values)
    assert sentence in answer(sent)
    typed = values.get(WORDS, "")
    assert [typed in back.content and back.ephemeral for back in sent.followups] == [True] * bool(typed)
    await assert_nothing_happened(world)


async def test_a_text_that_comes_back_cannot_leave_its_box(world: World) -> None:
    await world.add_key()
    form = await menu_on(world, await post(world, CLIP))
    sent = await send(world, form, {WORDS: "``` @everyone ", "Another voice": "nobody"})
    (back,) = sent.followups
    assert back.content.count("```") == 2
    assert not back.message.mention_everyone


async def test_of_several_files_the_first_clip_is_taken(world: World) -> None:
    await world.add_key()
    message = await post(world, RECORDING, ("notes.txt", b"x"), ("one.mp4", b"x"), ("two.mp4", b"x"))
    form = await menu_on(world, message)
    await send(world, form, {WORDS: "Hello there"})
    await world.quiet()
    assert (await asked_for(world)).video.name == "one.mp4"


async def test_a_clip_in_a_forwarded_message_counts_too(world: World) -> None:
    await world.add_key()
    forwarded = await world.moderator.forward(await post(world, CLIP), world.channel)
    assert WORDS in parts(await menu_on(world, forwarded))


@pytest.mark.parametrize(
    ("name", "claimed", "form"),
    [
        ("clip.MOV", "application/octet-stream", WORDS),
        ("clip.webm", "video/webm", WORDS),
        ("cat.gif", "image/gif", WORDS),
        ("clip", "video/mp4; codecs=avc1", WORDS),
        ("talk.m4a", "video/mp4", "Your clip"),
        ("talk.webm", "audio/webm", "Your clip"),
        ("talk.opus", None, "Your clip"),
        ("photo.png", "image/png", ""),
        ("clip.mp4.exe", "application/x-msdownload", ""),
    ],
)
async def test_a_file_is_told_by_what_discord_claims_or_by_its_ending(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, claimed: str | None, form: str
) -> None:
    await world.add_key()
    guess = (claimed, None)
    monkeypatch.setattr("simcord.backend.cdn.mimetypes.guess_type", lambda _name: guess)
    opened = await menu_on(world, await post(world, (name, b"x")))
    if form:
        assert form in parts(opened)
    else:
        assert "no clip and no recording" in answer(opened)


async def test_a_message_with_nothing_to_use_is_answered_with_what_to_do(world: World) -> None:
    await world.add_key()
    said = answer(await menu_on(world, await post(world)))
    assert "Use **Apps ▸ Make it speak** on a message with" in said
    await assert_nothing_happened(world)


async def test_without_a_key_that_works_nobody_fills_in_a_form(world: World) -> None:
    assert "no provider key that works" in answer(await menu_on(world, await post(world, CLIP)))
    assert "no provider key that works" in answer(await menu_on(world, await post(world, RECORDING)))


async def test_what_everybody_confirms_once_is_asked_after_the_form_too(world: World) -> None:
    await world.add_key()
    eve = world.guild.add_member(world.env.create_user("eve"))
    form = await eve.context_menu(world.channel, MENU, await post(world, CLIP))
    sent = await eve.submit_modal(form, {parts(form)[WORDS]["custom_id"]: "Hello there"})
    assert "people who agreed to exactly this" in answer(sent)
    assert not world.client.services.worker.open_jobs
    assert sent.response
    assert "is on its way" in answer(await eve.click(sent.response, label="I confirm; make the video"))
    await world.quiet()
    assert (await asked_for(world)).text == "Hello there"


async def test_who_is_blocked_is_refused_after_the_form_too(world: World) -> None:
    await world.add_key()
    form = await menu_on(world, await post(world, CLIP))
    await world.client.services.server_rules.block(world.guild.id, world.member.id, "x", by=world.moderator.id)
    assert "don't let you use me" in answer(await send(world, form, {WORDS: "Hello there"}))
    await assert_nothing_happened(world)


async def test_what_was_forbidden_while_the_form_was_open_is_refused(world: World) -> None:
    await world.add_key()
    form = await menu_on(world, await post(world, CLIP))
    assert world.client.user
    forbid(world, world.client.user.id, attach_files=True)
    assert "**Attach Files**" in answer(await send(world, form, {WORDS: "Hello there"}))
    await assert_nothing_happened(world)


# --- On a recording -------------------------------------------------------------------------------------------------


async def test_a_recording_in_a_message_is_said_by_the_newest_clip_of_the_channel(world: World) -> None:
    await world.add_key()
    await post(world, ("older.mp4", b"x"))
    newest = await post(world, ("newest.mp4", b"x"))
    form = await menu_on(world, await post(world, RECORDING))
    fields = parts(form)
    assert list(fields) == ["Your clip", "Or a clip from here"]
    assert not fields["Your clip"]["required"]
    offered = fields["Or a clip from here"]["options"]
    assert [(each["label"], each["default"]) for each in offered] == [("newest.mp4", True), ("older.mp4", False)]
    assert offered[0]["description"].startswith("mira, ")
    assert "is on its way" in answer(await send(world, form, {"Or a clip from here": offered[0]["value"]}))
    await world.quiet()
    wish = await asked_for(world)
    assert wish.mode == "audio"
    assert wish.audio
    assert (wish.video.url, wish.audio.name) == (newest.attachments[0].url, RECORDING[0])


async def test_an_attached_clip_wins_over_the_chosen_one(world: World) -> None:
    await world.add_key()
    await post(world, ("older.mp4", b"x"))
    form = await menu_on(world, await post(world, RECORDING))
    await send(world, form, {"Your clip": ("mine.mp4", b"x"), "Or a clip from here": "0"})
    await world.quiet()
    assert (await asked_for(world)).video.name == "mine.mp4"


async def test_a_clip_that_was_taken_back_is_not_used(world: World) -> None:
    await world.add_key()
    await post(world, CLIP)
    form = await menu_on(world, await post(world, RECORDING))
    assert "chose none" in answer(await send(world, form, {}))
    await assert_nothing_happened(world)


async def test_a_channel_without_clips_makes_the_form_insist_on_one(world: World) -> None:
    await world.add_key()
    form = await menu_on(world, await post(world, RECORDING))
    fields = parts(form)
    assert list(fields) == ["Your clip"]
    assert fields["Your clip"]["required"]
    assert "is on its way" in answer(await send(world, form, {"Your clip": CLIP}))
    await world.quiet()


async def test_at_most_25_clips_are_offered(world: World) -> None:
    await world.add_key()
    for number in range(13):
        await post(world, (f"{number}a.mp4", b"x"), (f"{number}b.mp4", b"x"))
    form = await menu_on(world, await post(world, RECORDING))
    assert len(parts(form)["Or a clip from here"]["options"]) == 25


async def clips_offered(world: World, message: discord.Message) -> list[str]:
    """The clips that the form on a recording offers."""
    fields = parts(await menu_on(world, message))
    return [option["label"] for option in fields.get("Or a clip from here", {}).get("options", [])]


async def test_a_hidden_clip_is_not_offered(world: World) -> None:
    await world.add_key()
    await post(world, ("shown.mp4", b"x"), ("SPOILER_clip.mp4", b"x"))
    assert await clips_offered(world, await post(world, RECORDING)) == ["shown.mp4"]


async def test_a_file_that_lies_here_for_a_provider_is_not_offered(world: World) -> None:
    await world.add_key()
    await post(world, (f"{PREPARED}cake.mp4", b"x"))
    here = world.client.get_partial_messageable(world.channel.id, guild_id=world.guild.id)
    await here.send(file=discord.File(BytesIO(b"x"), f"{PREPARED}LS-7K3QM-clip.mp4"))
    assert await clips_offered(world, await post(world, RECORDING)) == [f"{PREPARED}cake.mp4"]


async def test_a_clip_further_back_than_fifty_messages_is_not_looked_for(world: World) -> None:
    await world.add_key()
    await post(world, CLIP)
    message = await post(world, RECORDING)
    for _ in range(48):
        await post(world)
    assert await clips_offered(world, message) == [CLIP[0]]
    await post(world)
    assert await clips_offered(world, message) == []


async def test_who_may_not_read_the_history_is_shown_nothing_of_it(world: World) -> None:
    await world.add_key()
    await post(world, CLIP)
    message = await post(world, RECORDING)
    forbid(world, world.member.id, read_message_history=True)
    assert await clips_offered(world, message) == []


async def test_a_discord_that_tells_no_messages_keeps_no_form_from_opening(world: World) -> None:
    await world.add_key()
    await post(world, CLIP)
    message = await post(world, VOICE_MESSAGE)
    world.env.inject_error("GET", f"/channels/{world.channel.id}/messages", status=503)
    assert list(parts(await menu_on(world, message))) == ["Your clip"]
    assert len(parts(await menu_on(world, message))) == 2


async def test_the_form_waits_for_no_slow_list_of_messages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.add_key()
    await post(world, CLIP)
    message = await post(world, VOICE_MESSAGE)

    async def never(*_args: object, **_more: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(world.client.http, "logs_from", never)
    monkeypatch.setattr("cogs.make_it_speak.SEARCH_PATIENCE", 0.0)
    assert list(parts(await menu_on(world, message))) == ["Your clip"]


# --- The voice used last --------------------------------------------------------------------------------------------


async def test_the_voice_used_last_comes_first_in_both_places(world: World) -> None:
    await world.add_key()
    await world.text(voice="en:oversea_male1")
    await world.audio()
    await world.quiet()
    choices = await world.member.autocomplete(world.channel, "lipsync text", "voice", "")
    assert [choice["value"] for choice in choices[:2]] == ["en:oversea_male1", "en:genshin_vindi2"]
    assert len({choice["value"] for choice in choices}) == 25
    voices = parts(await menu_on(world, await post(world, CLIP)))["Voice"]["options"]
    assert [voice["value"] for voice in voices] == [choice["value"] for choice in choices]
    assert [voice["default"] for voice in voices[:2]] == [True, False]
    others = await world.moderator.autocomplete(world.channel, "lipsync text", "voice", "")
    assert others[0]["value"] != "en:oversea_male1"


async def test_a_voice_that_the_server_cannot_use_any_more_is_not_offered(world: World) -> None:
    await world.add_key()
    before = await world.member.autocomplete(world.channel, "lipsync text", "voice", "")
    await world.text()
    await world.quiet()
    database = world.parts.database

    async def work(tx: Any) -> None:
        await tx.row("UPDATE jobs SET request = json_set(request, '$.voice', 'zz:gone')")

    await database.write(work, guild_id=None)
    assert await world.member.autocomplete(world.channel, "lipsync text", "voice", "") == before


# --- What Discord is told -------------------------------------------------------------------------------------------


async def test_the_menu_is_for_messages_of_servers_only(world: World) -> None:
    (menu,) = [
        command.to_dict(world.client.tree) for command in world.client.tree.get_commands() if command.name == MENU
    ]
    assert (menu["type"], menu["contexts"], menu["integration_types"]) == (3, [0], [0])


async def test_the_commands_ask_for_the_clip_first_and_insist_on_it(world: World) -> None:
    group = world.client.tree.get_command("lipsync")
    assert isinstance(group, discord.app_commands.Group)
    for name, required, optional in (
        ("text", ["video", "text", "voice"], ["speed", "provider"]),
        ("audio", ["video", "audio"], ["volume", "own_volume", "shorter", "provider"]),
    ):
        command = group.get_command(name)
        assert isinstance(command, discord.app_commands.Command)
        assert [option.name for option in command.parameters] == [*required, *optional]
        assert [option.name for option in command.parameters if option.required] == required
