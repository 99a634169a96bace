"""The engine really answers: same picture, new sound, and a mark."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops

from bot.sandbox.engine import NotVideo, as_frame, render
from bot.sandbox.sample import write_sample_audio, write_sample_clip
from bot.sandbox.sound import RATE, NotSound, add_sound, encode, mixed, samples_of
from bot.sandbox.speech import Speech


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


def changed(before: Path, after: Path) -> Image.Image:
    """Where the first pictures of two clips clearly differ."""
    pictures = []
    for path in (before, after):
        with av.open(path) as container:
            pictures.append(next(container.decode(video=0)).to_image())  # type: ignore[no-untyped-call]
    return ImageChops.difference(*pictures).convert("L").point(lambda level: 255 if level > 24 else 0)


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


def test_the_result_is_marked_in_the_lower_right_corner_and_nowhere_else(clip: Path, tmp_path: Path) -> None:
    render(clip, tone(440, 1), tmp_path / "out.mp4")
    marked = changed(clip, tmp_path / "out.mp4")
    corner = marked.crop((1280 - 160, 720 - 60, 1280, 720))
    assert corner.histogram()[255] > 500
    assert corner.histogram()[255] >= 0.95 * marked.histogram()[255]
    assert marked.crop((440, 80, 840, 560)).getbbox() is None  # the face


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


EVENLY = tuple(40 * number for number in range(50))


def odd_clip(
    path: Path, width: int = 321, height: int = 241, *, times: tuple[int, ...] = EVENLY, sound: bool = True
) -> Path:
    """Grey pictures at these times (in ms), white in their upper left corner, and two seconds of 300 Hz."""
    with av.open(path, "w", format="mov") as target:
        picture = target.add_stream("mpeg4", rate=25)
        picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
        picture.codec_context.time_base = Fraction(1, 1000)
        voice = add_sound(target) if sound else None
        grey = Image.new("L", (width, height), 128)
        grey.paste(255, (0, 0, width // 4, height // 4))
        for time in times:
            frame = as_frame(grey.convert("RGB")).reformat(format="yuv420p")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            target.mux(picture.encode(frame))
        target.mux(picture.encode(None))
        if voice:
            encode(samples_of(tone(300, 2.0)), target, voice)
    return path


def shown(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """The same file, which says of itself that it is to be shown turned or mirrored."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (number << 16 for number in matrix)
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def white_corner(path: Path) -> str:
    """Where the white corner of the first picture is; the mark leaves the outermost pixels free."""
    with av.open(path) as container:
        image = next(container.decode(video=0)).to_image().convert("L")  # type: ignore[no-untyped-call]
    right, bottom = image.width - 3, image.height - 3
    places = {
        "upper left": (2, 2),
        "upper right": (right, 2),
        "lower left": (2, bottom),
        "lower right": (right, bottom),
    }
    [white] = [name for name, at in places.items() if image.getpixel(at) > 200]
    return white


def loudest(path: Path, start: float, end: float) -> int:
    """The highest sample between two moments, in seconds."""
    return max(memoryview(samples_of(path)).cast("h")[round(start * RATE) : round(end * RATE)])


def sides_and_seconds(path: Path) -> tuple[int, int, float]:
    with av.open(path) as container:
        picture = container.streams.video[0]
        assert container.duration is not None
        return picture.width, picture.height, container.duration / av.time_base


def test_uneven_sides_become_even(tmp_path: Path) -> None:
    render(odd_clip(tmp_path / "odd.mov"), tone(440, 2.0), tmp_path / "made.mp4")
    assert sides_and_seconds(tmp_path / "made.mp4") == (322, 242, 2.0)


def test_a_picture_that_begins_late_comes_back_as_long_as_it_is(tmp_path: Path) -> None:
    late = odd_clip(tmp_path / "late.mov", times=tuple(1000 + time for time in EVENLY))
    render(late, tone(440, 2.0), tmp_path / "made.mp4", volumes=(0.0, 1.0))
    assert sides_and_seconds(tmp_path / "made.mp4")[2] == 2.0
    assert loudest(tmp_path / "made.mp4", 0.2, 0.9) > 5000
    assert loudest(tmp_path / "made.mp4", 1.2, 2.0) < 100  # its own sound began a second before its picture


def test_a_clip_of_uneven_pace_keeps_the_time_of_each_picture_and_its_length(tmp_path: Path) -> None:
    times = (0, 40, 80, 500, 520, 1000, 1500, 1510, 1960)
    render(odd_clip(tmp_path / "uneven.mov", times=times), tone(440, 2.0), tmp_path / "made.mp4")
    with av.open(tmp_path / "made.mp4") as made:
        found = [round(1000 * (frame.time or 0.0)) for frame in made.decode(video=0)]
    assert found == list(times)
    assert sides_and_seconds(tmp_path / "made.mp4")[2] == 2.0


