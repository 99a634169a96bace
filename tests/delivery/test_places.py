"""Exactly one message holds the video, or exactly one sentence says where it is: whatever happened to the place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.app.client import Mouthpiece
from bot.domain.ask import Place
from bot.jobs.intervals import DELIVERY_PATIENCE
from tests.canned import hold_work
from tests.crash.doom import Doom
from tests.crash.test_crash import over
from tests.delivery.conftest import Scene
from tests.discord_server.rest import MISSING_ACCESS, MISSING_PERMISSIONS
from tests.scripted import until

POSTS = "*/channels/[0-9]*/messages"


async def agree(scene: Scene, client: Mouthpiece) -> None:
    await client.services.kept_videos.send_directly(scene.member_id, wanted=True)


def is_kept(scene: Scene) -> bool:
    row = scene.row()
    return row["failure"] == "kept" and row["closed_at"] and row["kept_until"] and "video.mp4" in scene.files()


@pytest.mark.parametrize("archived", [False, True])
async def test_a_locked_thread_sends_the_video_to_the_channel_as_a_reply_to_the_card(
    scene: Scene, archived: bool
) -> None:
    async with scene.asked() as client:
        scene.thread["thread_metadata"] |= {"locked": True, "archived": archived}
        message = await scene.delivered(client)
    assert message["attachments"]
    assert scene.is_in(message, scene.state.channel_id)
    assert str(message["message_reference"]["message_id"]) == scene.thread["id"]
    assert message["message_reference"]["fail_if_not_exists"] is False
    assert (scene.row()["reply_channel_id"], scene.files()) == (scene.state.channel_id, [])


async def test_an_archived_thread_is_woken_by_the_video(scene: Scene) -> None:
    async with scene.asked() as client:
        scene.thread["thread_metadata"]["archived"] = True
        message = await scene.delivered(client)
    assert message["attachments"]
    assert scene.is_in(message, scene.thread["id"])
    assert not scene.thread["thread_metadata"]["archived"]


async def test_a_deleted_thread_sends_the_video_to_the_channel(scene: Scene) -> None:
    async with scene.asked() as client:
        scene.state.delete_channel(int(scene.thread["id"]))
        message = await scene.delivered(client)
    assert message["attachments"]
    assert scene.is_in(message, scene.state.channel_id)


@pytest.mark.parametrize("public", [True, False])
async def test_what_was_asked_for_in_a_thread_that_is_deleted_goes_to_its_channel_if_that_sees_it(
    scene: Scene, public: bool
) -> None:
    channel_id = scene.state.channel_id
    inside = int(scene.state.thread(scene.state.snowflake(), "movie night")["id"])
    async with scene.asked(
        Place(
            scene.state.guild_id, inside, "#movie-night", parent_id=channel_id if public else None, opens_thread=False
        )
    ) as client:
        scene.state.delete_channel(inside)
        await over(client, Doom())
    if public:
        message = scene.told()
        assert message["attachments"]
        assert scene.is_in(message, channel_id)
        assert scene.files() == []
    else:
        assert not scene.discord.outcomes()
        assert is_kept(scene)


async def test_a_channel_in_which_nothing_can_be_replied_to_gets_the_video_all_the_same(scene: Scene) -> None:
    async with scene.asked() as client:
        scene.state.delete_channel(int(scene.thread["id"]))
        body = json.dumps({"code": 160002, "message": "Cannot reply without permission to read message history"})
        room = f"*/channels/{scene.state.channel_id}/messages"
        scene.discord.faults.add("answer", "POST", room, status=403, body=body)
        message = await scene.delivered(client)
    assert message["attachments"]
    assert "message_reference" not in message


def delete_all(scene: Scene) -> None:
    scene.state.delete_channel(int(scene.thread["id"]))
    scene.state.delete_channel(scene.state.channel_id)


def forbid(code: int) -> Any:
    return lambda scene: scene.state.denied.update({scene.state.channel_id: code})


NOWHERE = {"deleted": delete_all, "50001": forbid(MISSING_ACCESS), "50013": forbid(MISSING_PERMISSIONS)}


@pytest.mark.parametrize("trouble", NOWHERE)
async def test_where_nothing_can_be_posted_the_video_is_kept(scene: Scene, trouble: str) -> None:
    async with scene.asked() as client:
        NOWHERE[trouble](scene)
        await over(client, Doom())
    assert scene.discord.outcomes() == []
    assert is_kept(scene)
    assert scene.row()["state"] == "succeeded"
    assert scene.row()["counted_at"]


@pytest.mark.parametrize("trouble", NOWHERE)
async def test_who_agreed_to_direct_messages_gets_the_video_by_one(scene: Scene, trouble: str) -> None:
    async with scene.asked() as client:
        NOWHERE[trouble](scene)
        await agree(scene, client)
        message = await scene.delivered(client)
    assert message["attachments"]
    assert scene.state.direct == {int(message["channel_id"]): scene.member_id}
    assert "I couldn't post it in **Club**" in message["content"]
    assert message["components"] == []
    assert (scene.row()["failure"], scene.files()) == (None, [])


async def test_who_takes_no_direct_messages_has_the_video_kept(scene: Scene) -> None:
    async with scene.asked() as client:
        delete_all(scene)
        scene.state.denied[scene.state.direct_channel(scene.member_id)] = 50007
        await agree(scene, client)
        await over(client, Doom())
    assert scene.discord.outcomes() == []
    assert is_kept(scene)


async def test_without_attach_files_one_sentence_in_the_thread_says_where_the_video_is(scene: Scene) -> None:
    async with scene.asked() as client:
        scene.state.files_denied = True
        message = await scene.delivered(client)
    assert scene.is_in(message, scene.thread["id"])
    assert "`/lipsync jobs` hands it out" in message["content"]
    assert f"<t:{int(scene.row()['kept_until'])}:D>" in message["content"]
    assert is_kept(scene)


async def test_without_attach_files_a_direct_message_holds_the_video_if_that_was_agreed_to(scene: Scene) -> None:
    async with scene.asked() as client:
        scene.state.files_denied = True
        await agree(scene, client)
        message = await scene.delivered(client)
    assert message["attachments"]
    assert int(message["channel_id"]) in scene.state.direct


async def test_a_server_that_removes_the_bot_and_invites_it_again_loses_no_video(scene: Scene) -> None:
    go_on = hold_work(scene.sandbox.runs)
    async with scene.asked() as client:
        await scene.discord.until(lambda: scene.sandbox.runs.ledger)
        scene.state.kicked = True
        await scene.discord.gateway.send("GUILD_DELETE", {"id": str(scene.state.guild_id)})
        go_on.set()
        await over(client, Doom())
        assert scene.discord.outcomes() == []
        assert is_kept(scene)

        async def no_key_is_left() -> bool:  # it goes right after the job is closed
            return not await scene.parts.database.rows("SELECT id FROM keys")

        await until(no_key_is_left)
        scene.state.kicked = False
        await scene.discord.gateway.send("GUILD_CREATE", scene.state.guild())
        own = await client.services.kept_videos.own(scene.state.guild_id, scene.member_id)
        assert [job.id for job in own.kept] == [scene.row()["id"]]
    assert len(scene.sandbox.runs.ledger) == 1


async def test_a_server_that_has_the_bot_again_before_the_end_gets_the_video(scene: Scene) -> None:
    async with scene.asked() as client:
        await scene.discord.gateway.send("GUILD_DELETE", {"id": str(scene.state.guild_id)})
        await scene.discord.gateway.send("GUILD_CREATE", scene.state.guild())
        message = await scene.delivered(client)
    assert message["attachments"]


@pytest.mark.parametrize("body", ['{"code": 30046, "message": "x", "retry_after": 0.01}'])
@pytest.mark.parametrize("status", [400, 429])
async def test_a_card_that_can_not_be_edited_any_more_holds_nothing_up(scene: Scene, status: int, body: str) -> None:
    headers = {"Via": "1.1 google", "X-RateLimit-Scope": "shared"}
    async with scene.asked() as client:
        scene.discord.faults.add("answer", "PATCH", "*", times=99, status=status, body=body, headers=headers)
        message = await scene.delivered(client)
    assert message["attachments"]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("answer", {"status": 500, "body": "{}"}),
        ("answer", {"status": 502, "body": "<html>"}),
        ("answer", {"status": 503, "body": "{}"}),
        ("answer", {"status": 429, "body": '{"retry_after": 0.05, "message": "x"}', "headers": {"Via": "1.1 google"}}),
        ("cut before", {}),
        ("cut after", {}),
        ("truncate", {}),
    ],
)
@pytest.mark.parametrize("place", ["thread", "channel", "direct"])
async def test_a_post_that_may_have_arrived_stays_with_its_place_and_arrives_once(
    scene: Scene, place: str, kind: Any, more: dict[str, Any]
) -> None:
    async with scene.asked() as client:
        room = scene.state.channel_id
        expected = int(scene.thread["id"])
        if place != "thread":
            scene.state.delete_channel(expected)
            expected = room
        if place == "direct":
            scene.state.denied[room] = MISSING_ACCESS
            await agree(scene, client)
            expected = scene.state.direct_channel(scene.member_id)
        scene.discord.faults.add(kind, "POST", f"*/channels/{expected}/messages", times=2, **more)
        message = await scene.delivered(client)
    assert message["attachments"]
    assert scene.is_in(message, expected)


async def test_a_video_that_arrived_in_the_channel_is_found_there_when_the_thread_works_again(scene: Scene) -> None:
    """The look goes through every place: here the answer was lost, and the bot too, after the second place was used."""
    doom = Doom()
    async with scene.life(doom) as client:
        await scene.ask(client, scene.member_id)
        scene.thread["thread_metadata"]["locked"] = True
        scene.discord.faults.add("cut after", "POST", f"*/channels/{scene.state.channel_id}/messages")
        await scene.discord.until(scene.discord.outcomes)
        doom.dead = True
    scene.thread["thread_metadata"]["locked"] = False
    scene.state.nonces.clear()  # as after some minutes
    async with scene.life(Doom()) as client:
        message = await scene.delivered(client)
    assert scene.is_in(message, scene.state.channel_id)


async def test_a_server_that_cannot_be_reached_for_a_day_has_the_video_kept(scene: Scene) -> None:
    async with scene.asked() as client:
        scene.discord.faults.add("answer", "POST", POSTS, times=10_000, status=503, body="{}")
        await scene.discord.until(lambda: scene.row()["delivering_at"])
        scene.clock.skipped += DELIVERY_PATIENCE + 60
        await over(client, Doom())
    assert scene.discord.outcomes() == []
    assert is_kept(scene)
