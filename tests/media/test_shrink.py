"""A result that is too large is made to fit, or cut, and keeps what it says of its origin."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.media.child import TooMuchWork
from bot.media.editor import Editor
from bot.media.probe import Probe
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
    facts = await probe.look(tmp_path / "small")
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
        heights.append((await probe.look(tmp_path / "small")).height)
    assert heights == [720, 540, 360]


async def test_what_is_small_enough_stays_as_it_is(make: Make, editor: Editor, tmp_path: Path) -> None:
    video = make(NOISE)
    await editor.shrink(video, video.stat().st_size, tmp_path / "small")
    assert (tmp_path / "small").read_bytes() == video.read_bytes()


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
    pieces = await editor.pieces(video, most, tmp_path)
    assert len(pieces) >= count
    assert sorted(tmp_path.iterdir()) == pieces
    at, seen, heard = 0.0, [], []
    for piece in pieces:
        assert piece.stat().st_size <= most
        facts = await probe.look(piece)
        assert tags(piece).items() >= TAGS.items()
        seen += [at + moment for moment in flashes(piece)]
        heard += [at + moment for moment in beeps(piece)]
        at += facts.seconds
    assert at == pytest.approx(6.0, abs=0.001)
    assert seen == pytest.approx(CUTTABLE.flashes, abs=0.021)
    assert heard == pytest.approx(CUTTABLE.flashes, abs=0.03)
    for kind in ("video", "audio"):
        assert [packet for piece in pieces for packet in packets_of(piece, kind)] == packets_of(video, kind)


async def test_a_stretch_without_a_keyframe_is_not_cut(make: Make, editor: Editor, tmp_path: Path) -> None:
    video = make(CUTTABLE)
    with pytest.raises(TooMuchWork, match="pieces that small"):
        await editor.pieces(video, video.stat().st_size // 12, tmp_path)
    assert not list(tmp_path.iterdir())
