"""The pictures of a file at given moments, whatever its own rate is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast

import av
from av.codec.context import ThreadType
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bot.domain.media_facts import MOST_WORK
from bot.media.child import TooMuchWork
from bot.media.edit.scaling import Fitting
from bot.media.inspect.opening import begin_of, decoded, nothing_in_it, opened, picture_of
from bot.media.inspect.orientation import Shown, is_marked_clear, shown

THREADS = 2  # per decoder: each holds frames of its own
CLEAR_DECODERS = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
WORTH_A_JUMP = 3.0  # seconds; before that, decoding everything is as quick


def pictures(file: Path, moments: Iterable[float], fitting: Fitting) -> Iterator[VideoFrame]:
    """What is shown at each of the moments (ascending, seconds from the first picture), fitted. Before the first
    picture that is the first, and after the last it is the last.
    """
    moments = iter(moments)
    moment = next(moments, None)
    if moment is None:
        return
    zero = begin_of(file)
    with opened(file) as container:
        stream = picture_of(container)
        if stream is None:
            raise nothing_in_it()
        frames = _from(file, container, stream, zero + moment)
        current = next(frames, None)
        if current is None:
            raise nothing_in_it()
        following, fitted, views = next(frames, None), None, _Views(stream)
        while moment is not None:
            while following is not None and following[0] <= zero + moment:
                current, fitted, following = following, None, next(frames, None)
            fitted = fitted or fitting.fit(current[1], views.of(current[1]))
            yield fitted
            moment = next(moments, None)


class _Views:
    """How the frames of a stream are shown. What a frame says of itself is asked for only once: it and its side data
    hold on to each other, and so the memory would fill up with frames.
    """

    def __init__(self, stream: VideoStream) -> None:
        self._stream = stream
        self._known: dict[tuple[int, int], Shown] = {}

    def of(self, frame: VideoFrame) -> Shown:
        """The frame's view, taken from the first of its size."""
        size = frame.width, frame.height
        if size not in self._known:
            self._known[size] = shown(frame, self._stream)
        return self._known[size]


def _from(
    file: Path, container: InputContainer, stream: VideoStream, moment: float
) -> Iterator[tuple[float, VideoFrame]]:
    """Frames with their times, the first not later than the moment if there is such a one."""
    if moment > WORTH_A_JUMP:
        with suppress(av.FFmpegError):
            container.seek(int(moment / (stream.time_base or 1)), stream=stream)
        frames = _timed(container, stream)
        first = next(frames, None)
        if first is not None and first[0] <= moment:
            yield first
            yield from frames
            return
    with opened(file) as again:  # it can't be jumped into, or not to there
        found = picture_of(again)
        if found is not None:
            yield from _timed(again, found)


def _timed(container: InputContainer, stream: VideoStream) -> Iterator[tuple[float, VideoFrame]]:
    stream.thread_count, stream.thread_type = THREADS, ThreadType.AUTO
    at = 0.0
    # FFmpeg's own decoders of these two leave the transparency out.
    clear = CLEAR_DECODERS.get(stream.codec_context.name) if is_marked_clear(stream) else None
    decoder = cast("VideoCodecContext", av.CodecContext.create(clear, "r")) if clear else None
    work = 0
    for frame in decoded(container, stream, decoder):
        assert isinstance(frame, VideoFrame)
        work += frame.width * frame.height
        if work > MOST_WORK:  # what was foreseen goes by the first picture, and others may be larger
            raise TooMuchWork("it has too many and too large pictures")
        step = float(1 / (stream.average_rate or 25))
        at = at + step if frame.time is None else frame.time
        yield at, frame
