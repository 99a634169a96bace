"""Parts are put together without a gap, and words stay with their lips at every seam."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.edits import ClipEdit
from bot.media.editor import Editor
from bot.media.probe import Probe
from tests.conftest import SOMEBODY
from tests.media.conftest import Make
from tests.media.odd_files import Odd, beeps, colour, flashes, numbers, seen, tags

CUSTOM = {"movflags": "use_metadata_tags"}
CLIP = Odd(seconds=4.0, flashes=[0.4, 1.6, 2.4, 3.2])


async def test_parts_follow_each_other_in_step(make: Make, editor: Editor, probe: Probe, tmp_path: Path) -> None:
    parts = [make(Odd(seconds=1.6, flashes=[1.0])), make(Odd(rate=30, seconds=1.7, flashes=[0.5], sides=(352, 264)))]
    await editor.join([*parts, *parts], tmp_path / "joined")
    facts = await probe.look(tmp_path / "joined", SOMEBODY)
    assert (facts.width, facts.height, facts.steady) == (320, 240, True)
    assert facts.frames_per_second == pytest.approx(25.0)
    assert facts.seconds == pytest.approx(6.6, abs=0.02)
    expected = [1.0, 2.1, 4.3, 5.4]
    assert flashes(tmp_path / "joined") == pytest.approx(expected, abs=0.041)
    assert beeps(tmp_path / "joined") == pytest.approx(expected, abs=0.015)


async def test_many_seams_do_not_add_up(make: Make, editor: Editor, tmp_path: Path) -> None:
    """No part is a whole number of the sound's packets, and each has another rate than the first."""
    part = make(Odd(rate=30, seconds=0.7, flashes=[0.2], sides=(64, 64)))
    await editor.join(
        [make(Odd(rate=20, seconds=0.7, flashes=[0.2], sides=(64, 64))), *[part] * 11], tmp_path / "joined"
    )
    expected = [0.2 + 0.7 * number for number in range(12)]
    assert beeps(tmp_path / "joined") == pytest.approx(expected, abs=0.015)
    assert flashes(tmp_path / "joined") == pytest.approx(expected, abs=0.051)


@pytest.mark.parametrize("start", [0.0, 1.0, 1.31, 3.0])
async def test_what_was_made_takes_its_old_place(start: float, make: Make, editor: Editor, tmp_path: Path) -> None:
    made = make(Odd(seconds=1.0, flashes=[0.8]))
    await editor.put_back(made, make(CLIP), start, 1.0, tmp_path / "whole")
    kept = [at for at in CLIP.flashes if not start <= at < start + 1.0]
    expected = sorted([*kept, start + 0.8])
    assert flashes(tmp_path / "whole") == pytest.approx(expected, abs=0.041)
    assert beeps(tmp_path / "whole") == pytest.approx(expected, abs=0.015)


async def test_every_picture_of_the_rest_is_the_clip_s_own(make: Make, editor: Editor, tmp_path: Path) -> None:
    clip = make(Odd(counted=True, seconds=2.0))
    made = make(Odd(seconds=0.8, background=(255, 255, 255)))
    await editor.put_back(made, clip, 0.6, 0.8, tmp_path / "whole")
    found = numbers(tmp_path / "whole")
    assert (found[:15], found[35:]) == (list(range(15)), list(range(35, 50)))
    assert len(set(found[15:35])) == 1


@pytest.mark.parametrize("sides", [(320, 232), (208, 160), (640, 480)])
async def test_what_was_made_at_other_sides_fills_the_clip_s(
    sides: tuple[int, int], make: Make, editor: Editor, probe: Probe, tmp_path: Path
) -> None:
    """Models round sides to multiples of 8 or 16; thin black bars would appear and vanish at the seams."""
    clip, made = make(Odd(turned=180, seconds=1.0)), make(Odd(seconds=0.4, sides=sides))
    await editor.put_back(made, clip, 0.2, 0.4, tmp_path / "whole")
    facts = await probe.look(tmp_path / "whole", SOMEBODY)
    assert (facts.width, facts.height, facts.turned, facts.seconds) == (320, 240, False, 1.0)
    image = seen(tmp_path / "whole")[8][1]
    near_edges = [(0.7, 0.005), (0.995, 0.5), (0.7, 0.995), (0.005, 0.7)]
    is_near = abs(sides[0] / sides[1] / (4 / 3) - 1) < 0.02
    assert {colour(image, *place) for place in near_edges} == ({"blue"} if is_near else {"blue", "black"})


@pytest.mark.parametrize(
    ("sides", "sent", "places"),
    [((960, 240), (480, 180), [(0.6, 0.03), (0.98, 0.5), (0.6, 0.97), (0.02, 0.7)]),
     ((240, 960), (180, 480), [(0.6, 0.01), (0.97, 0.6), (0.6, 0.99), (0.03, 0.7)])],
)  # fmt: skip
async def test_black_that_was_added_to_send_a_long_clip_is_taken_away_again(
    sides: tuple[int, int], sent: tuple[int, int], places: list[tuple[float, float]],
    make: Make, editor: Editor, tmp_path: Path,
) -> None:  # fmt: skip
    clip = make(Odd(sides=sides, seconds=1.0))
    edit = ClipEdit(start=0.2, seconds=0.4, width=sent[0], height=sent[1], most_bytes=2**20)
    await editor.clip(clip, edit, tmp_path / "sent")
    await editor.put_back(tmp_path / "sent", clip, 0.2, 0.4, tmp_path / "whole")
    pictures = seen(tmp_path / "whole")
    assert {image.size for _, image in pictures} == {sides}
    for number in (2, 10, 20):
        image = pictures[number][1]
        assert {colour(image, *place) for place in places} == {"blue"}
        assert {colour(image, x, y) for x, y in [(0.03, 0.1), (0.45, 0.45)]} == {"red"}


