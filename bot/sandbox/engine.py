"""What stands in for the model: the clip comes back with the new voice in it, and a mark that says where it was
made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import cast

import av
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageDraw, ImageFont

from bot.sandbox.sound import NotSound, add_sound, encode, mixed, placed, samples_of
from bot.sandbox.speech import Speech

MARK = "SANDBOX"
QUARTER = 90  # degrees
UPRIGHT: dict[
    float, list[tuple[str, str | None]]
] = {  # a frame's rotation, in degrees against the clock: the filters that undo it
    -90: [("transpose", "clock")],
    90: [("transpose", "cclock")],
    180: [("hflip", None), ("vflip", None)],
    -180: [("hflip", None), ("vflip", None)],
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
            frames = _from_the_start(_marked(source.decode(picture), picture))
            first = next(frames)
            made = target.add_stream("libx264", rate=picture.average_rate or 25, options=FASTEST)
            made.width, made.height, made.pix_fmt = first.width, first.height, "yuv420p"
            voice = add_sound(target)
            made.codec_context.time_base = picture.time_base or Fraction(1, 90_000)
            seconds = 0.0
            for frame in chain([first], frames):
                frame.pict_type = av.video.frame.PictureType.NONE
                seconds = (frame.time or 0.0) + 1 / float(picture.average_rate or 25)
                target.mux(made.encode(frame))
            target.mux(made.encode(None))
            encode(_heard(video, sound, seconds, span, volumes), target, voice)
    except (av.FFmpegError, IndexError, StopIteration) as error:
        raise NotVideo(str(error)) from None


def _heard(
    video: Path, sound: Speech | Path, seconds: float, span: tuple[int, int | None, int], volumes: tuple[float, float]
) -> bytes:
    """The new sound in its place, over the clip's own where that is to be heard."""
    new = placed(samples_of(sound), seconds, span)
    own = b""
    if volumes[1]:
        with suppress(NotSound):  # a silent clip
            own = samples_of(video, seconds)
    return mixed(new, volumes[0], own, volumes[1])


def _from_the_start(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
    """The frames with times that begin at nought, whenever the clip's own do."""
    begin: int | None = None
    for frame in frames:
        begin = frame.pts if begin is None else begin
        frame.pts = (frame.pts or 0) - (begin or 0)
        yield frame


def as_frame(image: Image.Image) -> VideoFrame:
    """A picture as a frame of video."""
    return cast("VideoFrame", VideoFrame.from_image(image))  # type: ignore[no-untyped-call]


def _marked(frames: Iterator[VideoFrame], picture: VideoStream) -> Iterator[VideoFrame]:
    """The frames upright, with even sides and the mark in a corner; Python touches no pixel per frame."""
    first = next(frames)
    graph = Graph()
    sideways = abs(first.rotation) == QUARTER
    mark = as_frame(_mark(picture.width if sideways else picture.height))
    source = graph.add_buffer(template=picture)
    above = graph.add_buffer(width=mark.width, height=mark.height, format=mark.format, time_base=picture.time_base)
    steps = [*UPRIGHT.get(first.rotation, ()), ("pad", "ceil(iw/2)*2:ceil(ih/2)*2"), ("overlay", "x=h/2:y=h/2")]
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


def _pulled(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return


def _mark(height: int) -> Image.Image:
    size = max(12, height // 18)
    font = ImageFont.load_default(size)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(MARK))
    image = Image.new("RGBA", (right - left + size, bottom - top + size), (20, 20, 30, 170))
    ImageDraw.Draw(image).text((size // 2 - left, size // 2 - top), MARK, font=font, fill=(255, 214, 64, 255))
    return image
