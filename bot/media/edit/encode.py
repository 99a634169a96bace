"""Spans of files, one after the other, written as one mp4 of constant frame rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from typing import cast

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from bot.domain.media_facts import MediaFacts
from bot.media.edit.pictures import pictures
from bot.media.edit.scaling import BT709, Fitting, Sides
from bot.media.inspect.loudness import as_frame
from bot.media.inspect.opening import begin_of
from bot.media.inspect.samples import LAYOUTS, samples

SOUND_RATE, CHANNELS = 48_000, 2
SOUND_BITS = 128_000
QUALITY = {"preset": "veryfast", "crf": "20", "profile": "high"}
THREADS = 2
KEYFRAME_SECONDS = 2  # so that a file can be cut without loss
TV_RANGE = 1
MOVFLAGS = "+faststart+use_metadata_tags"  # players can begin at once; every tag is kept, not only those of iTunes


@dataclass(frozen=True, slots=True)
class Span:
    """`seconds` of a file from `start`. Past its end the last picture stays and there is silence."""

    file: Path
    facts: MediaFacts
    start: float
    seconds: float


@dataclass(frozen=True, slots=True)
class OutputForm:
    """What the file to be written is like. `video_bits` per second are kept at any moment."""

    sides: Sides
    rate: Fraction
    has_sound: bool
    video_bits: int | None = None
    sound_bits: int = SOUND_BITS


def write(spans: Sequence[Span], form: OutputForm, target: Path, tags: Mapping[str, str] | None = None) -> None:
    """Write the spans as H.264 and AAC."""
    ends = [0.0]
    for span in spans:
        ends.append(ends[-1] + span.seconds)
    cuts = [round(end * form.rate) for end in ends]
    cuts[-1] = max(1, cuts[-1])
    with av.open(target, "w", format="mp4", options={"movflags": MOVFLAGS}) as output:
        output.metadata.update(tags or {})
        picture = _add_picture(output, form)
        voice = SoundTrack(output, "aac", SOUND_RATE, CHANNELS, form.sound_bits) if form.has_sound else None
        heard = _heard(spans, [round(end * SOUND_RATE) for end in (*ends[:-1], float(cuts[-1] / form.rate))])
        for number, frame in enumerate(_seen(spans, ends, cuts, form)):
            frame.pts, frame.time_base, frame.pict_type = number, 1 / form.rate, PictureType.NONE
            output.mux(picture.encode(frame))
            while voice and voice.seconds <= number / form.rate and (piece := next(heard, None)):
                voice.say(piece)
        output.mux(picture.encode(None))
        if voice:
            for piece in heard:
                voice.say(piece)
            voice.end()


class SoundTrack:
    """A stream of sound that takes samples as `samples` gives them."""

    def __init__(self, output: OutputContainer, codec: str, rate: int, channels: int, bits: int | None) -> None:
        self._output = output
        self._stream = cast("AudioStream", output.add_stream(codec, rate=rate, layout=LAYOUTS[channels]))
        if bits:
            self._stream.bit_rate = bits
        self._rate, self._channels, self._written = rate, channels, 0

    @property
    def seconds(self) -> float:
        """How much was said."""
        return self._written / self._rate

    def say(self, piece: bytes) -> None:
        """Encode the samples."""
        frame = as_frame(piece, self._written, self._rate, self._channels)
        self._written += frame.samples
        self._output.mux(self._stream.encode(frame))

    def end(self) -> None:
        """Encode what was held back."""
        self._output.mux(self._stream.encode(None))


def _add_picture(output: OutputContainer, form: OutputForm) -> VideoStream:
    options = dict(QUALITY)
    if form.video_bits:
        options |= {"maxrate": str(form.video_bits), "bufsize": str(form.video_bits)}
    stream = output.add_stream("libx264", rate=form.rate, options=options)
    context = stream.codec_context
    stream.width, stream.height, stream.pix_fmt = form.sides.width, form.sides.height, "yuv420p"
    context.time_base, context.thread_count = 1 / form.rate, THREADS
    context.gop_size = round(KEYFRAME_SECONDS * form.rate)
    context.colorspace = context.color_primaries = context.color_trc = BT709
    context.color_range = TV_RANGE
    return stream


def _seen(spans: Sequence[Span], ends: list[float], cuts: list[int], form: OutputForm) -> Iterator[VideoFrame]:
    fitting = Fitting(form.sides)
    return chain.from_iterable(
        pictures(span.file, _moments(span, begin, first, last, form.rate), fitting)
        for span, begin, (first, last) in zip(spans, ends, pairwise(cuts), strict=False)
    )


def _moments(span: Span, begin: float, first: int, last: int, rate: Fraction) -> Iterator[float]:
    """When the pictures of a span are to be taken: in the middle of a frame, so that rounded time stamps do no harm."""
    into = 0.5 / max(float(rate), span.facts.frames_per_second)
    return (span.start + max(0.0, number / rate - begin) + into for number in range(first, last))


def _heard(spans: Sequence[Span], cuts: list[int]) -> Iterator[bytes]:
    return chain.from_iterable(
        samples(span.file, begin_of(span.file) + span.start, last - first, SOUND_RATE, CHANNELS)
        for span, (first, last) in zip(spans, pairwise(cuts), strict=True)
    )
