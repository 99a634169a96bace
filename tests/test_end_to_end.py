"""From the slash command to the mp4 in the thread, on real files; the mp4 is opened."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import av
import pytest

from bot.domain.voices import voices_of
from bot.sandbox.sample import write_sample_audio, write_sample_clip
from bot.sandbox.sound import RATE, samples_of
from tests.providers.samples import Sample, all_samples
from tests.world import World, open_world


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    write_sample_clip(path, 4.0)
    return path


def loudness(samples: bytes) -> list[float]:
    """How loud each tenth of a second is."""
    heard = memoryview(samples).cast("h")
    width = RATE // 10
    return [
        math.sqrt(sum(s * s for s in heard[i : i + width : 5]) / width * 5) for i in range(0, len(heard) - width, width)
    ]


def likeness(one: list[float], other: list[float]) -> float:
    """The correlation of two loudness curves, the best over small shifts (codecs add some delay)."""

    def at(shift: int) -> float:
        mine, theirs = one[max(0, shift) :], other[max(0, -shift) :]
        both = min(len(mine), len(theirs))
        return statistics.correlation(mine[:both], theirs[:both])

    return max(at(shift) for shift in (-1, 0, 1))


def assert_same_picture_new_sound(made: Path, clip: Path) -> None:
    with av.open(made) as new, av.open(clip) as old:
        assert (new.streams.video[0].width, new.streams.video[0].height) == (1280, 720)
        assert new.duration is not None
        assert old.duration is not None
        assert abs(new.duration - old.duration) < 0.1 * av.time_base
        assert new.streams.video[0].codec_context.name == "h264"
        assert new.streams.audio[0].codec_context.name == "aac"
    assert likeness(loudness(samples_of(made)), loudness(samples_of(clip))) < 0.6


async def the_video(world: World, folder: Path) -> Path:
    await world.quiet()
    (outcome,) = world.outcomes()
    assert outcome.content.startswith(world.member.mention)
    (attachment,) = outcome.attachments
    target = folder / attachment.filename
    target.write_bytes(world.file(outcome))
    return target


PROVIDERS = [pytest.param(sample, id=sample.provider.name) for sample in all_samples()]


async def with_key(world: World, sample: Sample) -> None:
    """A moderator fills the provider's key form."""
    values = [sample.credentials.get(part.name, "") for part in sample.provider.credentials]
    assert "works and is saved" in await world.fill_key_form(sample.provider.name, values)


def english_voice(sample: Sample) -> str:
    return next(key for key in voices_of(sample.provider.name) if key.startswith("en:"))


@pytest.mark.parametrize("sample", PROVIDERS)
async def test_a_text_becomes_a_video_that_says_it(sample: Sample, tmp_path: Path, clip: Path) -> None:
    line = "Now I say something else, slowly."
    async with open_world(tmp_path, rendering=True) as world:
        await with_key(world, sample)
        said = await world.text(video=("clip.mp4", clip.read_bytes()), text=line, voice=english_voice(sample))
        assert "is on its way" in said
        made = await the_video(world, tmp_path)
    assert_same_picture_new_sound(made, clip)
    assert max(loudness(samples_of(made))) > 500


@pytest.mark.parametrize("sample", PROVIDERS)
async def test_a_recording_becomes_a_video_that_says_it(sample: Sample, tmp_path: Path, clip: Path) -> None:
    recording = tmp_path / "voice.mp3"
    write_sample_audio(recording, "One. Two. And, finally, three.")
    async with open_world(tmp_path, rendering=True) as world:
        await with_key(world, sample)
        said = await world.audio(video=("clip.mp4", clip.read_bytes()), audio=("voice.mp3", recording.read_bytes()))
        assert "is on its way" in said
        made = await the_video(world, tmp_path)
    assert_same_picture_new_sound(made, clip)
    assert likeness(loudness(samples_of(made)), loudness(samples_of(recording, 4.0))) > 0.9


async def test_a_text_in_the_place_of_a_clip_or_a_recording_is_called_by_what_it_is(tmp_path: Path, clip: Path) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        assert "“notes.txt”: it is not a video or a recording" in await world.text(video=("notes.txt", b"just words"))
        said = await world.audio(video=("clip.mp4", clip.read_bytes()), audio=("notes.txt", b"just words"))
        assert "“notes.txt”: it is not a video or a recording" in said


async def test_files_that_are_no_media_are_refused_before_anything_is_sent(tmp_path: Path, clip: Path) -> None:
    async with open_world(tmp_path, rendering=True) as world:
        await world.add_key()
        assert "I can't use “clip.mp4”: it is not a video or a recording" in await world.text()
        said = await world.audio(video=("clip.mp4", clip.read_bytes()))
        assert "I can't use “voice.mp3”: it is not a video or a recording" in said
        said = await world.audio(video=("clip.mp4", clip.read_bytes()), audio=("voice.mp3", clip.read_bytes()))
        assert "the recording is named .mp3 and is really m4a, m4v, mov or mp4" in said
        assert world.sandbox.runs.ledger == []
        assert world.client.services.worker.open_jobs == 0
