"""The sound of a file as samples without gaps, on the file's own clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from bot.media.inspect.opening import decoded, opened, sounds_of

BYTES_PER_SAMPLE = 4  # floats, so that nothing is clipped on the way
LAYOUTS = {1: "mono", 2: "stereo"}
OUT_OF_STEP = 0.04  # seconds between the clock and the samples, upon which they are brought together; less is rounding
BEFORE = 0.5  # seconds to begin earlier, for what a decoder needs to get going
EXACT_JUMPS = ("mov", "matroska")  # others guess where a moment lies in the file
AT_A_TIME = 48_000  # samples of silence


def samples(file: Path, start: float, count: int, rate: int, channels: int) -> Iterator[bytes]:
    """`count` samples from `start`, in seconds on the file's own clock: floats, the channels interleaved. Where it
    has no sound there is silence.
    """
    written = 0
    for at, data in _placed(file, start, rate, channels):
        width = BYTES_PER_SAMPLE * channels
        ahead = at - written
        if ahead > 0:
            ahead = min(ahead, count - written)
            yield from silence(ahead, channels)
            written += ahead
        piece = data[max(0, -ahead) * width :][: (count - written) * width]
        if piece:
            yield piece
            written += len(piece) // width
        if written >= count:
            return
    yield from silence(count - written, channels)


def silence(count: int, channels: int) -> Iterator[bytes]:
    """So many samples of nothing."""
    while count > 0:
        now = min(count, AT_A_TIME)
        yield bytes(now * channels * BYTES_PER_SAMPLE)
        count -= now


def _placed(file: Path, start: float, rate: int, channels: int) -> Iterator[tuple[int, bytes]]:
    """Samples, each piece with its place counted from `start`; one follows on the other unless the clock insists."""
    place: int | None = None
    for frame in _resampled(_from(file, start), rate, channels):
        due = place or 0 if frame.time is None else round((frame.time - start) * rate)
        if place is None or abs(due - place) > OUT_OF_STEP * rate:
            place = due
        yield place, bytes(frame.planes[0])[: frame.samples * channels * BYTES_PER_SAMPLE]
        place += frame.samples


def _resampled(frames: Iterator[AudioFrame], rate: int, channels: int) -> Iterator[AudioFrame]:
    kind: tuple[object, ...] = ()
    resampler: AudioResampler | None = None
    for frame in frames:
        now = (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is None or now != kind:  # some streams change on the way
            if resampler is not None:
                yield from resampler.resample(None)
            kind, resampler = now, AudioResampler("flt", LAYOUTS[channels], rate)
        yield from resampler.resample(frame)
    if resampler is not None:
        yield from resampler.resample(None)


def _from(file: Path, moment: float) -> Iterator[AudioFrame]:
    """The frames of the first track, the first not later than the moment if there is such a one."""
    with opened(file) as container:
        tracks = sounds_of(container)
        if not tracks:
            return
        if moment > BEFORE and container.format.name.startswith(EXACT_JUMPS):
            with suppress(av.FFmpegError):
                container.seek(int((moment - BEFORE) / (tracks[0].time_base or 1)), stream=tracks[0])
            frames = _decoded(container, tracks[0])
            first = next(frames, None)
            if first is not None and first.time is not None and first.time <= moment:
                yield first
                yield from frames
                return
    with opened(file) as container:
        yield from _decoded(container, sounds_of(container)[0])


def _decoded(container: InputContainer, track: AudioStream) -> Iterator[AudioFrame]:
    for frame in decoded(container, track):
        assert isinstance(frame, AudioFrame)
        yield frame
