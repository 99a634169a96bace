"""Pictures as they are shown, scaled into the sides wanted: 8 bits, ordinary colours, square pixels, nothing clear."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame

from bot.media.inspect.orientation import Shown, Steps, has_alpha, is_hdr

HD_HEIGHT = 576  # above it, colours that nobody named are BT.709, as players take them
BT709, BT601, BT2020_PRIMARIES, UNNAMED = 1, 6, 9, 2
NEARLY = 0.02  # models round sides to multiples of 16: such a picture is cropped rather than framed in black
THREADS = 2
LONG = 2.0  # one side by the other; every provider takes up to that, so what is less long was never framed to be sent
MOST_KINDS = 4  # a file whose pictures change all the time must not fill the memory


@dataclass(frozen=True, slots=True)
class Sides:
    """Even sides. `crop` says that a picture of nearly their proportions fills them instead of getting thin bars, and
    that one which got bars to be sent loses them.
    """

    width: int
    height: int
    crop: bool = False

    def inner(self, picture: Shown) -> tuple[int, int]:
        """The sides to which a picture is scaled before it is cropped or framed."""
        across, down = self.width / picture.width, self.height / picture.height
        fills = self.crop and (abs(across / down - 1) < NEARLY or self._was_framed(picture))
        scale = max(across, down) if fills else min(across, down)
        return _near_even(picture.width * scale, self.width), _near_even(picture.height * scale, self.height)

    def _was_framed(self, picture: Shown) -> bool:
        """Whether the picture is long, but less so than these sides, as when a clip was too long to be sent."""
        ours, its = self.width / self.height, picture.width / picture.height
        return LONG < its < ours or 1 / LONG > its > ours


class Fitting:
    """Fits frames of any kind and keeps what it made for that: for HDR that takes seconds."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._graphs: dict[tuple[object, ...], tuple[Graph, FilterContext]] = {}

    def fit(self, frame: VideoFrame, picture: Shown) -> VideoFrame:
        """The frame as the encoder takes it."""
        _name_colours(frame)
        form = (frame.width, frame.height, frame.format.name, picture.width, picture.height, str(picture.turn))
        kind = (*form, frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries)
        if kind not in self._graphs:
            if len(self._graphs) >= MOST_KINDS:
                self._graphs.clear()
            self._graphs[kind] = self._build(frame, picture)
        graph, begin = self._graphs[kind]
        begin.push(frame)
        return graph.vpull()

    def _build(self, frame: VideoFrame, picture: Shown) -> tuple[Graph, FilterContext]:
        graph = Graph()
        graph.threads = THREADS
        base = frame.time_base or Fraction(1, 1000)
        begin = last = graph.add(
            "buffer",
            f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base={base}"
            f":colorspace={frame.colorspace}:range={frame.color_range}",
        )
        for name, arguments in (*self._steps(frame, picture), ("buffersink", "")):
            following = graph.add(name, arguments or None)
            last.link_to(following)
            last = following
        graph.configure()
        return graph, begin

    def _steps(self, frame: VideoFrame, picture: Shown) -> Steps:
        width, height = inner = self._sides.inner(picture)
        if any(name == "transpose" for name, _ in picture.turn):
            width, height = height, width
        colours = "out_color_matrix=bt709:out_range=tv"
        if is_hdr(frame) or frame.color_primaries >= BT2020_PRIMARIES:
            colours += ":out_primaries=bt709:out_transfer=bt709"
        over_black = [("format", "gbrap"), ("premultiply", "inplace=1")] if has_alpha(frame) else []
        wide, tall = self._sides.width, self._sides.height
        crop = [("crop", f"{wide}:{tall}")] if inner[0] > wide or inner[1] > tall else []
        frame_it = [("pad", f"{wide}:{tall}:(ow-iw)/2:(oh-ih)/2:black")] if inner[0] < wide or inner[1] < tall else []
        return [
            *over_black,
            ("scale", f"{width}:{height}:{colours}"),
            ("format", "yuv420p"),
            *picture.turn,
            *crop,
            *frame_it,
            ("setsar", "1"),
        ]


def _near_even(side: float, wanted: int) -> int:
    even = max(2, 2 * round(side / 2))
    return wanted if abs(even - wanted) <= 2 else even


def _name_colours(frame: VideoFrame) -> None:
    if frame.format.is_rgb or frame.format.name == "pal8":
        return
    if is_hdr(frame) and frame.color_primaries == UNNAMED:
        frame.color_primaries = BT2020_PRIMARIES
    if frame.colorspace == UNNAMED:
        frame.colorspace = BT709 if min(frame.width, frame.height) > HD_HEIGHT else BT601
