"""Sound as loud as other sound: by one gain for all of it, so that what is quiet in it stays quiet."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.filter import Graph

from bot.media.inspect.samples import BYTES_PER_SAMPLE, LAYOUTS

LOUDNESS = -16.0  # LUFS, what podcasts and video sites aim at
NOTHING_TO_HEAR = -50.0  # LUFS; what is quieter is noise, and stays as it is
MOST_GAIN = 24.0  # dB
PEAK = 0.84  # -1.5 dB, so that no decoder clips
LOUDNESS_OF_ALL = "lavfi.r128.I"  # up to a frame, gated by EBU R 128


def gain_for(pieces: Iterator[bytes], rate: int, channels: int) -> float:
    """By how many dB the sound must be louder. Sound shorter than 0.4 seconds has no loudness, and gets 0."""
    loudness = -70.0
    for frame in _filtered(pieces, [("ebur128", "metadata=1")], rate, channels):
        loudness = float(frame.metadata.get(LOUDNESS_OF_ALL, loudness))
    return min(MOST_GAIN, LOUDNESS - loudness) if loudness > NOTHING_TO_HEAR else 0.0


def louder(pieces: Iterator[bytes], gain: float, rate: int, channels: int) -> Iterator[bytes]:
    """As many samples, louder by so many dB, with peaks held down."""
    filters = [("volume", f"{gain:.2f}dB"), ("alimiter", f"limit={PEAK}:level=0:latency=1")]
    for frame in _filtered(pieces, filters, rate, channels):
        yield bytes(frame.planes[0])[: frame.samples * channels * BYTES_PER_SAMPLE]


def as_frame(piece: bytes, at: int, rate: int, channels: int) -> AudioFrame:
    """Samples (floats, interleaved) as a frame that begins `at` so many samples."""
    frame = AudioFrame("flt", LAYOUTS[channels], len(piece) // (BYTES_PER_SAMPLE * channels))
    frame.planes[0].update(piece.ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
    return frame


def _filtered(
    pieces: Iterator[bytes], filters: list[tuple[str, str]], rate: int, channels: int
) -> Iterator[AudioFrame]:
    graph = Graph()
    begin = last = graph.add_abuffer(
        sample_rate=rate, format="flt", layout=LAYOUTS[channels], time_base=Fraction(1, rate)
    )
    for name, arguments in (*filters, ("aformat", f"sample_fmts=flt:sample_rates={rate}"), ("abuffersink", None)):
        following = graph.add(name, arguments)
        last.link_to(following)
        last = following
    graph.configure()
    at = 0
    for piece in pieces:
        frame = as_frame(piece, at, rate, channels)
        at += frame.samples
        begin.push(frame)
        yield from _pulled(graph)
    begin.push(None)
    yield from _pulled(graph)


def _pulled(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        assert isinstance(frame, AudioFrame)
        yield frame
