"""What stands in for the model: the clip comes back with the new voice in it, and a mark that says where it was
made.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import cast

import av
from av.codec.context import Flags
from av.filter import Graph
from av.filter.context import FilterContext
from av.sidedata.sidedata import SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageDraw, ImageFont

from bot.sandbox.sound import NotSound, add_sound, encode, mixed, own_samples, placed, samples_of
from bot.sandbox.speech import Speech

MARK = "SANDBOX"
# How a clip says that it is to be shown, as the first four numbers of its matrix (1 is 2**16): the filters that do it
UPRIGHT: dict[tuple[int, ...], list[tuple[str, str | None]]] = {
    (0, 1, -1, 0): [("transpose", "clock")],
    (0, -1, 1, 0): [("transpose", "cclock")],
    (-1, 0, 0, -1): [("hflip", None), ("vflip", None)],
    (-1, 0, 0, 1): [("hflip", None)],
    (1, 0, 0, -1): [("vflip", None)],
    (0, 1, 1, 0): [("transpose", "cclock_flip")],
    (0, -1, -1, 0): [("transpose", "clock_flip")],
}
FASTEST = {"preset": "ultrafast", "crf": "24"}


class NotVideo(Exception):
    """The file is no video that can be decoded."""


def render(
    video: Path,
    sound: Speech | Path,
    output: Path,
    *,
    span: tuple[int, int | None, int] = (0, None, 0),
    volumes: tuple[float, float] = (1.0, 0.0),
) -> None:
    """Write `video` again with `sound` instead of its own: the same length and size, marked. Blocks; raises `NotVideo`
    for a file that is none and `NotSound` for a recording that is none.

    `span` is the part of the sound from start to end, and where in the clip it begins, in milliseconds; `volumes` are
    the new sound's and the clip's own, from 0 to 2.
    """
    try:
        with av.open(video) as source, av.open(output, "w", format="mp4", options={"movflags": "+faststart"}) as target:
            picture = source.streams.video[0]
            frames = _marked(source.decode(picture), picture)
            first = next(frames)
            begin, begin_pts = first.time or 0.0, first.pts or 0
            rate = picture.average_rate or Fraction(25)
            made = target.add_stream("libx264", rate=rate, options=FASTEST)
            made.width, made.height, made.pix_fmt = first.width, first.height, "yuv420p"
            voice = add_sound(target)
            made.codec_context.time_base = picture.time_base or Fraction(1, 90_000)
            made.codec_context.flags |= Flags.frame_duration
            seconds = 0.0
            for frame in chain([first], frames):
                frame.pict_type = av.video.frame.PictureType.NONE
                frame.pts = (frame.pts or 0) - begin_pts
                seconds = (frame.time or 0.0) + float(frame.duration * made.codec_context.time_base or 1 / rate)
                target.mux(made.encode(frame))
            target.mux(made.encode(None))
            own = _own(video, begin, seconds) if volumes[1] else b""
            new = placed(samples_of(sound), seconds, span)
            encode(mixed(new, volumes[0], own, volumes[1]), target, voice)
    except (av.FFmpegError, IndexError, StopIteration) as error:
        raise NotVideo(str(error)) from None


def _own(video: Path, begin: float, seconds: float) -> bytes:
    try:
        return own_samples(video, begin, seconds)
    except NotSound:
        return b""  # a silent clip


def as_frame(image: Image.Image) -> VideoFrame:
    """A picture as a frame of video."""
    return cast("VideoFrame", VideoFrame.from_image(image))  # type: ignore[no-untyped-call]


def _marked(frames: Iterator[VideoFrame], picture: VideoStream) -> Iterator[VideoFrame]:
    """The frames upright, with even sides and the mark in the lower right corner; Python touches no pixel per frame."""
    first = next(frames)
    graph = Graph()
    turn = UPRIGHT.get(_matrix(first), [])
    mark = _mark(min(picture.width, picture.height))
    source = graph.add_buffer(template=picture)
    above = graph.add_buffer(width=mark.width, height=mark.height, format=mark.format, time_base=picture.time_base)
    steps = [*turn, ("pad", "ceil(iw/2)*2:ceil(ih/2)*2"), ("overlay", "x=W-w-h/2:y=H-h-h/2")]
    below: FilterContext = source
    for name, arguments in (*steps, ("format", "yuv420p"), ("buffersink", None)):
        following = graph.add(name, arguments)
        below.link_to(following, 0, 0)
        if name == "overlay":
            above.link_to(following, 0, 1)
        below = following
    graph.configure()
    mark.pts, mark.time_base = 0, picture.time_base
    above.push(mark)
    above.push(None)
    for frame in chain([first], frames):
        source.push(frame)
        yield from _pulled(graph)
    source.push(None)
    yield from _pulled(graph)


def _matrix(frame: VideoFrame) -> tuple[int, ...]:
    """How the frame is to be shown, as in `UPRIGHT`; nothing where it says nothing."""
    found = cast("SideData | None", frame.side_data.get("DISPLAYMATRIX"))
    if found is None:
        return ()
    numbers = memoryview(found).cast("i")
    return tuple(round(numbers[at] / 2**16) for at in (0, 1, 3, 4))


def _pulled(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return


def _mark(side: int) -> VideoFrame:
    size = max(10, side // 36)
    font = ImageFont.load_default(size)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(MARK))
    image = Image.new("RGBA", (right - left + size, bottom - top + size), (20, 20, 30, 90))
    ImageDraw.Draw(image).text((size // 2 - left, size // 2 - top), MARK, font=font, fill=(255, 255, 255, 190))
    return VideoFrame.from_bytes(image.tobytes(), image.width, image.height, "rgba")  # `as_frame` makes it opaque
