"""A video cut into files that play by themselves, without decoding it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from bot.media.child import TooMuchWork
from bot.media.encode import MOVFLAGS
from bot.media.opening import nothing_in_it, opened, picture_of, sounds_of
from bot.media.tags import tags_of

HEADERS = 8_192  # bytes beside picture and sound, without the tables
BYTES_PER_PACKET = 24  # in the tables
CLOSER = 0.97  # of what was aimed at, when a piece still came out too large
ATTEMPTS = 3


@dataclass(slots=True)
class _Stretch:
    """What lies between two places where the video can be cut. `begin` is in seconds on the file's clock."""

    begin: float
    size: int = 0


def write_pieces(video: Path, most_bytes: int, folder: Path) -> list[Path]:
    """Runs in a child: see `Editor.pieces`."""
    stretches, tags = _stretches(video), tags_of(video)
    aim = most_bytes - HEADERS - sum(len(name) + len(value.encode()) + 64 for name, value in tags.items())
    for _ in range(ATTEMPTS):
        files = _write(video, _cuts(stretches, aim), folder, tags)
        if all(file.stat().st_size <= most_bytes for file in files):
            return files
        for file in files:
            file.unlink()
        aim = int(aim * CLOSER)
    raise _too_long_a_stretch()


def _stretches(video: Path) -> list[_Stretch]:
    found: list[_Stretch] = []
    heard: list[tuple[float, int]] = []
    with _streams(video) as (container, streams):
        for packet in container.demux(streams):
            at, size = _time(packet), packet.size + BYTES_PER_PACKET
            if at is None:
                continue
            if packet.stream is not streams[0]:
                heard.append((at, size))
                continue
            if (packet.is_keyframe and not packet.is_discard) or not found:
                found.append(_Stretch(at))
            while len(found) > 1 and at < found[-1].begin:  # shown before that place: it can't be cut there
                dropped = found.pop()
                found[-1].size += dropped.size
            found[-1].size += size
    if not found:
        raise nothing_in_it()
    number = 0
    for at, size in heard:
        while number + 1 < len(found) and at >= found[number + 1].begin:
            number += 1
        found[number].size += size
    return found


def _cuts(stretches: Sequence[_Stretch], aim: int) -> list[float]:
    cuts, size = [stretches[0].begin], 0
    for stretch in stretches:
        if stretch.size > aim:
            raise _too_long_a_stretch()
        if size and size + stretch.size > aim:
            cuts.append(stretch.begin)
            size = 0
        size += stretch.size
    return cuts


def _write(video: Path, cuts: Sequence[float], folder: Path, tags: dict[str, str]) -> list[Path]:
    files = []
    for number, (begin, end) in enumerate(zip((-inf, *cuts[1:]), (*cuts[1:], inf), strict=True), 1):
        files.append(folder / f"{number:03}.mp4")
        with (
            _streams(video) as (container, streams),
            av.open(files[-1], "w", format="mp4", options={"movflags": MOVFLAGS}) as output,
        ):
            output.metadata.update(tags)
            own = {stream.index: output.add_stream_from_template(stream) for stream in streams}
            for packet in container.demux(streams):
                at = _time(packet)
                if at is None or not begin <= at < end:
                    continue
                shift = round(Fraction(cuts[number - 1]) / packet.time_base)
                packet.pts = None if packet.pts is None else packet.pts - shift
                packet.dts = None if packet.dts is None else packet.dts - shift
                packet.stream = own[packet.stream.index]
                output.mux(packet)
    return files


def _time(packet: Packet[Stream]) -> float | None:
    """When it is shown or heard, in seconds; nothing for the empty ones at the end."""
    at = packet.dts if packet.pts is None else packet.pts
    return None if at is None or packet.dts is None else float(at * packet.time_base)


@contextmanager
def _streams(video: Path) -> Iterator[tuple[InputContainer, list[VideoStream | AudioStream]]]:
    """The file, and of its streams the picture and the sound that matter."""
    with opened(video) as container:
        picture = picture_of(container)
        if picture is None:
            raise nothing_in_it()
        yield container, [picture, *sounds_of(container)[:1]]


def _too_long_a_stretch() -> TooMuchWork:
    return TooMuchWork("it can't be cut into pieces that small")
