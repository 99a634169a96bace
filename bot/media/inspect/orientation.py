"""How a picture is meant to be shown, which is not always how it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

Steps = list[tuple[str, str]]  # filters with their arguments

# The first four numbers of a display matrix (1 is 2**16), and the filters that do what it says.
TURNS: dict[tuple[int, ...], Steps] = {
    (0, 1, -1, 0): [("transpose", "clock")],
    (0, -1, 1, 0): [("transpose", "cclock")],
    (-1, 0, 0, -1): [("hflip", ""), ("vflip", "")],
    (-1, 0, 0, 1): [("hflip", "")],
    (1, 0, 0, -1): [("vflip", "")],
    (0, 1, 1, 0): [("transpose", "cclock_flip")],
    (0, -1, -1, 0): [("transpose", "clock_flip")],
}
WIDEST_PIXEL = 20  # a file that claims more is damaged
HDR = {16, 18}  # transfer characteristics: PQ and HLG


@dataclass(frozen=True, slots=True)
class Shown:
    """The sides as shown, and the filters that make the stored picture upright."""

    width: int
    height: int
    turn: Steps


def shown(frame: VideoFrame, stream: VideoStream) -> Shown:
    """How this frame of the stream is shown."""
    turn = TURNS.get(_matrix(frame), [])
    pixel = stream.sample_aspect_ratio or Fraction(1)
    if not Fraction(1, WIDEST_PIXEL) <= pixel <= WIDEST_PIXEL:
        pixel = Fraction(1)
    width, height = max(1, round(frame.width * pixel)), frame.height
    if any(name == "transpose" for name, _ in turn):
        width, height = height, width
    return Shown(width, height, turn)


def is_hdr(frame: VideoFrame) -> bool:
    """Whether its values stand for more light than a screen of today's web gives."""
    return frame.color_trc in HDR


def is_deep(frame: VideoFrame) -> bool:
    """Whether it is HDR or has more than 8 bits per colour."""
    return is_hdr(frame) or any(part.bits > 8 for part in frame.format.components)


def has_alpha(frame: VideoFrame) -> bool:
    """Whether it may be transparent."""
    return frame.format.name.startswith("pal8") or any(part.is_alpha for part in frame.format.components)


def is_marked_clear(stream: VideoStream) -> bool:
    """Whether a webm says that its picture may be transparent, which the picture itself doesn't."""
    return stream.metadata.get("alpha_mode") == "1"


def _matrix(frame: VideoFrame) -> tuple[int, ...]:
    found = cast("SideData | None", frame.side_data.get("DISPLAYMATRIX"))
    if found is None:
        return ()
    numbers = memoryview(found).cast("i")
    return tuple(round(numbers[at] / 2**16) for at in (0, 1, 3, 4))
