"""A result that is too large is made to fit, or cut, and keeps what it says of its origin."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from bot.media.child import TooMuchWork
from bot.media.editor import Editor
from bot.media.probe import Probe
from tests.conftest import SOMEBODY
from tests.media.conftest import Make
from tests.media.odd_files import Odd, beeps, flashes, packets_of, tags

TAGS = {"AIGC": '{"Label": "1"}', "comment": "made by AI"}
CUSTOM = {"movflags": "use_metadata_tags"}
NOISE = Odd(noise=True, seconds=4.0, sides=(640, 360), flashes=[0.8, 2.4], tags=TAGS, options=CUSTOM)
CUTTABLE = Odd(
    noise=True, seconds=6.0, flashes=[0.8, 2.4, 5.2], tags=TAGS, options=CUSTOM,
    codec_options={"preset": "veryfast", "g": "25", "crf": "30", "sc_threshold": "0"},
)  # fmt: skip


@pytest.mark.parametrize("share", [0.6, 0.1, 0.02])
async def test_a_video_is_made_to_fit(share: float, make: Make, editor: Editor, probe: Probe, tmp_path: Path) -> None:
    video = make(NOISE)
    most = int(video.stat().st_size * share)
    await editor.shrink(video, most, tmp_path / "small")
    facts = await probe.look(tmp_path / "small", SOMEBODY)
    assert most / 4 < (tmp_path / "small").stat().st_size <= most
    assert facts.seconds == 4.0
    assert facts.width / facts.height == pytest.approx(16 / 9, rel=0.01)
    assert beeps(tmp_path / "small") == pytest.approx([0.8, 2.4], abs=0.015)
    assert tags(tmp_path / "small").items() >= TAGS.items()


async def test_few_bits_make_smaller_sides(make: Make, editor: Editor, probe: Probe, tmp_path: Path) -> None:
    video = make(Odd(noise=True, seconds=1.0, sides=(1280, 720), rate=10, audio=None))
    heights = []
    for most in (200_000, 60_000, 15_000):
        await editor.shrink(video, most, tmp_path / "small")
        heights.append((await probe.look(tmp_path / "small", SOMEBODY)).height)
    assert heights == [720, 540, 360]


async def test_a_size_out_of_reach_is_refused(make: Make, editor: Editor, tmp_path: Path) -> None:
    with pytest.raises(TooMuchWork, match="small enough"):
        await editor.shrink(make(NOISE), 20_000, tmp_path / "small")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("count", [2, 4])
async def test_pieces_play_by_themselves_and_lose_nothing(
    count: int, make: Make, editor: Editor, probe: Probe, tmp_path: Path
) -> None:
    video = make(CUTTABLE)
    most = video.stat().st_size * 115 // 100 // count
    made = await editor.pieces(video, most, tmp_path)
    pieces = made.files
    assert made.lossless
    assert len(pieces) >= count
    assert sorted(tmp_path.iterdir()) == pieces
    at, seen, heard = 0.0, [], []
    for piece in pieces:
        assert piece.stat().st_size <= most
        facts = await probe.look(piece, SOMEBODY)
        assert tags(piece).items() >= TAGS.items()
        seen += [at + moment for moment in flashes(piece)]
        heard += [at + moment for moment in beeps(piece)]
        at += facts.seconds
    assert at == pytest.approx(6.0, abs=0.001)
    assert seen == pytest.approx(CUTTABLE.flashes, abs=0.021)
    assert heard == pytest.approx(CUTTABLE.flashes, abs=0.03)
    for kind in ("video", "audio"):
        assert [packet for piece in pieces for packet in packets_of(piece, kind)] == packets_of(video, kind)


@pytest.mark.parametrize("keyframes", [[0], [0, 1], [0, 4], [0, 1, 5]])  # at so many seconds
async def test_only_a_stretch_that_is_too_large_for_a_piece_is_encoded_anew(
    keyframes: list[int], make: Make, editor: Editor, probe: Probe, tmp_path: Path
) -> None:
    video = make(replace(CUTTABLE, codec_options=CUTTABLE.codec_options | {"g": "250"}, keyframes=keyframes))
    most = video.stat().st_size // 3
    made = await editor.pieces(video, most, tmp_path)
    assert not made.lossless
    assert sorted(tmp_path.iterdir()) == made.files
    assert max(piece.stat().st_size for piece in made.files) <= most
    at, lit, loud, pictures = 0.0, [], [], 0
    for piece in made.files:
        lit += [at + moment for moment in flashes(piece)]
        loud += [at + moment for moment in beeps(piece)]
        pictures += len(packets_of(piece, "video"))
        at += (await probe.look(piece, SOMEBODY)).seconds
        assert tags(piece).items() >= TAGS.items()
    assert at == pytest.approx(6.0, abs=0.001)
    assert pictures == 150
    assert lit == pytest.approx(CUTTABLE.flashes, abs=0.021)
    assert loud == pytest.approx(CUTTABLE.flashes, abs=0.03)
    stored = packets_of(video, "video")
    copied = [packet for piece in made.files for packet in packets_of(piece, "video") if packet in stored]
    assert len(copied) == sum(25 * (b - a) for a, b in pairwise((*keyframes, 6)) if b - a <= 1)


async def test_pieces_out_of_reach_are_refused(make: Make, editor: Editor, tmp_path: Path) -> None:
    for most in (5_000, 12_000):
        with pytest.raises(TooMuchWork, match="small"):
            await editor.pieces(make(CUTTABLE), most, tmp_path)
    assert not list(tmp_path.iterdir())
