"""The part of a clip that a provider gets is the one that was asked for, to the frame."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.edits import ClipEdit
from bot.media.child import TooMuchWork
from bot.media.editor import Editor
from bot.media.probe import Probe
from tests.conftest import SOMEBODY
from tests.media.conftest import Make
from tests.media.odd_files import Odd, beeps, colour, flashes, numbers, seen

B_FRAMES = {"preset": "medium", "x264-params": "bframes=4:b-adapt=0"}
COUNTED = Odd(counted=True, seconds=2.0)
LONG = Odd(counted=True, seconds=8.0, rate=5, codec_options={"preset": "ultrafast", "g": "15"})


def edit(start: float, seconds: float, width: int = 320, height: int = 240, most_bytes: int = 2**20) -> ClipEdit:
    return ClipEdit(start=start, seconds=seconds, width=width, height=height, most_bytes=most_bytes)


@pytest.mark.parametrize("start", [0.0, 0.04, 0.4, 1.0, 1.48])
@pytest.mark.parametrize("form", ["mp4", "matroska"])
async def test_the_first_picture_is_the_one_shown_at_the_start(
    start: float, form: str, make: Make, editor: Editor, tmp_path: Path
) -> None:
    source = make(Odd(counted=True, seconds=2.0, format=form))
    await editor.clip(source, edit(start, 0.4), tmp_path / "clip")
    first = round(start * 25)
    assert numbers(tmp_path / "clip") == list(range(first, first + 10))


async def test_a_start_far_into_a_clip_is_found_to_the_frame(make: Make, editor: Editor, tmp_path: Path) -> None:
    await editor.clip(make(LONG), edit(6.4, 1.0), tmp_path / "clip")
    assert numbers(tmp_path / "clip") == [number for number in range(32, 37) for _ in range(2)]


@pytest.mark.parametrize("left_out", [0.48, 0.64])
async def test_a_clip_that_begins_inside_a_group_of_pictures_loses_none(
    left_out: float, make: Make, editor: Editor, tmp_path: Path
) -> None:
    source = make(replace(COUNTED, codec_options=B_FRAMES, left_out=left_out))
    shown = list(range(round(left_out * 25), 50))
    await editor.clip(source, edit(0.0, len(shown) / 25), tmp_path / "clip")
    assert numbers(tmp_path / "clip") == shown
    await editor.put_back(make(Odd(counted=True, seconds=0.4)), source, 0.4, 0.4, tmp_path / "whole")
    found = numbers(tmp_path / "whole")
    assert (found[:10], found[20:]) == (shown[:10], shown[20:])


async def test_a_clip_that_ends_too_soon_begins_anew(make: Make, editor: Editor, tmp_path: Path) -> None:
    await editor.clip(make(COUNTED), edit(1.6, 3.0), tmp_path / "clip")
    assert numbers(tmp_path / "clip") == [*range(40, 50), *range(50), *range(15)]


async def test_a_clip_of_nearly_nothing_is_not_repeated_without_end(make: Make, editor: Editor, tmp_path: Path) -> None:
    source = make(Odd(seconds=0.04, sides=(64, 48)))
    await editor.clip(source, edit(0.0, 2.0, 64, 48), tmp_path / "clip")
    with pytest.raises(TooMuchWork, match="too short to be repeated"):
        await editor.clip(source, edit(0.0, 8.1, 64, 48), tmp_path / "none")


@pytest.mark.parametrize(("start", "seconds"), [(1.0, 1.0), (1.0, 1.01), (0.0, 2.0)])
async def test_a_part_that_ends_a_moment_after_its_clip_does_not_flash(
    start: float, seconds: float, make: Make, editor: Editor, tmp_path: Path
) -> None:
    await editor.clip(make(Odd(counted=True, seconds=1.96)), edit(start, seconds), tmp_path / "clip")
    found = numbers(tmp_path / "clip")
    assert found == [min(48, round(start * 25) + number) for number in range(len(found))]
    assert len(found) == pytest.approx(seconds * 25, abs=0.5)


async def test_picture_and_sound_begin_anew_together(make: Make, editor: Editor, tmp_path: Path) -> None:
    await editor.clip(make(Odd(seconds=1.6, flashes=[0.48])), edit(0.0, 4.0), tmp_path / "clip")
    expected = [0.48, 2.08, 3.68]
    assert flashes(tmp_path / "clip") == pytest.approx(expected, abs=0.021)
    assert beeps(tmp_path / "clip") == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("start", [0.0, 0.2, 5.0])
@pytest.mark.parametrize("form", ["mp4", "matroska"])
async def test_lips_and_words_stay_together_wherever_a_clip_is_cut(
    start: float, form: str, make: Make, editor: Editor, tmp_path: Path
) -> None:
    source = make(Odd(format=form, seconds=7.0, flashes=[0.8, 2.0, 5.6, 6.4], rate=25, sides=(160, 120)))
    await editor.clip(source, edit(start, 2.0), tmp_path / "clip")
    expected = [at - start for at in (0.8, 2.0, 5.6, 6.4) if start <= at < start + 2.0]
    assert flashes(tmp_path / "clip") == pytest.approx(expected, abs=0.021)
    assert beeps(tmp_path / "clip") == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("late", [0.8, -0.6])
async def test_sound_that_begins_at_another_moment_stays_with_its_pictures(
    late: float, make: Make, editor: Editor, tmp_path: Path
) -> None:
    source = make(Odd(seconds=3.0, late=late, flashes=[0.4, 1.2, 2.0], sides=(64, 48)))
    await editor.clip(source, edit(0.0, 3.0, 64, 48), tmp_path / "clip")
    assert flashes(tmp_path / "clip") == pytest.approx([0.4, 1.2, 2.0], abs=0.021)
    expected = [at + late for at in (0.4, 1.2, 2.0) if at + late > 0]
    assert beeps(tmp_path / "clip") == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("rate", "comes_out"), [(24000 / 1001, 24), (25, 25), (30000 / 1001, 30), (50, 50), (60, 60), (120, 30), (8, 10)]
)
async def test_the_rate_is_one_that_everybody_knows(
    rate: float, comes_out: int, make: Make, editor: Editor, probe: Probe, tmp_path: Path
) -> None:
    source = make(Odd(rate=rate, sides=(64, 64), audio=None))
    await editor.clip(source, edit(0.0, 1.0, 64, 64), tmp_path / "clip")
    facts = await probe.look(tmp_path / "clip", SOMEBODY)
    assert facts.frames_per_second == pytest.approx(comes_out)
    assert (facts.seconds, facts.steady) == (1.0, True)


@pytest.mark.parametrize(
    ("width", "height", "bars", "picture"),
    [(320, 320, [(0.5, 0.05), (0.5, 0.95)], (0.7, 0.2)), (480, 240, [(0.05, 0.5), (0.95, 0.5)], (0.7, 0.05))],
)
async def test_what_is_missing_to_the_sides_is_black(
    width: int, height: int, bars: list[tuple[float, float]], picture: tuple[float, float],
    make: Make, editor: Editor, tmp_path: Path,
) -> None:  # fmt: skip
    await editor.clip(make(Odd()), edit(0.0, 0.2, width, height), tmp_path / "clip")
    image = seen(tmp_path / "clip")[0][1]
    assert {colour(image, *bar) for bar in bars} == {"black"}
    assert colour(image, *picture) == "blue"


async def test_a_clip_keeps_to_its_bytes_or_says_that_it_can_not(make: Make, editor: Editor, tmp_path: Path) -> None:
    """Noise can't be compressed, so that only the bound holds it back."""
    source = make(Odd(noise=True, seconds=2.0))
    sizes = []
    for most in (400_000, 100_000, 60_000):
        await editor.clip(source, edit(0.0, 2.0, most_bytes=most), tmp_path / "clip")
        sizes.append((tmp_path / "clip").stat().st_size)
        assert most / 4 < sizes[-1] <= most
    with pytest.raises(TooMuchWork, match="small enough"):
        await editor.clip(source, edit(0.0, 2.0, most_bytes=5_000), tmp_path / "none")
    assert [file.name for file in tmp_path.iterdir()] == ["clip"]


async def test_what_a_clip_says_of_its_owner_stays_behind(make: Make, editor: Editor, tmp_path: Path) -> None:
    source = make(Odd(tags={"comment": "at home", "location": "+50+007/"}))
    await editor.clip(source, edit(0.0, 0.4), tmp_path / "clip")
    assert b"at home" not in (tmp_path / "clip").read_bytes()
