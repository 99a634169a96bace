"""A wish that doesn't fit as it is: what the person reads, and what one click makes of it; on real files."""

from __future__ import annotations

import asyncio
import errno
import os
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import discord
import pytest
from discord.utils import DEFAULT_FILE_SIZE_LIMIT_BYTES
from simcord.backend.models.channel import Overwrite
from simcord.enums import OverwriteType
from simcord.results import InteractionResult

from bot.domain.ask import Asker
from bot.domain.edits import ClipEdit, SoundEdit
from bot.domain.results import MARGIN
from bot.media.child import MOST_BREAKS, Interrupted
from bot.media.editor import Editor, TooMuchWork
from bot.media.pool import open_pool
from bot.net.faults import Gone, Unwritable
from bot.sandbox.sample import write_sample_audio
from bot.words.refusals.asks import OfferGone
from cogs.offers import moment
from storage.servers.limit_rules import Rule
from tests.canned import real_clip, real_sound
from tests.scripted import until
from tests.world import CLIP, World, answer, open_world

SEND_MESSAGES = discord.Permissions(send_messages=True).value
LINE = "Now I say something else."
LONG = " ".join([LINE] * 8)  # two parts, at RunComfy


async def edited(clip: bytes, edit: ClipEdit) -> bytes:
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "a"), Path(folder, "b")
        source.write_bytes(clip)
        async with open_pool() as pool:
            await Editor(pool).clip(source, edit, target)
        return target.read_bytes()


def long_clip(seconds: float = 13.0) -> bytes:
    """A clip of 720p that is longer than one provider takes."""
    return real_clip(seconds)[1]


async def wish(world: World, **options: Any) -> InteractionResult:
    mode = "audio" if "audio" in options else "text"
    given = {"video": real_clip(4.0), **({"text": LINE, "voice": "en:genshin_vindi2"} if mode == "text" else {})}
    return await world.member.slash(world.channel, f"lipsync {mode}", **{**given, **options})


def labels(result: InteractionResult) -> list[str]:
    assert result.response
    return [str(button["label"]) for row in result.response.components for button in row["components"]]


def words(result: InteractionResult) -> str:
    """What the private message says now."""
    assert result.response
    return str(result.response.content)


async def press(world: World, result: InteractionResult, label: str) -> str:
    assert result.response
    return words(await world.member.click(result.response, label=label))


async def the_video(world: World, folder: Path) -> Path:
    await world.quiet(90)
    (outcome,) = world.outcomes()
    assert len(outcome.attachments) == 1
    made = folder / "made.mp4"
    made.write_bytes(world.file(outcome))
    return made


def picture(file: Path) -> tuple[float, int, int]:
    with av.open(file) as container:
        found = container.streams.video[0]
        assert container.duration
        return container.duration / av.time_base, found.width, found.height


async def small_clip() -> bytes:
    """A clip whose sides are too small for the provider."""
    return await edited(real_clip(4.0)[1], ClipEdit(seconds=4.0, width=640, height=360, most_bytes=2**22))


async def test_a_small_clip_is_scaled_by_one_click(tmp_path: Path) -> None:
    small = await small_clip()
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(world, video=("clip.mp4", small))
        assert "4.0 s, 640×360" in answer(said)
        assert "it takes sides of 720 to 1920 pixels, and the clip has 640×360" in answer(said)
        assert "For RunComfy I can scale the clip" in answer(said)
        assert labels(said) == ["Scale", "Cancel"]
        assert world.sandbox.runs.ledger == []
        assert world.client.services.worker.open_jobs == 0
        assert "is on its way" in await press(world, said, "Scale")
        seconds, *sides = picture(await the_video(world, tmp_path))
        assert sides == [1280, 720]
        assert seconds == pytest.approx(4.0, abs=0.1)


async def test_a_file_that_is_prepared_for_the_thread_leaves_room_for_the_rest_of_its_post(tmp_path: Path) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(world, video=("clip.mp4", long_clip()))
        offer = await world.client.services.asking.offered(world.guild.id, Asker(world.member.id), asked(said))
        clip = offer.request.clip
        assert clip
        assert clip.most_bytes == DEFAULT_FILE_SIZE_LIMIT_BYTES - MARGIN


async def test_of_a_long_clip_the_first_part_is_used_and_the_rest_stays_around_it(tmp_path: Path) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(world, video=("clip.mp4", long_clip()))
        assert "it takes clips of 2 to 10 s, and this one has 13.0 s" in answer(said)
        assert "The rest of the clip stays as it is around it." in answer(said)
        assert labels(said) == ["Use the first 10 s", "Choose part", "Leave out the rest", "Cancel"]
        assert "is on its way" in await press(world, said, "Use the first 10 s")
        assert picture(await the_video(world, tmp_path))[0] == pytest.approx(13.0, abs=0.2)
        (run,) = world.sandbox.runs.ledger
        assert run.seconds == pytest.approx(10.0, abs=0.1)