def test_the_picture_is_seen_through_the_mark(tmp_path: Path) -> None:
    clip = odd_clip(tmp_path / "clip.mov", 320, 240)
    levels = []
    for matrix in ((1, 0, 0, 1), (-1, 0, 0, -1)):  # what lies under the mark is grey, then white
        render(shown(clip, matrix), tone(440, 1), tmp_path / "made.mp4")
        with av.open(tmp_path / "made.mp4") as container:
            image = next(container.decode(video=0)).to_image().convert("L")  # type: ignore[no-untyped-call]
        levels.append(image.getpixel((320 - 12, 240 - 12)))
    grey, white = levels
    assert 60 < grey < 115
    assert grey + 50 < white < 220


@pytest.mark.parametrize(
    ("matrix", "corner"),
    [
        ((1, 0, 0, 1), "upper left"),
        ((0, 1, -1, 0), "upper right"),
        ((-1, 0, 0, -1), "lower right"),
        ((0, -1, 1, 0), "lower left"),
        ((-1, 0, 0, 1), "upper right"),
        ((1, 0, 0, -1), "lower left"),
        ((0, 1, 1, 0), "upper left"),
        ((0, -1, -1, 0), "lower right"),
    ],
)
def test_a_clip_comes_back_as_it_is_to_be_shown(tmp_path: Path, matrix: tuple[int, int, int, int], corner: str) -> None:
    clip = shown(odd_clip(tmp_path / "turned.mov", 320, 240, times=(0, 40)), matrix)
    render(clip, tone(440, 0.1), tmp_path / "made.mp4")
    assert sides_and_seconds(tmp_path / "made.mp4")[:2] == ((320, 240) if matrix[0] else (240, 320))
    assert white_corner(tmp_path / "made.mp4") == corner


def test_a_part_of_the_sound_is_put_where_it_is_wanted(tmp_path: Path) -> None:
    late = Speech(bytes(2 * RATE) + tone(440, 1.0).samples, RATE)
    render(odd_clip(tmp_path / "clip.mov"), late, tmp_path / "made.mp4", span=(1000, 1500, 700))
    assert loudest(tmp_path / "made.mp4", 0.0, 0.6) < 100
    assert loudest(tmp_path / "made.mp4", 0.75, 0.85) > 5000
    assert loudest(tmp_path / "made.mp4", 1.05, 1.15) > 5000
    assert loudest(tmp_path / "made.mp4", 1.3, 2.0) < 100


def test_a_sound_without_an_end_is_used_until_the_clips(tmp_path: Path) -> None:
    render(odd_clip(tmp_path / "clip.mov"), tone(440, 5.0), tmp_path / "made.mp4", span=(500, None, 1000))
    assert sides_and_seconds(tmp_path / "made.mp4")[2] == 2.0
    assert loudest(tmp_path / "made.mp4", 0.0, 0.9) < 100
    assert loudest(tmp_path / "made.mp4", 1.8, 1.9) > 5000


def test_both_sounds_are_as_loud_as_they_are_wanted(tmp_path: Path) -> None:
    clip = odd_clip(tmp_path / "clip.mov")
    new, own = {}, {}
    for volumes in ((1.0, 0.0), (1.0, 0.5), (0.5, 1.0), (0.0, 1.0)):
        render(clip, tone(440, 2.0), tmp_path / "made.mp4", volumes=volumes)
        new[volumes], own[volumes] = strength(tmp_path / "made.mp4", 440), strength(tmp_path / "made.mp4", 300)
    assert own[1.0, 0.0] < own[1.0, 0.5] / 10
    assert own[0.5, 1.0] == pytest.approx(2 * own[1.0, 0.5], rel=0.2)
    assert new[1.0, 0.5] == pytest.approx(2 * new[0.5, 1.0], rel=0.2)
    assert new[0.0, 1.0] < new[0.5, 1.0] / 10


def test_an_own_sound_that_is_not_wanted_makes_no_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.sandbox.engine.own_samples", lambda *_: pytest.fail("it was decoded"))
    render(odd_clip(tmp_path / "clip.mov"), tone(440, 2.0), tmp_path / "made.mp4", volumes=(2.0, 0.0))
    assert loudest(tmp_path / "made.mp4", 0.5, 1.5) > 20_000


def test_what_is_too_loud_is_clipped() -> None:
    loud = struct.pack("<4h", 30_000, -30_000, 100, -100)
    assert struct.unpack("<4h", mixed(loud, 2.0, loud, 2.0)) == (32_767, -32_768, 400, -400)
    assert struct.unpack("<4h", mixed(loud, 2.0, b"", 1.0)) == (32_767, -32_768, 200, -200)


def test_a_silent_clip_has_no_own_sound_to_keep(tmp_path: Path) -> None:
    clip = odd_clip(tmp_path / "clip.mov", sound=False)
    render(clip, tone(440, 2.0), tmp_path / "made.mp4", volumes=(1.0, 1.0))
    assert strength(tmp_path / "made.mp4", 440) > 1e7
