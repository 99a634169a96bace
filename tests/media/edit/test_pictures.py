"""Which pictures of a file are taken, and of how large ones."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from bot.media.child import TooMuchWork
from bot.media.edit import pictures as under_test
from bot.media.edit.pictures import pictures
from bot.media.edit.scaling import Fitting, Sides

SMALL, LARGE, COUNT = 64, 640, 10


def picture(side: int) -> bytes:
    """A PNG of that side."""
    encoder = av.CodecContext.create("png", "w")
    encoder.width = encoder.height = side
    encoder.pix_fmt, encoder.time_base = "gray", Fraction(1, 10)
    frame = av.VideoFrame(side, side, "gray")
    return b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))


def clip(file: Path, *sides: int) -> Path:
    """A clip with one picture of each of these sides."""
    with av.open(file, "w", format="mov") as output:
        stream = output.add_stream("png", rate=10)
        stream.width = stream.height = sides[0]
        stream.pix_fmt = "gray"
        for number, side in enumerate(sides):
            packet = av.Packet(picture(side))
            packet.stream, packet.time_base = stream, Fraction(1, 10)
            packet.pts = packet.dts = number
            packet.duration, packet.is_keyframe = 1, True
            output.mux(packet)
    return file


def taken(file: Path) -> int:
    """How many pictures are taken of the file."""
    return len(list(pictures(file, (number / 10 for number in range(COUNT)), Fitting(Sides(SMALL, SMALL)))))


def test_pictures_that_get_larger_than_the_first_are_no_way_to_more_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "MOST_WORK", COUNT * SMALL**2)
    assert taken(clip(tmp_path / "small", *[SMALL] * COUNT)) == COUNT
    with pytest.raises(TooMuchWork):
        taken(clip(tmp_path / "larger", SMALL, *[LARGE] * (COUNT - 1)))