async def test_a_disk_that_is_full_for_a_while_loses_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_back, left = Editor.put_back, [MOST_BREAKS + 1]

    async def full_at_first(*given: Any) -> None:
        if left[0]:
            left[0] -= 1
            raise Unwritable(os.strerror(errno.ENOSPC))
        await put_back(*given)

    monkeypatch.setattr(Editor, "put_back", full_at_first)
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(world, video=("clip.mp4", long_clip()))
        await press(world, said, "Use the first 10 s")
        assert picture(await the_video(world, tmp_path))[0] == pytest.approx(13.0, abs=0.2)
        assert left == [0]


async def test_a_part_that_is_nearly_the_whole_clip_and_cannot_be_put_back_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_much(*_: object) -> None:
        raise TooMuchWork("it takes too long")

    monkeypatch.setattr(Editor, "put_back", too_much)
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(world, video=("clip.mp4", long_clip(10.6)))
        await press(world, said, "Use the first 10 s")
        assert picture(await the_video(world, tmp_path))[0] == pytest.approx(10.0, abs=0.2)
        (outcome,) = world.outcomes()
        assert "this is the changed part alone" in outcome.content


async def test_credentials_that_get_lost_when_parts_are_put_together_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.delivery.assemble.content_credentials", lambda file: file.name.startswith("part-"))
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(world, video=("clip.mp4", long_clip()))
        await press(world, said, "Use the first 10 s")
        await world.quiet(90)
        (outcome,) = world.outcomes()
        assert "Its content credentials got lost when its parts were put together." in outcome.content


async def test_without_the_rest_only_the_part_comes_back(tmp_path: Path) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(world, video=("clip.mp4", long_clip()))
        assert said.response
        without = await world.member.click(said.response, label="Leave out the rest")
        assert "The rest of the clip is left out." in words(without)
        await press(world, without, "Use the first 10 s")
        assert picture(await the_video(world, tmp_path))[0] == pytest.approx(10.0, abs=0.1)


async def test_another_part_can_be_chosen_and_a_wrong_one_loses_nothing(tmp_path: Path) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(world, video=("clip.mp4", long_clip()))
        for begin, length, words in (("soon", "3", "don't understand “soon”"), ("11", "5", "ends after the clip")):
            assert words in await choose(world, said, begin, length)
        assert "takes 2 to 10 s, and the part that you chose has 12.0 s" in await choose(world, said, "0", "12")
        assert "is on its way" in await choose(world, said, "0:09", "3.5")
        assert picture(await the_video(world, tmp_path))[0] == pytest.approx(13.0, abs=0.2)
        (run,) = world.sandbox.runs.ledger
        assert run.seconds == pytest.approx(3.5, abs=0.1)


async def choose(world: World, said: InteractionResult, begin: str, length: str) -> str:
    assert said.response
    form = await world.member.click(said.response, label="Choose part")
    assert form.modal
    assert form.modal["components"][1]["description"] == "In seconds; RunComfy takes 2 to 10 s"
    fields = [part["component"]["custom_id"] for part in form.modal["components"]]
    return words(await world.member.submit_modal(form, dict(zip(fields, (begin, length), strict=True))))


async def test_a_voice_message_is_converted_and_cut_to_the_clip(tmp_path: Path) -> None:
    with TemporaryDirectory() as folder:
        voice = Path(folder, "voice.ogg")
        write_ogg(voice, "This is a voice message, and it goes on for rather longer than the clip does, as they do.")
        spoken = voice.read_bytes()
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(world, audio=("voice-message.ogg", spoken), video=real_clip(2.0))
        assert "the recording is a .ogg file" in answer(said)
        assert "fit the clip" in answer(said)
        assert labels(said) == ["Cut the recording to 2.0 s", "Cancel"]
        await press(world, said, "Cut the recording to 2.0 s")
        assert picture(await the_video(world, tmp_path))[0] == pytest.approx(2.0, abs=0.1)


def write_ogg(path: Path, text: str) -> None:
    mp3 = path.with_suffix(".mp3")
    write_sample_audio(mp3, text)
    with av.open(mp3) as source, av.open(path, "w", format="ogg") as target:
        stream = target.add_stream("libopus", rate=48000)
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))


def asked(said: InteractionResult) -> int:
    """The id of the command that the card is about, from one of its buttons."""
    assert said.response
    return int(said.response.components[0]["components"][0]["custom_id"].split(":")[3])