async def test_a_part_that_came_out_shorter_gives_way_to_the_clip(
    make: Make, editor: Editor, probe: Probe, tmp_path: Path
) -> None:
    await editor.put_back(make(Odd(seconds=0.5, flashes=[0.2])), make(CLIP), 1.0, 1.0, tmp_path / "whole")
    assert (await probe.look(tmp_path / "whole", SOMEBODY)).seconds == 4.0
    assert beeps(tmp_path / "whole") == pytest.approx([0.4, 1.2, 1.6, 2.4, 3.2], abs=0.015)


@pytest.mark.parametrize(("made_sounds", "clip_sounds"), [(True, False), (False, True), (False, False)])
async def test_where_one_has_no_sound_there_is_silence(
    made_sounds: bool, clip_sounds: bool, make: Make, editor: Editor, probe: Probe, tmp_path: Path
) -> None:
    made = make(Odd(seconds=1.0, flashes=[0.5], audio="aac" if made_sounds else None))
    clip = make(Odd(seconds=2.0, flashes=[0.2], audio="aac" if clip_sounds else None))
    await editor.put_back(made, clip, 0.6, 1.0, tmp_path / "whole")
    facts = await probe.look(tmp_path / "whole", SOMEBODY)
    assert facts.has_sound == (made_sounds or clip_sounds)
    if facts.has_sound:
        assert facts.sound_seconds == pytest.approx(2.0, abs=0.025)
        assert beeps(tmp_path / "whole") == pytest.approx([1.1] if made_sounds else [0.2], abs=0.015)


async def test_a_large_clip_comes_back_at_most_1920_wide(
    make: Make, editor: Editor, probe: Probe, tmp_path: Path
) -> None:
    clip = make(Odd(sides=(2560, 1440), seconds=0.4, rate=10))
    await editor.put_back(make(Odd(seconds=0.2)), clip, 0.2, 0.2, tmp_path / "whole")
    facts = await probe.look(tmp_path / "whole", SOMEBODY)
    assert (facts.width, facts.height) == (1920, 1080)


async def test_odd_sides_become_even(make: Make, editor: Editor, probe: Probe, tmp_path: Path) -> None:
    clip = make(Odd(format="mov", video="png", pixels="rgb24", sides=(101, 75), codec_options={}, seconds=0.4))
    await editor.put_back(make(Odd(seconds=0.2)), clip, 0.0, 0.2, tmp_path / "whole")
    facts = await probe.look(tmp_path / "whole", SOMEBODY)
    assert (facts.width, facts.height) == (100, 76)


async def test_marks_of_ai_are_kept_but_not_what_the_owner_wrote(make: Make, editor: Editor, tmp_path: Path) -> None:
    private = {"comment": "mine", "title": "Me", "location": "+50+007/"}
    marked = make(Odd(seconds=0.4, tags={"AIGC": '{"Label": "1"}', "comment": "made by AI"}, options=CUSTOM))
    plain = make(Odd(seconds=0.8, tags=private, options=CUSTOM))
    await editor.put_back(marked, plain, 0.2, 0.4, tmp_path / "whole")
    assert tags(tmp_path / "whole").items() >= {"AIGC": '{"Label": "1"}', "comment": "made by AI"}.items()
    assert not {"title", "location"} & tags(tmp_path / "whole").keys()
    clip = make(Odd(seconds=0.8, tags={"AIGC": '{"Label": "2"}', **private}, options=CUSTOM))
    await editor.put_back(make(Odd(seconds=0.4)), clip, 0.2, 0.4, tmp_path / "whole")
    assert tags(tmp_path / "whole")["AIGC"] == '{"Label": "2"}'
    assert not {"title", "comment", "location"} & tags(tmp_path / "whole").keys()
    await editor.join([make(Odd(seconds=0.4)), marked], tmp_path / "joined")
    assert tags(tmp_path / "joined")["AIGC"] == '{"Label": "1"}'


async def test_a_tag_of_any_length_takes_no_room(make: Make, editor: Editor, tmp_path: Path) -> None:
    """Marks of AI go before it, whatever the order is."""
    wordy = {"comment": "x" * 200_000, "title": "y" * 4_090, "AIGC": '{"Label": "1"}', "album": "z" * 100}
    made = make(Odd(seconds=0.4, sides=(64, 48), tags=wordy, options=CUSTOM))
    await editor.put_back(made, made, 0.2, 0.2, tmp_path / "whole")
    await editor.join([made], tmp_path / "joined")
    await editor.shrink(made, 50_000, tmp_path / "small")
    (piece,) = (await editor.pieces(made, 50_000, tmp_path)).files
    for file in (tmp_path / "whole", tmp_path / "joined", tmp_path / "small", piece):
        assert file.stat().st_size < 50_000
        assert (tags(file)["AIGC"], tags(file)["album"]) == ('{"Label": "1"}', "z" * 100)
        assert not {"comment", "title"} & tags(file).keys()
