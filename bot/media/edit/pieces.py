"""A video cut into files that play by themselves; where that is possible, without decoding it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, islice, pairwise
from math import ceil, inf
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from bot.media.child import TooMuchWork
from bot.media.edit.bitrate import write_within
from bot.media.edit.clips import seen_in
from bot.media.edit.encode import MOVFLAGS, OutputForm, Span
from bot.media.edit.joins import even_sides
from bot.media.edit.rates import steady_rate
from bot.media.inspect.opening import begin_of, nothing_in_it, opened, picture_of, sounds_of
from bot.media.inspect.tags import tags_of

HEADERS = 8_192  # bytes beside picture and sound, without the tables
BYTES_PER_PACKET = 24  # in the tables
CLOSER = 0.97  # of what was aimed at, when a piece still came out too large
ATTEMPTS = 3


@dataclass(slots=True)
class _Stretch:
    """What lies between two places where the video can be cut. `begin` is in seconds on the file's clock."""

    begin: float
    size: int = 0


@dataclass(frozen=True, slots=True)
class _Run:
    """Stretches that are copied into one file; or one that is too large for that, and is encoded anew as several."""

    begin: float
    until: float  # without end for the last
    files: Sequence[Path]


def write_pieces(video: Path, most_bytes: int, folder: Path) -> bool:
    """Runs in a child: see `Editor.pieces`. The files' names are in their order; says whether none was encoded anew."""
    (stretches, end), tags = _stretches(video), tags_of(video)
    aim = most_bytes - HEADERS - sum(len(name) + len(value.encode()) + 64 for name, value in tags.items())
    for _ in range(ATTEMPTS):
        runs = _runs(stretches, aim, folder)
        copies = [_copy(video, run, run is runs[0], tags) for run in runs if len(run.files) == 1]
        if all(file.stat().st_size <= most_bytes for file in copies):
            break
        for file in copies:
            file.unlink()
        aim = int(aim * CLOSER)
    else:
        raise _too_small_pieces()
    for run in runs:
        if len(run.files) > 1:
            _encode(video, run, end, most_bytes, tags)
    return all(len(run.files) == 1 for run in runs)


def _stretches(video: Path) -> tuple[list[_Stretch], float]:
    """Also where the last one ends, picture and sound."""
    found: list[_Stretch] = []
    heard: list[tuple[float, int]] = []
    end = 0.0
    with _streams(video) as (container, streams):
        for packet in container.demux(streams):
            at, size = _time(packet), packet.size + BYTES_PER_PACKET
            if at is None:
                continue
            end = max(end, at + float((packet.duration or 0) * packet.time_base))
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
    return found, end


def _runs(stretches: Sequence[_Stretch], aim: int, folder: Path) -> list[_Run]:
    if aim <= 0:
        raise _too_small_pieces()
    begins: list[tuple[float, int]] = []  # each with the number of files
    room = 0
    for stretch in stretches:
        if stretch.size > room:
            files = ceil(stretch.size / aim)
            begins.append((stretch.begin, files))
            room = aim if files == 1 else 0
        room -= stretch.size
    names = (folder / f"{number:03}.mp4" for number in count(1))
    ends = (*(begin for begin, _ in begins[1:]), inf)
    return [_Run(begin, end, list(islice(names, files))) for (begin, files), end in zip(begins, ends, strict=True)]


def _copy(video: Path, run: _Run, is_first: bool, tags: Mapping[str, str]) -> Path:
    (file,), since = run.files, -inf if is_first else run.begin
    with (
        _streams(video) as (container, streams),
        av.open(file, "w", format="mp4", options={"movflags": MOVFLAGS}) as output,
    ):
        output.metadata.update(tags)
        own = {stream.index: output.add_stream_from_template(stream) for stream in streams}
        for packet in container.demux(streams):
            at = _time(packet)
            if at is None or not since <= at < run.until:
                continue
            shift = round(Fraction(run.begin) / packet.time_base)
            packet.pts = None if packet.pts is None else packet.pts - shift
            packet.dts = None if packet.dts is None else packet.dts - shift
            packet.stream = own[packet.stream.index]
            output.mux(packet)
    return file


def _encode(video: Path, run: _Run, end: float, most_bytes: int, tags: Mapping[str, str]) -> None:
    facts, zero = seen_in(video), begin_of(video)
    sides = even_sides(facts, max(facts.width, facts.height))
    form = OutputForm(sides, steady_rate(facts), facts.has_sound)
    begin = max(0.0, run.begin - zero)
    frames = round((min(run.until, end) - zero - begin) * form.rate)
    if frames < len(run.files):
        raise _too_small_pieces()
    cuts = [round(frames * number / len(run.files)) / form.rate for number in range(len(run.files) + 1)]
    for file, (first, last) in zip(run.files, pairwise(cuts), strict=True):
        span = Span(video, facts, begin + float(first), float(last - first))
        write_within(most_bytes, [span], form, file, tags)


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


def _too_small_pieces() -> TooMuchWork:
    return TooMuchWork("it can't be cut into pieces that small")