async def test_what_is_cancelled_or_pressed_by_somebody_else_makes_nothing(tmp_path: Path) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(world, video=("clip.mp4", long_clip()))
        with pytest.raises(OfferGone):
            await world.client.services.asking.mend(
                world.guild.id, Asker(world.moderator.id), asked(said), rest=True, part=None
            )
        command = asked(said)
        assert "Nothing was made" in await press(world, said, "Cancel")
        with pytest.raises(OfferGone):
            await world.client.services.asking.mend(
                world.guild.id, Asker(world.member.id), command, rest=True, part=None
            )
        assert world.sandbox.runs.ledger == []
        assert not list((tmp_path / "intake").iterdir())


async def test_the_size_that_discord_claims_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        cdn, clip = world.env.backend.cdn, real_clip(4.0)
        store = cdn.store_attachment
        monkeypatch.setattr(cdn, "store_attachment", lambda *given: {**store(*given), "size": 10})
        await world.add_key()
        assert "is on its way" in answer(await wish(world, video=clip))
        (job,) = await world.client.services.ledger.jobs(world.guild.id)
        assert job.request.video.size == len(clip[1])
        await world.quiet(90)


async def test_what_no_fix_helps_is_refused_with_every_reason(tmp_path: Path) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(world, video=("voice.mp3", real_sound()))
        assert "the clip has no picture" in answer(said)
        assert labels(said) == []
        assert not list((tmp_path / "intake").iterdir())


@pytest.mark.parametrize(("typed", "seconds"), [("12", 12.0), (" 12.5 ", 12.5), ("1:05", 65.0), ("0:09,25", 9.25)])
def test_a_moment_is_read_as_people_type_it(typed: str, seconds: float) -> None:
    assert moment(typed) == seconds


async def sound_of(seconds: float) -> bytes:
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "a"), Path(folder, "b")
        source.write_bytes(real_sound())
        async with open_pool() as pool:
            await Editor(pool).sound(source, SoundEdit(seconds=seconds, most_bytes=2**20), target)
        return target.read_bytes()


def sent(world: World) -> list[float]:
    """How long the recordings are that the provider got, in seconds."""
    lengths = []
    for run in world.sandbox.runs.ledger:
        data = world.env.backend.cdn.get(run.order.audio_url)
        assert data
        with av.open(BytesIO(data), "r") as container:
            lengths.append(sum(frame.samples for frame in container.decode(audio=0)) / container.streams.audio[0].rate)
    return lengths


@pytest.mark.parametrize(("shorter", "seconds"), [("again", 6.0), ("silence", 6.0), (None, 2.0)])
async def test_a_shorter_recording_is_followed_by_what_somebody_wants_until_the_clip_ends(
    tmp_path: Path, shorter: str | None, seconds: float
) -> None:
    chosen = {"shorter": shorter} if shorter else {}
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(
            world, video=("clip.mp4", real_clip(6.0)[1]), audio=("voice.mp3", await sound_of(2.0)), **chosen
        )
        assert "is on its way" in answer(said)
        await the_video(world, tmp_path)
        assert sent(world) == [pytest.approx(seconds, abs=0.1)]


async def test_a_block_at_the_press_is_said_above_the_card_which_stays(world: World) -> None:
    await world.add_key()
    said = await wish(world, video=CLIP, text=LONG)
    server_rules = world.client.services.server_rules
    await server_rules.block(world.guild.id, world.member.id, "for a test", by=1)
    refused = await press(world, said, "Make 2 parts")
    assert "moderators don't let you use me" in refused
    assert "For RunComfy I can speak the text in parts" in refused
    await server_rules.unblock(world.guild.id, world.member.id, by=1)
    assert "is on its way" in await press(world, said, "Make 2 parts")
    await world.quiet()


async def test_a_limit_at_the_press_is_said_above_the_card_which_stays(world: World) -> None:
    await world.add_key()
    said = await wish(world, video=CLIP, text=LONG)
    server_rules = world.client.services.server_rules
    await server_rules.put(world.guild.id, Rule("everyone", 0, "seconds", "day", 1), by=1)
    refused = await press(world, said, "Make 2 parts")
    assert "and the limit is 1 s of video a day" in refused
    assert "For RunComfy I can speak the text in parts" in refused
    await server_rules.remove(world.guild.id, "everyone", 0, "seconds", "day", by=1)
    assert "is on its way" in await press(world, said, "Make 2 parts")
    await world.quiet()


async def test_a_job_that_cannot_be_shown_has_ended_and_is_not_offered_again(world: World) -> None:
    await world.add_key()
    said = await wish(world, video=CLIP, text=LONG)
    command = asked(said)
    assert world.client.user
    may_not_post = Overwrite(world.client.user.id, OverwriteType.MEMBER, deny=SEND_MESSAGES)
    world.env.backend.set_overwrite(world.channel.id, may_not_post)
    assert said.response
    refused = await world.member.click(said.response, label="Make 2 parts")
    assert "I can't work in" in words(refused)
    assert labels(refused) == []
    (job,) = await world.client.services.ledger.jobs(world.guild.id)
    assert (job.failure, job.counted_at) == ("cannot_post", None)
    with pytest.raises(OfferGone):
        await world.client.services.asking.mend(world.guild.id, Asker(world.member.id), command, rest=True, part=None)


