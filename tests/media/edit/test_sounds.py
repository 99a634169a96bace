"""The sound that a provider gets: as long as was asked, as loud as other sound, within its bytes."""

from __future__ import annotations

from array import array
from math import log10, sqrt
from pathlib import Path
from typing import Literal

import pytest

from bot.domain.edits import Fill, SoundEdit
from bot.media.child import TooMuchWork
from bot.media.edit import sounds
from bot.media.editor import Editor
from bot.media.inspect.samples import samples
from bot.media.probe import Probe
from tests.conftest import SOMEBODY
from tests.media.conftest import Make
from tests.media.odd_files import Odd, beeps, heard, sound_seconds, track_of

VOICE = Odd(format="ogg", video=None, audio="libopus", seconds=2.0)


def level(samples: array[float]) -> float:
    """In dB below full scale."""
    return 20 * log10(sqrt(sum(sample * sample for sample in samples) / len(samples)) + 1e-9)


@pytest.mark.parametrize("loudness", [0.03, 0.1, 0.9])
async def test_quiet_and_loud_sound_come_out_alike(loudness: float, make: Make, editor: Editor, tmp_path: Path) -> None:
    source = make(Odd(format="wav", video=None, audio="pcm_s16le", seconds=2.0, loudness=loudness))
    await editor.sound(source, SoundEdit(format="wav", seconds=2.0, most_bytes=2**20), tmp_path / "sound")
    # A sine of -16 LUFS in one channel lies near -15 dB.
    assert level(heard(tmp_path / "sound")) == pytest.approx(-15.5, abs=1.5)


@pytest.mark.parametrize("loudness", [0.0, 0.0005])
async def test_silence_stays_silent(loudness: float, make: Make, editor: Editor, tmp_path: Path) -> None:
    source = make(Odd(format="wav", video=None, audio="pcm_s16le", seconds=2.0, loudness=loudness))
    await editor.sound(source, SoundEdit(format="wav", seconds=2.0, most_bytes=2**20), tmp_path / "sound")
    assert level(heard(tmp_path / "sound")) < -60


async def test_short_sound_is_evened_too(make: Make, editor: Editor, tmp_path: Path) -> None:
    source = make(Odd(format="wav", video=None, audio="pcm_s16le", seconds=0.2, loudness=0.02))
    await editor.sound(source, SoundEdit(format="wav", seconds=0.2, most_bytes=2**20), tmp_path / "sound")
    assert level(heard(tmp_path / "sound")) == pytest.approx(-15.5, abs=2.5)


async def test_what_is_too_short_is_filled_with_silence_or_with_itself(
    make: Make, editor: Editor, tmp_path: Path
) -> None:
    source = make(Odd(format="wav", video=None, audio="pcm_s16le", seconds=1.0, flashes=[0.3]))
    fills: dict[Fill, list[float]] = {"silence": [0.3], "again": [0.3, 1.3, 2.3]}
    for fill, expected in fills.items():
        edit = SoundEdit(format="wav", seconds=2.5, fill=fill, most_bytes=2**20)
        await editor.sound(source, edit, tmp_path / "sound")
        assert sound_seconds(tmp_path / "sound") == pytest.approx(2.5)
        assert beeps(tmp_path / "sound") == pytest.approx(expected, abs=0.01)


def test_sound_of_nearly_nothing_is_repeated_without_opening_its_file_again(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, opens = make(Odd(format="wav", video=None, audio="pcm_s16le", seconds=0.002)), []
    monkeypatch.setattr(sounds, "samples", lambda *order: opens.append(order) or samples(*order))  # type: ignore[func-returns-value]
    edit = SoundEdit(format="wav", seconds=2.0, fill="again", most_bytes=2**20)
    sounds.write_sound(source, edit, tmp_path / "sound")
    assert sound_seconds(tmp_path / "sound") == pytest.approx(2.0)
    assert len(opens) == 1


async def test_what_is_too_long_is_cut_at_the_end(make: Make, editor: Editor, tmp_path: Path) -> None:
    source = make(Odd(format="wav", video=None, audio="pcm_s16le", seconds=2.0, flashes=[0.3, 1.5]))
    await editor.sound(source, SoundEdit(seconds=1.2, most_bytes=2**20), tmp_path / "sound")
    assert sound_seconds(tmp_path / "sound") == pytest.approx(1.2, abs=0.001)
    assert len(beeps(tmp_path / "sound")) == 1


@pytest.mark.parametrize("form", ["mp4", "matroska"])
@pytest.mark.parametrize(
    ("seconds", "late", "sound_seconds"), [(2.0, 0.0, 2.0), (4.0, 1.6, 2.0), (0.4, 0.0, 2.0), (2.0, -1.0, 2.0)]
)
async def test_the_sound_of_a_video_is_taken_whole_wherever_its_picture_is(
    seconds: float, late: float, sound_seconds: float, form: str,
    make: Make, editor: Editor, probe: Probe, tmp_path: Path,
) -> None:  # fmt: skip
    spoken = [0.3, 1.1, 1.8]
    video = make(
        Odd(format=form, seconds=seconds, late=late, sound_seconds=sound_seconds, flashes=spoken, sides=(64, 48))
    )
    length = (await probe.look(video, SOMEBODY)).sound_seconds
    assert length == pytest.approx(sound_seconds, abs=0.05)
    await editor.sound(video, SoundEdit(format="wav", seconds=length, most_bytes=2**20), tmp_path / "sound")
    assert beeps(tmp_path / "sound") == pytest.approx(spoken, abs=0.03)


@pytest.mark.parametrize(
    ("form", "most_bytes", "channels", "bits"),
    [
        ("mp3", 2**20, 2, 192_000),
        ("mp3", 35_000, 2, 96_000),
        ("mp3", 20_000, 1, 32_000),
        ("wav", 500_000, 2, None),
        ("wav", 250_000, 1, None),
    ],
)
async def test_the_bytes_decide_how_good_it_is(
    form: Literal["mp3", "wav"],
    most_bytes: int,
    channels: int,
    bits: int | None,
    make: Make,
    editor: Editor,
    tmp_path: Path,
) -> None:
    source = make(Odd(format="wav", video=None, audio="pcm_s16le", seconds=2.0, audio_layout="stereo"))
    edit = SoundEdit(format=form, seconds=2.0, most_bytes=most_bytes)
    await editor.sound(source, edit, tmp_path / "sound")
    assert (tmp_path / "sound").stat().st_size <= most_bytes
    found = track_of(tmp_path / "sound")
    assert (found.rate, found.channels) == (48_000, channels)
    if bits:
        assert found.bits == pytest.approx(bits, rel=0.25)


async def test_too_few_bytes_are_said_to_be_too_few(make: Make, editor: Editor, tmp_path: Path) -> None:
    for form in ("mp3", "wav"):
        edit = SoundEdit(format=form, seconds=10.0, most_bytes=20_000)
        with pytest.raises(TooMuchWork, match="small enough"):
            await editor.sound(make(VOICE), edit, tmp_path / "sound")
    assert not list(tmp_path.iterdir())


async def test_a_rate_of_cds_is_kept(make: Make, editor: Editor, tmp_path: Path) -> None:
    for rate, expected in ((44_100, 44_100), (22_050, 44_100), (16_000, 48_000)):
        source = make(Odd(format="wav", video=None, audio="pcm_s16le", audio_rate=rate))
        await editor.sound(source, SoundEdit(seconds=1.0, most_bytes=2**20), tmp_path / "sound")
        assert (track_of(tmp_path / "sound").rate, track_of(tmp_path / "sound").channels) == (expected, 1)
