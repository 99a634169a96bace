"""Sound for the sandbox's files: speech or a recording, cut or padded to a length, encoded."""

from __future__ import annotations

from array import array
from itertools import zip_longest
from pathlib import Path
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer

from bot.sandbox.speech import BYTES_PER_SAMPLE, Speech

RATE = 44_100
LONGEST_SECONDS = 120
_CHUNK = 1024  # samples per frame


class NotSound(Exception):
    """The file has no sound that can be decoded."""


def samples_of(sound: Speech | Path, seconds: float | None = None) -> bytes:
    """Mono 16-bit samples at `RATE`: exactly `seconds` of them, cut or padded with silence, or all there are."""
    heard = _resampled(_frames(sound.samples, sound.rate) if isinstance(sound, Speech) else _decoded(sound))
    if seconds is None:
        return heard
    wanted = round(seconds * RATE) * BYTES_PER_SAMPLE
    return heard[:wanted].ljust(wanted, b"\0")


def own_samples(clip: Path, begin: float, seconds: float) -> bytes:
    """What is heard in the clip for `seconds` from `begin` (seconds on the clip's clock), as `samples_of` gives it."""
    frames = _decoded(clip)
    late = round(1000 * ((frames[0].time or 0.0) - begin)) if frames else 0
    return placed(_resampled(frames), seconds, (max(0, -late), None, max(0, late)))


def placed(samples: bytes, seconds: float, span: tuple[int, int | None, int]) -> bytes:
    """`seconds` of samples in which the part from start to end begins at insert (milliseconds), amid silence."""
    start, end, insert = (None if at is None else at * RATE // 1000 * BYTES_PER_SAMPLE for at in span)
    wanted = round(seconds * RATE) * BYTES_PER_SAMPLE
    return (bytes(insert or 0) + samples[start:end])[:wanted].ljust(wanted, b"\0")


def mixed(first: bytes, first_volume: float, second: bytes, second_volume: float) -> bytes:
    """Both sounds together, each at its volume (0 to 2); as long as the first."""
    if first_volume == 1 and not second:
        return first
    low, high = -(2**15), 2**15 - 1
    pairs = zip_longest(memoryview(first).cast("h"), memoryview(second).cast("h"), fillvalue=0)
    together = (round(one * first_volume + other * second_volume) for one, other in pairs)
    return array("h", (min(high, max(low, sample)) for sample in together)).tobytes()[: len(first)]


def add_sound(output: OutputContainer, codec: str = "aac") -> AudioStream:
    """A new mono stream at `RATE` in the file."""
    return cast("AudioStream", output.add_stream(codec, rate=RATE, layout="mono"))


def encode(samples: bytes, output: OutputContainer, stream: AudioStream) -> None:
    """Encode mono 16-bit samples at `RATE` into a stream of any codec and sample format."""
    context = stream.codec_context
    resampler = AudioResampler(context.format, context.layout, RATE, context.frame_size or _CHUNK)
    for frame in (*_frames(samples, RATE), None):
        for ready in resampler.resample(frame):
            output.mux(stream.encode(ready))
    output.mux(stream.encode(None))


def write_sound(sound: Speech | Path, target: Path) -> None:
    """Write the sound as mp3, wav or m4a, by the name's ending."""
    codec = {".mp3": "libmp3lame", ".wav": "pcm_s16le", ".m4a": "aac"}[target.suffix]
    with av.open(target, "w") as output:
        encode(samples_of(sound), output, add_sound(output, codec))


def _resampled(frames: list[AudioFrame]) -> bytes:
    to_samples = AudioResampler("s16", "mono", RATE)
    ready = [made for frame in (*frames, None) for made in to_samples.resample(frame)]
    heard = b"".join(bytes(frame.planes[0])[: frame.samples * BYTES_PER_SAMPLE] for frame in ready)
    return heard[: LONGEST_SECONDS * RATE * BYTES_PER_SAMPLE]


def _decoded(path: Path) -> list[AudioFrame]:
    try:
        with av.open(path) as source:
            return list(source.decode(audio=0))
    except (av.FFmpegError, IndexError) as error:
        raise NotSound(str(error)) from None


def _frames(samples: bytes, rate: int) -> list[AudioFrame]:
    frames = []
    for start in range(0, len(samples), _CHUNK * BYTES_PER_SAMPLE):
        chunk = samples[start : start + _CHUNK * BYTES_PER_SAMPLE]
        frame = AudioFrame("s16", "mono", len(chunk) // BYTES_PER_SAMPLE)
        frame.planes[0].update(chunk.ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate = rate
        frame.pts = start // BYTES_PER_SAMPLE
        frames.append(frame)
    return frames