async def test_a_file_that_takes_too_much_work_ends_the_job_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        said = await wish(world, video=("clip.mp4", long_clip()))

        async def hopeless(_: Editor, source: Path, edit: ClipEdit, target: Path) -> None:  # noqa: ARG001
            raise TooMuchWork("it takes too long")

        monkeypatch.setattr(Editor, "clip", hopeless)
        await press(world, said, "Use the first 10 s")
        await world.quiet()
        (outcome,) = world.outcomes()
        assert "couldn't prepare the files" in outcome.content
        assert "Nothing was charged" in outcome.content


async def test_forgetting_a_person_and_time_throw_away_what_waits_for_their_yes(tmp_path: Path) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        incoming = tmp_path / "intake"
        clip = ("clip.mp4", long_clip())
        await wish(world, video=clip)
        assert len(list(incoming.iterdir())) == 1
        await world.client.services.privacy.forget(world.member.id)
        assert not list(incoming.iterdir())
        await wish(world, video=clip)
        assert len(list(incoming.iterdir())) == 1
        world.clock._begin -= 1000.0  # the monotonic clock goes on
        await until(lambda: not list(incoming.iterdir()))


async def test_a_job_whose_files_are_being_prepared_is_cancelled_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, begun = await small_clip(), asyncio.Event()

    async def endless(*_: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(Editor, "clip", endless)
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        await press(world, await wish(world, video=("clip.mp4", small)), "Scale")
        await asyncio.wait_for(begun.wait(), 60)
        assert "is cancelled" in answer(await world.member.click(world.card(), label="Cancel"))
        await world.quiet()
        assert "Nothing was charged" in world.outcomes()[0].content
        assert world.sandbox.runs.ledger == []


@pytest.mark.parametrize("work", ["clip", "put_back"])
async def test_work_that_breaks_off_once_is_begun_again(
    work: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = long_clip()
    do, left = getattr(Editor, work), [1]

    async def dies_once(*given: Any) -> None:
        if left:
            left.clear()
            raise Interrupted("reading it failed")
        await do(*given)

    monkeypatch.setattr(Editor, work, dies_once)
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        await press(world, await wish(world, video=("clip.mp4", long)), "Use the first 10 s")
        assert picture(await the_video(world, tmp_path))[0] == pytest.approx(13.0, abs=0.3)
        assert not left


async def test_a_clip_whose_preparing_always_breaks_off_ends_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, tries = await small_clip(), list[object]()

    async def dies(*given: object) -> None:
        tries.append(given)
        raise Interrupted("reading it failed")

    monkeypatch.setattr(Editor, "clip", dies)
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        await press(world, await wish(world, video=("clip.mp4", small)), "Scale")
        await world.quiet(90)
        assert "I couldn't prepare the files" in world.outcomes()[0].content
        assert len(tries) == 3


async def test_a_result_that_is_on_disk_is_not_asked_for_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_back, left = Editor.put_back, [1]

    async def dies_once(*given: Any) -> None:
        if left:
            left.clear()
            raise Interrupted("reading it failed")
        await put_back(*given)

    async def forgotten(*_: object) -> None:
        raise Gone("404")

    monkeypatch.setattr(Editor, "put_back", dies_once)
    monkeypatch.setattr("bot.jobs.steps.poll.Poll.yields_again", forgotten)
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        await press(world, await wish(world, video=("clip.mp4", long_clip())), "Use the first 10 s")
        assert picture(await the_video(world, tmp_path))[0] == pytest.approx(13.0, abs=0.2)


async def test_a_job_that_is_being_put_together_says_at_once_that_it_cannot_be_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, done = asyncio.Event(), asyncio.Event()
    put_back = Editor.put_back

    async def slow(*given: Any) -> None:
        begun.set()
        await done.wait()
        await put_back(*given)

    monkeypatch.setattr(Editor, "put_back", slow)
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        await press(world, await wish(world, video=("clip.mp4", long_clip())), "Use the first 10 s")
        await asyncio.wait_for(begun.wait(), 60)
        (job,) = await world.client.services.ledger.jobs(world.guild.id)
        ended = await world.client.services.asking.cancel(
            world.guild.id, job.id, member_id=world.member.id, is_moderator=False
        )
        assert ended.state == "succeeded"
        await until(lambda: "I'm getting it ready to be posted" in world.card_text())
        done.set()
        assert picture(await the_video(world, tmp_path))[0] == pytest.approx(13.0, abs=0.2)
