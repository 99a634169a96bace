"""What stands in for the model: the clip comes back with the new voice in it, and a mark that says where it was
made.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageDraw, ImageFont

from bot.sandbox.sound import add_sound, encode, samples_of
from bot.sandbox.speech import Speech

MARK = "SANDBOX"
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
            made = target.add_stream("libx264", rate=picture.average_rate or 25, options=FASTEST)
            made.width, made.height, made.pix_fmt = picture.width, picture.height, "yuv420p"
            voice = add_sound(target)
            made.codec_context.time_base = picture.time_base or Fraction(1, 90_000)
            seconds = 0.0
            for frame in _marked(source.decode(picture), picture):
                frame.pict_type = av.video.frame.PictureType.NONE
                seconds = (frame.time or 0.0) + 1 / float(picture.average_rate or 25)
                target.mux(made.encode(frame))
            target.mux(made.encode(None))
            encode(samples_of(sound, seconds), target, voice)
    except (av.FFmpegError, IndexError) as error:
        raise NotVideo(str(error)) from None


def as_frame(image: Image.Image) -> VideoFrame:
    """A picture as a frame of video."""
    return cast("VideoFrame", VideoFrame.from_image(image))  # type: ignore[no-untyped-call]


def _marked(frames: Iterator[VideoFrame], picture: VideoStream) -> Iterator[VideoFrame]:
    """The frames with the mark in a corner, laid over by a filter graph: Python touches no pixel per frame."""
    graph = Graph()
    mark = as_frame(_mark(picture.height))
    below = graph.add_buffer(template=picture)
    above = graph.add_buffer(width=mark.width, height=mark.height, format=mark.format, time_base=picture.time_base)
    overlay = graph.add("overlay", "x=h/2:y=h/2")
    even = graph.add("format", "yuv420p")
    sink = graph.add("buffersink")
    below.link_to(overlay, 0, 0)
    above.link_to(overlay, 0, 1)
    overlay.link_to(even)
    even.link_to(sink)
    graph.configure()
    mark.pts, mark.time_base = 0, picture.time_base
    above.push(mark)
    above.push(None)
    for frame in frames:
        below.push(frame)
        yield from _pulled(graph)
    below.push(None)
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
