"""`/lipsync-admin key`: tested before it is saved, never shown again, for moderators only."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.version import VERSION
from tests.cogs.test_moderation import pick, press
from tests.world import KEY, World, answer


async def listed(world: World) -> str:
    return answer(await world.moderator.slash(world.channel, "lipsync-admin key list"))


async def test_a_key_that_works_is_saved_and_shown_by_its_end_only(world: World) -> None:
    said = await world.add_key()
    assert "…0001** works and is saved" in said
    assert "about $0.05 for a video, however long it is" in said
    shown = await listed(world)
    assert "**RunComfy** · key ending **…0001**" in shown
    assert world.moderator.mention in shown
    assert "canary" not in said + shown


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("wrong-canary-key", "RunComfy refused it"),
        ("rc-1", "doesn't look like a key"),
        ("rc-ключ-0123456", "doesn't look like a key"),
        ("rc-with\nnewline-01", "doesn't look like a key"),
    ],
)
async def test_a_key_that_does_not_work_is_not_saved(world: World, key: str, sentence: str) -> None:
    said = await world.add_key(key)
    assert sentence in said
    assert "nothing was saved" in said
    assert "no keys yet" in await listed(world)


async def test_what_a_provider_says_to_the_call_that_tests_a_key_stays_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.sandbox.faults.add(
        "answer", "GET", "*/models/*", status=400, body='{"error_code": 1001, "message": "bad URL"}'
    )
    said = await world.add_key()
    assert "RunComfy didn't understand the call that tests it" in said
    assert "HTTP 400" not in said
    assert "1001" not in said
    assert "HTTP 400" in caplog.text
    assert "no keys yet" in await listed(world)


async def test_a_key_is_not_saved_while_the_provider_cannot_be_reached(world: World) -> None:
    world.sandbox.faults.add("answer", "GET", "*/models/*", status=503, times=9)
    assert "couldn't be reached" in await world.add_key()
    assert "no keys yet" in await listed(world)


async def test_the_test_of_a_key_costs_nothing(world: World) -> None:
    await world.add_key()
    assert world.sandbox.runs.ledger == []


async def test_a_removed_key_is_gone_at_once(world: World) -> None:
    await world.add_key()
    removed = await world.moderator.slash(world.channel, "lipsync-admin key remove", provider="runcomfy")
    assert "RunComfy key is erased" in answer(removed)
    assert "no keys yet" in await listed(world)
    assert "no provider key yet" in await world.text()
    again = await world.moderator.slash(world.channel, "lipsync-admin key remove", provider="runcomfy")
    assert "nothing to remove" in answer(again)


@pytest.mark.parametrize("command", ["key list", "key add", "key remove"])
async def test_a_member_is_refused_even_if_discord_let_the_command_through(world: World, command: str) -> None:
    await world.add_key()
    for scope in world.env.backend.commands.values():
        for found in scope.values():
            found["default_member_permissions"] = None
    options = {} if command == "key list" else {"provider": "runcomfy"}
    refused = await world.member.slash(world.channel, f"lipsync-admin {command}", **options)
    assert "Manage Server" in answer(refused)
    assert "…0001" in await listed(world)


async def test_the_form_checks_the_permission_when_it_is_sent_not_only_when_it_is_opened(world: World) -> None:
    role = world.guild.create_role("Trial", permissions=discord.Permissions(manage_guild=True))
    trial = world.guild.add_member(world.env.create_user("kim"), roles=[role])
    form = await trial.slash(world.channel, "lipsync-admin key add", provider="runcomfy")
    assert form.modal
    world.guild.remove_member(trial)
    world.guild.add_member(trial.user)
    field = form.modal["components"][0]["component"]["custom_id"]
    assert "Manage Server" in answer(await trial.submit_modal(form, {field: KEY}))
    assert "no keys yet" in await listed(world)


async def test_another_server_sees_and_uses_nothing_of_this_ones_key(world: World) -> None:
    await world.add_key()
    elsewhere = world.env.create_guild("Elsewhere")
    role = elsewhere.create_role("Mods", permissions=discord.Permissions(manage_guild=True))
    stranger = elsewhere.add_member(world.env.create_user("eve"), roles=[role])
    room = elsewhere.create_text_channel("room")
    assert "no keys yet" in answer(await stranger.slash(room, "lipsync-admin key list"))
    gone = await stranger.slash(room, "lipsync-admin key remove", provider="runcomfy")
    assert "nothing to remove" in answer(gone)
    options = {"video": ("clip.mp4", b"x"), "text": "hi", "voice": "Sunny"}
    assert "no provider key yet" in answer(await stranger.slash(room, "lipsync text", **options))
    assert "…0001" in await listed(world)


async def test_the_last_line_of_the_setup_screen_says_which_version_is_running(world: World) -> None:
    shown = answer(await world.moderator.slash(world.channel, "lipsync-admin setup"))
    assert shown.splitlines()[-1] == f"-# Mouthpiece {VERSION}"


async def test_a_log_channel_of_which_discord_tells_nothing_just_now_doesnt_switch_the_log_off(world: World) -> None:
    chosen = world.guild.create_text_channel("lipsync-log")
    shown = await world.moderator.slash(world.channel, "lipsync-admin setup")
    offered = await press(world.moderator, shown, "Log channel")
    assert "tells what happens" in answer(await pick(world, offered, [chosen]))
    world.env.inject_error("GET", f"/channels/{chosen.id}", status=503, times=1)
    assert "won't tell me right now what I may do" in answer(await pick(world, offered, [chosen]))
    assert (await world.parts.stores.guilds.policy(world.guild.id)).log_channel_id == chosen.id


async def test_setup_names_what_is_lacking_in_threads_of_a_channel_that_is_open_to_members(world: World) -> None:
    overwrites: Any = {world.client.user: discord.PermissionOverwrite(send_messages_in_threads=False)}
    room, sound = world.guild.create_text_channel("room", overwrites=overwrites), world.channel
    rules = world.client.services.server_rules
    await rules.allow(world.guild.id, "channel", [room.id, sound.id], by=1)
    shown = answer(await world.moderator.slash(world.channel, "lipsync-admin setup"))
    assert f"⚠️ **Channels**: in <#{room.id}>, I need **Send Messages in Threads**\n" in shown
    await rules.allow(world.guild.id, "channel", [sound.id, 4711], by=1)
    shown = answer(await world.moderator.slash(world.channel, "lipsync-admin setup"))
    assert "⚠️ **Channels**: <#4711> is gone, or hidden from me\n" in shown
