"""The engine really answers: same picture, new sound, and a mark."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest

from bot.sandbox.engine import NotVideo, render
from bot.sandbox.sample import write_sample_audio, write_sample_clip
from bot.sandbox.sound import RATE, NotSound, add_sound, encode, samples_of
from bot.sandbox.speech import VARIANTS, Speech, person, speak
from bot.voices import LANGUAGES, catalogue


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    write_sample_clip(path, 4.0)
    return path


def tone(frequency: float, seconds: float) -> Speech:
    samples = b"".join(
        round(12_000 * math.sin(2 * math.pi * frequency * i / RATE)).to_bytes(2, "little", signed=True)
        for i in range(round(seconds * RATE))
    )
    return Speech(samples, RATE)


def strength(path: Path, frequency: float) -> float:
    """How much of this frequency is in the first second (Goertzel)."""
    turn = 2 * math.cos(2 * math.pi * frequency / RATE)
    before = last = 0.0
    for sample in memoryview(samples_of(path)).cast("h")[:RATE]:
        before, last = last, sample + turn * last - before
    return math.sqrt(before**2 + last**2 - turn * before * last)


def brightest_corner(path: Path) -> int:
    """The yellow of the mark: the highest red value in the corner where it stands."""
    with av.open(path) as container:
        image = next(container.decode(video=0)).to_image()  # type: ignore[no-untyped-call]
    corner = image.crop((0, 0, 280, 120))
    return int(corner.getextrema()[0][1])


def test_the_sample_clip_is_what_providers_take(clip: Path) -> None:
    with av.open(clip) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert (picture.width, picture.height, picture.codec_context.name) == (1280, 720, "h264")
        assert sound.codec_context.name == "aac"
        assert container.duration == pytest.approx(4 * av.time_base, abs=0.1 * av.time_base)
    assert max(memoryview(samples_of(clip)).cast("h")) > 2000


def test_the_mouth_of_the_sample_moves(clip: Path) -> None:
    with av.open(clip) as container:
        mouths = [
            frame.to_image().crop((560, 400, 720, 560)).tobytes()  # type: ignore[no-untyped-call]
            for frame in container.decode(video=0)
        ]
    assert len(set(mouths)) > 3


def test_the_new_sound_replaces_the_old_at_the_same_length_and_size(clip: Path, tmp_path: Path) -> None:
    render(clip, tone(440, 10), tmp_path / "out.mp4")
    with av.open(tmp_path / "out.mp4") as made:
        assert (made.streams.video[0].width, made.streams.video[0].height) == (1280, 720)
        assert made.streams.video[0].frames == 100
        assert made.duration == pytest.approx(4 * av.time_base, abs=0.1 * av.time_base)
    assert strength(tmp_path / "out.mp4", 440) > 20 * strength(clip, 440)
    assert strength(tmp_path / "out.mp4", 440) > 20 * strength(tmp_path / "out.mp4", 1000)


def test_a_short_sound_is_followed_by_silence(clip: Path, tmp_path: Path) -> None:
    render(clip, tone(440, 1), tmp_path / "out.mp4")
    heard = memoryview(samples_of(tmp_path / "out.mp4")).cast("h")
    assert max(heard[: RATE // 2]) > 5000
    assert max(heard[2 * RATE : 3 * RATE]) < 100


def test_a_recording_in_each_usual_format_can_be_given(clip: Path, tmp_path: Path) -> None:
    for ending in ("mp3", "wav", "m4a"):
        recording = tmp_path / f"voice.{ending}"
        write_sample_audio(recording, "Testing, one, two.")
        render(clip, recording, tmp_path / "out.mp4")
        assert max(memoryview(samples_of(tmp_path / "out.mp4")).cast("h")) > 2000


def test_the_result_is_visibly_marked(clip: Path, tmp_path: Path) -> None:
    render(clip, tone(440, 1), tmp_path / "out.mp4")
    assert brightest_corner(tmp_path / "out.mp4") > 200
    assert brightest_corner(clip) < 100


def test_a_clip_without_sound_gets_one(clip: Path, tmp_path: Path) -> None:
    with av.open(clip) as source, av.open(tmp_path / "mute.mp4", "w") as target:
        picture = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                target.mux(packet)
    render(tmp_path / "mute.mp4", tone(440, 1), tmp_path / "out.mp4")
    assert max(memoryview(samples_of(tmp_path / "out.mp4")).cast("h")) > 5000


def test_what_is_no_video_or_no_sound_is_refused(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"junk" * 100)
    with pytest.raises(NotVideo):
        render(tmp_path / "junk", tone(440, 1), tmp_path / "out.mp4")
    with pytest.raises(NotSound):
        render(clip, tmp_path / "junk", tmp_path / "out.mp4")
    write_sample_audio(tmp_path / "voice.mp3", "Hello")
    with pytest.raises(NotVideo):
        render(tmp_path / "voice.mp3", tone(440, 1), tmp_path / "out.mp4")


def test_each_voice_sounds_like_somebody_else() -> None:
    spoken = {voice: speak("The same words.", voice, "en").samples for voice in ("AOT", "uk_boy1", "oversea_male1")}
    assert len(set(spoken.values())) == 3


def test_speed_and_language_are_heard() -> None:
    assert speak("The same words.", "AOT", "en", 2.0).seconds < 0.7 * speak("The same words.", "AOT", "en").seconds
    assert speak("你好", "AOT", "zh").seconds > 0.2


def odd_clip(path: Path, width: int = 321, height: int = 241, *, begins: float = 0.0, sound: bool = True) -> Path:
    """Two seconds of grey, with sides and a beginning as given."""
    with av.open(path, "w", format="mov") as target:
        picture = target.add_stream("mpeg4", rate=25)
        picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
        picture.codec_context.time_base = Fraction(1, 25)
        voice = add_sound(target) if sound else None
        for number in range(50):
            frame = av.VideoFrame(width, height, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([128]) * plane.buffer_size)
            frame.pts, frame.time_base = number + round(begins * 25), Fraction(1, 25)
            target.mux(picture.encode(frame))
        target.mux(picture.encode(None))
        if voice:
            encode(samples_of(tone(300, 2.0)), target, voice)
    return path


def turned(path: Path) -> Path:
    """The same file, which says of itself that it is to be shown turned by a quarter."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    data[at : at + 36] = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
    path.write_bytes(data)
    return path


