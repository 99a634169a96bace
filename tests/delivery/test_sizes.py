"""A video of any size arrives: as it is, or as a smaller copy while the full one can be fetched."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import pytest

from bot.clock import DAY
from bot.domain.results import MARGIN
from bot.fair_queue import Owned
from bot.media.child import Interrupted, TooMuchWork
from bot.media.editor import Editor
from tests.canned import look_into_no_clip
from tests.crash.doom import Doom
from tests.crash.test_crash import over
from tests.delivery.conftest import Scene
from tests.delivery.filming import LoudStudio, noise
from tests.discord_server.state import Json

MEGABYTE = 2**20
GET = "Get the full video"


@pytest.fixture
def filming(scene: Scene) -> Scene:
    """The scene, where files are really looked into."""
    scene.look_into_files = look_into_no_clip
    scene.sandbox.runs.studio = LoudStudio(noise())
    return scene


def seconds_of(videos: Sequence[bytes]) -> float:
    """How long they play together."""
    total = 0.0
    for video in videos:
        with av.open(io.BytesIO(video), "r") as container:
            picture = container.streams.video[0]
            assert list(container.decode(picture))
            total += float(picture.duration or 0) * float(picture.time_base or 0)
    return total


async def delivered(scene: Scene) -> Json:
    async with scene.asked() as client:
        return await scene.delivered(client)


async def test_a_video_that_fits_is_posted_as_it_was_made(filming: Scene) -> None:
    filming.sandbox.runs.studio = LoudStudio(noise(1.0))
    assert filming.bytes_of(await delivered(filming)) == [noise(1.0)]
    assert filming.files() == []


async def test_a_video_that_fits_a_boosted_server_is_posted_as_it_was_made(filming: Scene) -> None:
    filming.state.premium_tier, filming.state.file_limit = 2, 50 * MEGABYTE
    assert filming.bytes_of(await delivered(filming)) == [noise()]


async def test_a_large_video_is_posted_smaller_and_the_full_one_can_be_fetched(filming: Scene) -> None:
    assert len(noise()) > 11 * MEGABYTE
    async with filming.asked() as client:
        message = await filming.delivered(client)
        (copy,) = filming.bytes_of(message)
        assert len(copy) <= 10 * MEGABYTE
        assert seconds_of([copy]) == pytest.approx(5.0, abs=0.2)
        assert "This server takes up to 10 MB, so this is a smaller copy; the full video (" in message["content"]
        assert f"is kept until <t:{int(filming.row()['kept_until'])}:D>" in message["content"]
        assert "credentials" not in message["content"]
        assert (filming.row()["failure"], filming.files()) == (None, ["video.mp4"])
        somebody = filming.state.as_member(filming.state.user("eve"))
        whole = await filming.press(message, GET, member=somebody, attachment_size_limit=50 * MEGABYTE)
        assert filming.fetched(whole) == [noise()]
        cut = await filming.press(message, GET)
        pieces = filming.fetched(cut)
        assert len(pieces) > 1
        assert all(len(piece) <= 10 * MEGABYTE for piece in pieces)
        assert seconds_of(pieces) == pytest.approx(5.0, abs=0.3)
        assert f"in {len(pieces)} pieces without loss" in str(cut.original)
        assert filming.files() == ["video.mp4"]
        assert filming.discord.outcomes() == [message]
        filming.clock.skipped += 8 * DAY
        await client.services.cleanup.tidy()
        assert filming.files() == []
        late = await filming.press(message, GET)
        assert "isn't kept any more" in await late.answer()
        assert filming.fetched(late) == []


async def test_the_full_video_can_be_fetched_after_a_restart(filming: Scene) -> None:
    message = await delivered(filming)
    async with filming.life(Doom()) as client:
        await filming.discord.until(client.services.worker.resumed.is_set)
        whole = await filming.press(message, GET, attachment_size_limit=50 * MEGABYTE)
        assert filming.fetched(whole) == [noise()]


async def test_a_full_video_of_which_no_piece_is_small_enough_ends_in_a_sentence(filming: Scene) -> None:
    async with filming.asked() as client:
        message = await filming.delivered(client)
        pressed = await filming.press(message, GET, attachment_size_limit=MARGIN + 10_000)
        assert "can't be cut into pieces that are small enough" in await pressed.answer()
        assert filming.fetched(pressed) == []
        assert filming.files() == ["video.mp4"]


async def test_a_full_video_that_can_not_be_cut_as_it_is_is_encoded_anew_and_that_is_said(filming: Scene) -> None:
    async with filming.asked() as client:
        message = await filming.delivered(client)
        pressed = await filming.press(message, GET, attachment_size_limit=2 * MEGABYTE)
        pieces = filming.fetched(pressed)
        assert f"in {len(pieces)} pieces; where it couldn't be cut as it is, I encoded it anew" in str(pressed.original)
        assert seconds_of(pieces) == pytest.approx(5.0, abs=0.3)
        assert all(len(piece) <= 2 * MEGABYTE for piece in pieces)


async def test_where_discord_takes_less_than_it_says_the_full_video_is_cut_smaller(filming: Scene) -> None:
    async with filming.asked() as client:
        message = await filming.delivered(client)
        pressed = await filming.press(message, GET, attachment_size_limit=50 * MEGABYTE, really=10 * MEGABYTE)
        assert len(filming.fetched(pressed)) > 1


async def test_a_full_video_whose_message_was_removed_is_gone_too(filming: Scene) -> None:
    async with filming.asked() as client:
        message = await filming.delivered(client)
        await filming.press(message, "Delete")
        assert filming.discord.outcomes() == []
        assert filming.files() == []
        pressed = await filming.press(message, GET)
        assert "isn't kept any more" in await pressed.answer()


async def test_a_reported_video_cannot_be_fetched_until_the_moderators_have_decided(filming: Scene) -> None:
    async with filming.asked() as client:
        message = await filming.delivered(client)
        await filming.press(message, "Report")
        pressed = await filming.press(message, GET)
        assert "the moderators decide about it first" in await pressed.answer()
        assert filming.fetched(pressed) == []
        job_id, guild_id = filming.row()["id"], filming.state.guild_id
        await client.services.reports.decide(guild_id, job_id, "restored", block=False, by=1)
        assert filming.fetched(await filming.press(message, GET))


async def test_a_reported_video_that_is_removed_is_gone_with_its_full_one(filming: Scene) -> None:
    async with filming.asked() as client:
        message = await filming.delivered(client)
        await filming.press(message, "Report")
        await client.services.reports.decide(filming.state.guild_id, filming.row()["id"], "removed", block=False, by=1)
        assert filming.files() == []
        assert filming.discord.outcomes() == []


async def test_a_copy_that_lacks_the_content_credentials_says_where_they_are(filming: Scene) -> None:
    filming.sandbox.runs.studio = LoudStudio(noise(credentials=True))
    message = await delivered(filming)
    assert "content credentials are in the full video only" in message["content"]


@pytest.mark.parametrize(("premium_tier", "really"), [(0, 9), (2, 10), (2, 9)])
async def test_a_server_that_takes_less_than_it_says_gets_a_smaller_copy(
    filming: Scene, premium_tier: int, really: int
) -> None:
    filming.state.premium_tier, filming.state.file_limit = premium_tier, really * MEGABYTE
    (copy,) = filming.bytes_of(await delivered(filming))
    assert len(copy) <= really * MEGABYTE
    assert filming.files() == ["video.mp4"]


async def test_a_server_that_takes_no_copy_gets_one_sentence_and_the_member_the_video(filming: Scene) -> None:
    filming.state.file_limit = MEGABYTE
    async with filming.asked() as client:
        message = await filming.delivered(client)
        assert "is kept for you until" in message["content"]
        assert message["attachments"] == []
        assert filming.files() == ["video.mp4"]
        listed = await filming.discord.people.slash("lipsync jobs")
        assert "could not be posted; the full video is kept until" in await listed.answer()
        assert listed.original
        fetched = await filming.press(
            {**listed.original, "channel_id": str(filming.state.channel_id)},
            f"Get {message['content'][-8:]}",
            attachment_size_limit=50 * MEGABYTE,
        )
        assert filming.fetched(fetched) == [noise()]


async def test_a_copy_that_is_too_much_work_gets_one_sentence(filming: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    async def too_much(*_: object) -> None:
        raise TooMuchWork("it takes too long")

    monkeypatch.setattr(Editor, "shrink", too_much)
    message = await delivered(filming)
    assert "is kept for you until" in message["content"]
    assert filming.files() == ["video.mp4"]


async def test_a_copy_that_breaks_off_is_made_again(filming: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink, left = Editor.shrink, [1]

    async def dies_once(*given: Any) -> None:
        if left:
            left.clear()
            raise Interrupted("reading it failed")
        await shrink(*given)

    monkeypatch.setattr(Editor, "shrink", dies_once)
    message = await delivered(filming)
    assert "so this is a smaller copy" in message["content"]
    assert message["attachments"]


async def test_what_is_no_video_is_fetched_again_and_what_was_looked_into_is_not_looked_into_again(
    filming: Scene,
) -> None:
    (filming.settings.data_folder).mkdir(exist_ok=True)
    looks: list[Path] = []
    async with filming.asked() as client:
        finishing = filming.parts.assembler
        look = finishing.look

        async def spoiled_once(file: Path, owner: Owned) -> object:
            looks.append(file)
            if len(looks) == 1:
                file.write_bytes(b"<html>come back later</html>")
            return await look(file, owner)

        finishing.look = spoiled_once  # type: ignore[assignment]
        message = await filming.delivered(client)
    assert message["attachments"]
    assert [file.name for file in looks[:2]] == ["part-0.mp4"] * 2
    assert len(looks) == 3  # the last by the lane for large files, which finds it on disk


async def test_a_look_that_breaks_off_throws_nothing_away(filming: Scene) -> None:
    async with filming.asked() as client:
        finishing = filming.parts.assembler
        look, looks = finishing.look, list[str]()

        async def dies_once(file: Path, owner: Owned) -> object:
            looks.append(file.name)
            if len(looks) == 2:  # once it is on disk and its address may have ended
                filming.sandbox.faults.add("answer", "GET", "/files/*", status=404, times=1000)
                raise Interrupted("reading it failed")
            return await look(file, owner)

        finishing.look = dies_once  # type: ignore[assignment]
        message = await filming.delivered(client)
    assert message["attachments"]
    assert looks[:3] == ["part-0.mp4", "video.mp4", "video.mp4"]


async def test_a_video_that_no_look_gets_to_the_end_of_is_kept(filming: Scene) -> None:
    async def dies(*_: object) -> object:
        raise Interrupted("reading it failed")

    async with filming.asked() as client:
        filming.parts.assembler.look = dies  # type: ignore[assignment]
        await filming.discord.until(lambda: filming.row()["state"] == "succeeded")
        await filming.discord.until(lambda: "part-0.mp4" in filming.files())
        filming.clock.skipped += 2 * 3600
        await over(client, Doom())
    assert "`/lipsync jobs` hands it out" in filming.told()["content"]
    assert filming.files() == ["part-0.mp4"]


@pytest.mark.parametrize("made", [b"this is no video", b""])
async def test_what_never_is_a_video_ends_in_a_sentence(filming: Scene, made: bytes) -> None:
    filming.sandbox.runs.studio = LoudStudio(made)
    async with filming.asked() as client:
        await filming.discord.until(lambda: filming.row()["state"] == "succeeded")
        filming.clock.skipped += 2 * 3600
        await over(client, Doom())
    assert "couldn't download it" in filming.told()["content"]
    assert filming.row()["failure"] == "result_lost"


async def test_a_video_without_sound_and_of_another_length_is_posted_with_a_word_on_it(filming: Scene) -> None:
    filming.sandbox.runs.studio = LoudStudio(noise(2.0, sound=False))
    message = await delivered(filming)
    assert message["attachments"]
    assert "⚠️ It came back without sound." in message["content"]
    assert "⚠️ It came back 2.0 s long instead of 5.0 s." in message["content"]
