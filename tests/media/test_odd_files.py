"""Files as people have them: each is either understood and made into just what was asked for, or refused in words."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from bot.domain.edits import ClipEdit, SoundEdit
from bot.media.editor import Editor
from bot.media.probe import Probe, Unreadable
from tests.conftest import SOMEBODY
from tests.media.conftest import Make
from tests.media.odd_files import Odd, colour, seen, sound_seconds

VP9: dict[str, Any] = {"video": "libvpx-vp9", "codec_options": {"deadline": "realtime", "cpu-used": "8"}}
X265: dict[str, Any] = {"video": "libx265", "codec_options": {"preset": "ultrafast", "x265-params": "log-level=none"}}
HDR = {"color_trc": 16, "color_primaries": 9, "colorspace": 9}
CLEAR_BLUE = (30, 30, 200, 0)
PIECEMEAL = {"movflags": "frag_keyframe+empty_moov+delay_moov+default_base_moof"}

VIDEOS: dict[str, tuple[Odd, dict[str, Any]]] = {
    "mp4": (Odd(), {"video_codec": "h264", "audio_codec": "aac", "frames_per_second": 25.0}),
    "mov": (Odd(format="mov"), {"video_codec": "h264"}),
    "webm": (Odd(format="webm", audio="libopus", **VP9), {"video_codec": "vp9", "audio_codec": "opus"}),
    "mkv": (Odd(format="matroska"), {"video_codec": "h264", "steady": True}),
    "gif": (
        Odd(format="gif", video="gif", pixels="rgb8", audio=None, rate=10, codec_options={}),
        {"video_codec": "gif", "audio_codec": "", "has_sound": False, "frames_per_second": 10.0},
    ),
    "mp4 in fragments": (Odd(options=PIECEMEAL), {"frames_per_second": 25.0}),
    "mkv that was streamed": (Odd(format="matroska", options={"live": "1"}), {}),
    "without sound": (Odd(audio=None), {"has_sound": False, "sound_seconds": 0.0}),
    "two audio tracks": (Odd(tracks=2), {}),
    "turned left": (Odd(turned=90), {"turned": True, "width": 240, "height": 320}),
    "turned right": (Odd(turned=270), {"turned": True, "width": 240, "height": 320}),
    "upside down": (Odd(turned=180), {"turned": True, "width": 320, "height": 240}),
    "mirrored": (Odd(mirrored=True), {"turned": True}),
    "mirrored and turned": (Odd(turned=90, mirrored=True), {"turned": True, "width": 240, "height": 320}),
    "wide pixels": (Odd(sides=(160, 240), pixel=Fraction(2)), {"width": 320, "height": 240}),
    "variable frame rate": (
        Odd(times=[0, 0.04, 0.08, 0.2, 0.5, 0.54, 0.96]),
        {"steady": False, "frames_per_second": pytest.approx(7.0, abs=0.2)},
    ),
    "240 fps": (Odd(rate=240), {"frames_per_second": 240.0}),
    "0.2 seconds": (Odd(seconds=0.2), {"seconds": pytest.approx(0.2, abs=0.01)}),
    "one picture": (Odd(seconds=0.04, audio=None), {"seconds": pytest.approx(0.04, abs=0.01)}),
    "HDR": (Odd(pixels="yuv420p10le", colours=HDR, **X265), {"deep": True, "video_codec": "hevc"}),
    "10 bits": (Odd(pixels="yuv420p10le", **X265), {"deep": True}),
    "see-through mov": (
        Odd(format="mov", video="qtrle", pixels="argb", background=CLEAR_BLUE, codec_options={}),
        {},
    ),
    "see-through webm": (
        Odd(format="webm", pixels="yuva420p", audio=None, background=CLEAR_BLUE, **VP9),
        {},
    ),
    "8K": (Odd(sides=(7680, 4320), seconds=0.08), {"width": 7680, "height": 4320}),
    "1 x 1": (
        Odd(format="mov", video="png", pixels="rgb24", sides=(1, 1), codec_options={}),
        {"width": 1, "height": 1},
    ),
}
SOUNDS: dict[str, tuple[Odd, dict[str, Any]]] = {
    "mp3": (Odd(format="mp3", video=None, audio="libmp3lame"), {"formats": {"mp3"}, "audio_codec": "mp3"}),
    "mp3 with a cover": (Odd(format="mp3", video=None, audio="libmp3lame", cover=True), {"width": 0}),
    "wav": (Odd(format="wav", video=None, audio="pcm_s16le"), {"formats": {"wav"}, "audio_codec": "pcm_s16le"}),
    "m4a": (Odd(video=None), {"audio_codec": "aac"}),
    "m4a with a cover": (Odd(video=None, cover=True), {"width": 0, "video_codec": ""}),
    "aac": (Odd(format="adts", video=None), {"formats": {"aac"}, "audio_codec": "aac"}),
    "flac": (Odd(format="flac", video=None, audio="flac"), {"formats": {"flac"}, "audio_codec": "flac"}),
    "voice message": (Odd(format="ogg", video=None, audio="libopus"), {"formats": {"ogg", "oga", "opus"}}),
    "telephone": (Odd(format="wav", video=None, audio="pcm_s16le", audio_rate=8_000), {}),
    "0.2 seconds": (Odd(video=None, seconds=0.2), {"seconds": pytest.approx(0.2, abs=0.03)}),
}


@pytest.mark.parametrize("name", VIDEOS)
async def test_a_video_is_understood(name: str, make: Make, probe: Probe) -> None:
    odd, special = VIDEOS[name]
    facts = await probe.look(make(odd), SOMEBODY)
    usual = {
        "width": odd.sides[0],
        "height": odd.sides[1],
        "has_sound": bool(odd.audio),
        "seconds": pytest.approx(odd.seconds, abs=0.041),
        "steady": True,
        "turned": False,
        "deep": False,
    }
    assert {key: getattr(facts, key) for key in usual | special} == usual | special


@pytest.mark.parametrize("name", SOUNDS)
async def test_a_recording_is_understood(name: str, make: Make, probe: Probe) -> None:
    odd, special = SOUNDS[name]
    facts = await probe.look(make(odd), SOMEBODY)
    usual = {"width": 0, "height": 0, "has_sound": True, "seconds": pytest.approx(odd.seconds, abs=0.03)}
    assert {key: getattr(facts, key) for key in usual | special} == usual | special
    assert facts.sound_seconds == facts.seconds


@pytest.mark.parametrize("name", VIDEOS)
async def test_a_clip_becomes_just_what_was_asked_for(
    name: str, make: Make, editor: Editor, probe: Probe, tmp_path: Path
) -> None:
    odd, _ = VIDEOS[name]
    target = tmp_path / "clip"
    seconds = 0.16 if name == "8K" else 2.0
    edit = ClipEdit(seconds=seconds, width=320, height=320, most_bytes=2**20)
    await editor.clip(make(odd), edit, target)
    facts = await probe.look(target, SOMEBODY)
    assert (facts.width, facts.height) == (320, 320)
    assert (facts.video_codec, facts.audio_codec) == ("h264", "aac" if odd.audio else "")
    assert (facts.steady, facts.turned, facts.deep) == (True, False, False)
    assert facts.seconds == pytest.approx(seconds, abs=1 / 25)
    assert 10 <= facts.frames_per_second <= 60
    with av.open(target) as made:
        assert len(made.streams.audio) == (1 if odd.audio else 0)
    assert facts.sound_seconds == pytest.approx(facts.seconds if odd.audio else 0.0, abs=0.025)
    assert target.stat().st_size <= edit.most_bytes
    pictures = seen(target)
    assert pictures[0][0] == 0.0
    corners = {colour(pictures[0][1], x, y) for x in (0.3, 0.7) for y in (0.3, 0.7)}
    if odd.sides == (1, 1):
        assert corners == {"red"}
    elif not odd.colours:  # what HDR looks like is for another test
        assert corners == {"red", "black" if len(odd.background) == 4 else "blue"}


@pytest.mark.parametrize(
    ("odd", "corner"),
    [
        (Odd(), (0.3, 0.3)),
        (Odd(turned=90), (0.3, 0.7)),
        (Odd(turned=180), (0.7, 0.7)),
        (Odd(turned=270), (0.7, 0.3)),
        (Odd(mirrored=True), (0.7, 0.3)),
    ],
)
async def test_a_clip_comes_out_upright(
    odd: Odd, corner: tuple[float, float], make: Make, editor: Editor, tmp_path: Path
) -> None:
    await editor.clip(make(odd), ClipEdit(seconds=0.4, width=320, height=320, most_bytes=2**20), tmp_path / "clip")
    image = seen(tmp_path / "clip")[0][1]
    places = [(x, y) for x in (0.3, 0.7) for y in (0.3, 0.7)]
    assert [place for place in places if colour(image, *place) == "red"] == [corner]


@pytest.mark.parametrize("name", [*SOUNDS, "mp4", "webm", "two audio tracks"])
@pytest.mark.parametrize("form", ["mp3", "wav"])
async def test_a_sound_becomes_just_what_was_asked_for(
    name: str, form: Any, make: Make, editor: Editor, probe: Probe, tmp_path: Path
) -> None:
    odd, _ = (VIDEOS | SOUNDS)[name]
    target = tmp_path / "sound"
    edit = SoundEdit(format=form, seconds=1.7, most_bytes=2**20)
    await editor.sound(make(odd), edit, target)
    facts = await probe.look(target, SOMEBODY)
    assert facts.formats == {form}
    assert facts.audio_codec == {"mp3": "mp3", "wav": "pcm_s16le"}[form]
    assert facts.seconds == pytest.approx(1.7, abs=0.001)
    assert sound_seconds(target) == pytest.approx(1.7, abs=0.001)


@pytest.mark.parametrize("content", [b"", b"just words", b"\x00" * 5000, b"\x00\x00\x00\x18ftypmp42" + b"x" * 200])
async def test_what_is_no_media_is_refused_by_everything(
    content: bytes, editor: Editor, probe: Probe, tmp_path: Path
) -> None:
    file = tmp_path / "clip.mp4"
    file.write_bytes(content)
    edit = ClipEdit(seconds=1, width=320, height=320, most_bytes=2**20)
    for work in (
        probe.look(file, SOMEBODY),
        editor.clip(file, edit, tmp_path / "out"),
        editor.sound(file, SoundEdit(seconds=1, most_bytes=2**20), tmp_path / "out"),
        editor.join([file, file], tmp_path / "out"),
        editor.put_back(file, file, 0, 1, tmp_path / "out"),
        editor.pieces(file, 2**20, tmp_path),
    ):
        with pytest.raises(Unreadable, match=r"^it "):
            await work
    assert list(tmp_path.iterdir()) == [file]


async def test_a_name_says_nothing(make: Make, probe: Probe, tmp_path: Path) -> None:
    for odd, name in ((Odd(), "clip.mp3"), (SOUNDS["mp3"][0], "song.mp4"), (SOUNDS["wav"][0], "x.gif")):
        (tmp_path / name).write_bytes(make(odd).read_bytes())
        assert (await probe.look(tmp_path / name, SOMEBODY)).formats == (await probe.look(make(odd), SOMEBODY)).formats


async def test_a_recording_is_no_clip_and_a_silent_clip_no_sound(make: Make, editor: Editor, tmp_path: Path) -> None:
    edit = ClipEdit(seconds=1, width=320, height=320, most_bytes=2**20)
    with pytest.raises(Unreadable, match="no picture"):
        await editor.clip(make(SOUNDS["mp3"][0]), edit, tmp_path / "out")
    with pytest.raises(Unreadable, match="no sound"):
        await editor.sound(make(Odd(audio=None)), SoundEdit(seconds=1, most_bytes=2**20), tmp_path / "out")


async def test_hdr_keeps_what_is_brighter_apart(make: Make, editor: Editor, tmp_path: Path) -> None:
    """In PQ a code of 0.5 is about 90 nits, nearly the white of an ordinary screen: it must not come out as grey."""
    odd = Odd(pixels="yuv420p10le", colours=HDR, background=(128, 128, 128), seconds=0.2, **X265)
    await editor.clip(make(odd), ClipEdit(seconds=0.2, width=320, height=240, most_bytes=2**20), tmp_path / "clip")
    assert seen(tmp_path / "clip")[0][1].getpixel((300, 200))[1] > 150  # type: ignore[index]