def sides_and_seconds(path: Path) -> tuple[int, int, float]:
    with av.open(path) as container:
        picture = container.streams.video[0]
        assert container.duration is not None
        return picture.width, picture.height, container.duration / av.time_base


def test_uneven_sides_become_even(tmp_path: Path) -> None:
    render(odd_clip(tmp_path / "odd.mov"), tone(440, 2.0), tmp_path / "made.mp4")
    assert sides_and_seconds(tmp_path / "made.mp4")[:2] == (322, 242)


def test_a_picture_that_begins_late_comes_back_as_long_as_it_is(tmp_path: Path) -> None:
    render(odd_clip(tmp_path / "late.mov", begins=1.0), tone(440, 2.0), tmp_path / "made.mp4")
    assert sides_and_seconds(tmp_path / "made.mp4")[2] == pytest.approx(2.0, abs=0.1)


def test_a_clip_that_is_turned_comes_back_upright(tmp_path: Path) -> None:
    render(turned(odd_clip(tmp_path / "turned.mov", 320, 240)), tone(440, 2.0), tmp_path / "made.mp4")
    assert sides_and_seconds(tmp_path / "made.mp4")[:2] == (240, 320)


def test_a_part_of_the_sound_is_put_where_it_is_wanted(tmp_path: Path) -> None:
    clip = odd_clip(tmp_path / "clip.mov")
    render(clip, tone(440, 2.0), tmp_path / "first.mp4", span=(0, 500, 0))
    render(clip, tone(440, 2.0), tmp_path / "later.mp4", span=(0, 500, 1400))
    first = strength(tmp_path / "first.mp4", 440)
    assert first > 10 * strength(tmp_path / "later.mp4", 440)


def test_the_clips_own_sound_stays_as_loud_as_it_is_wanted(tmp_path: Path) -> None:
    clip = odd_clip(tmp_path / "clip.mov")
    loud = []
    for own in (0.0, 0.5, 1.0):
        render(clip, tone(440, 2.0), tmp_path / "made.mp4", volumes=(1.0, own))
        assert strength(tmp_path / "made.mp4", 440) > 1e7
        loud.append(strength(tmp_path / "made.mp4", 300))
    assert loud[0] < loud[1] / 10
    assert loud[2] == pytest.approx(2 * loud[1], rel=0.2)


def test_a_silent_clip_has_no_own_sound_to_keep(tmp_path: Path) -> None:
    clip = odd_clip(tmp_path / "clip.mov", sound=False)
    render(clip, tone(440, 2.0), tmp_path / "made.mp4", volumes=(1.0, 1.0))
    assert strength(tmp_path / "made.mp4", 440) > 1e7


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_two_voices_of_a_language_sound_alike(language: str) -> None:
    voices = [voice.id for voice in catalogue().values() if voice.language == language]
    assert len({person(voice, language) for voice in voices}) == len(voices)
    variant, pitch = person(voices[-1], language)
    assert variant in VARIANTS
    assert pitch <= 99


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_is_spoken(language: str) -> None:
    voice = next(voice.id for voice in catalogue().values() if voice.language == language)
    speech = speak("Mama, 123", voice, language)
    assert speech.seconds > 0.3
    assert max(memoryview(speech.samples).cast("h")) > 1000
