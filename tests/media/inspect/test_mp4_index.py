"""An mp4 that is known by its index has the same facts as one that is read; what its index doesn't tell is read."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import av
import pytest

from bot.domain.media_facts import MediaFacts
from bot.media.child import Unreadable
from bot.media.edit.rates import steady_rate
from bot.media.inspect import measure as measuring
from bot.media.inspect.measure import measure
from bot.media.inspect.mp4_index import can_skim
from bot.media.inspect.opening import opened, picture_of, sounds_of
from bot.media.inspect.track import Track
from tests.media.conftest import Make
from tests.media.edit.test_clips import B_FRAMES
from tests.media.odd_files import Odd
from tests.media.test_fuzz import damaged
from tests.media.test_odd_files import PIECEMEAL, X265

LONG = Odd(seconds=4.0, sides=(64, 48))
PHONE = [number / 30 + (number % 7 == 0) * 0.01 for number in range(100)]
FILES = {
    "plain": LONG,
    "first the index": replace(LONG, options={"movflags": "faststart"}),
    "mov": replace(LONG, format="mov", turned=90),
    "pictures stored in another order": replace(LONG, codec_options=B_FRAMES),
    "variable frame rate": replace(LONG, times=PHONE),
    "variable frame rate in another order": replace(LONG, times=PHONE, codec_options=B_FRAMES),
    "240 fps": replace(LONG, rate=240),
    "hevc": replace(LONG, **X265),
    "without sound": replace(LONG, audio=None),
    "sound alone": replace(LONG, video=None, format="ipod"),
    "a song with a cover": replace(LONG, video=None, cover=True),
    "two audio tracks": replace(LONG, tracks=2),
    "29.97 fps": replace(LONG, rate=29.97),
}
TRIMMED = replace(LONG, audio=None, codec_options=B_FRAMES, left_out=1.0)


def skims(file: Path) -> bool:
    with opened(file) as container:
        picture, sounds = picture_of(container), sounds_of(container)
        return can_skim(container, [Track(stream) for stream in (picture, *sounds[:1]) if stream])


def read_whole(file: Path, monkeypatch: pytest.MonkeyPatch) -> MediaFacts:
    with monkeypatch.context() as patched:
        patched.setattr(measuring, "can_skim", lambda *_: False)
        return measure(file)


@pytest.mark.parametrize("name", FILES)
def test_an_index_tells_what_the_packets_do(name: str, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make(FILES[name])
    assert skims(file)
    assert measure(file) == read_whole(file, monkeypatch)


@pytest.mark.parametrize("rate", [24, 25, 50])
def test_a_file_that_begins_inside_a_group_of_pictures_is_read_and_keeps_its_pace(rate: int, make: Make) -> None:
    """In the order of decoding, the pictures that are left out leave holes between those that are shown."""
    file = make(replace(TRIMMED, rate=rate))
    assert not skims(file)
    facts = measure(file)
    assert facts.steady
    assert float(steady_rate(facts)) == rate
    assert facts.seconds == pytest.approx(3.0)


@pytest.mark.parametrize("ended", ["a moment before", "in the middle"])
def test_a_file_that_was_cut_short_is_read(ended: str, make: Make, tmp_path: Path) -> None:
    content, file = make(FILES["first the index"]).read_bytes(), tmp_path / "file"
    file.write_bytes(content[: -1 if ended == "a moment before" else len(content) // 2])
    assert not skims(file)
    assert measure(file).seconds < 4.1


def test_a_file_in_fragments_is_read(make: Make) -> None:
    file = make(replace(LONG, options=PIECEMEAL))
    assert not skims(file)
    assert measure(file).seconds == pytest.approx(4.0, abs=0.05)


def test_a_damaged_file_is_known_by_its_index_as_by_its_packets(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice, file = random.Random("index"), tmp_path / "file"
    content = make(FILES["first the index"]).read_bytes()
    skimmed = 0
    for _ in range(150):
        file.write_bytes(damaged(content, dice))
        try:
            facts = measure(file)
        except (av.FFmpegError, Unreadable):
            continue
        skimmed += skims(file)
        read = read_whole(file, monkeypatch)
        assert (facts.width, facts.height, facts.has_sound) == (read.width, read.height, read.has_sound)
        assert facts.seconds == pytest.approx(read.seconds, rel=0.05)
    assert skimmed > 10
