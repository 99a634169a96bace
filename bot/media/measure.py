"""What a file really holds, found out from its packets: headers lie, are missing, or know nothing of a cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from pathlib import Path
from typing import cast

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bot.media.child import Unreadable
from bot.media.facts import Facts
from bot.media.opening import FORMATS, frames_of, nothing_in_it, opened, picture_of, sounds_of, trims_of
from bot.media.upright import has_alpha, is_deep, is_marked_clear, shown

LARGEST_REORDER = 32  # frames that may be stored before one that is shown earlier; H.264 and HEVC allow 16
UNEVEN = 0.1  # of a frame's time: what rounded time stamps may differ by


def measure(file: Path) -> Facts:
    """The facts, or `Unreadable`. Reads the whole file once and keeps nothing of it: a second for three hours."""
    with opened(file) as container:
        picture, sounds = picture_of(container), sounds_of(container)
        if not picture and not sounds:
            raise Unreadable("it holds neither picture nor sound")
        seen, heard = _Track(picture), _Track(sounds[0] if sounds else None)
        for packet in container.demux([track.stream for track in (seen, heard) if track.stream]):
            (seen if packet.stream is picture else heard).note(packet)
        if seen.stream and not seen.first:
            raise Unreadable("its picture can't be decoded" if seen.count else "it holds nothing that can be played")
        if not seen.first and not heard.first:
            raise nothing_in_it()
        return _facts(container, seen, heard, len(sounds))


def _facts(container: InputContainer, seen: _Track, heard: _Track, sounds: int) -> Facts:
    seconds = seen.seconds if seen.first else heard.seconds
    if seconds <= 0:
        raise nothing_in_it()
    name = container.format.name.partition(",")[0]
    plain = Facts(
        frozenset(FORMATS.get(name, {name})),
        seconds,
        0,
        0,
        bool(heard.first),
        audio_codec=heard.codec,
        sounds=sounds if heard.first else 0,
        sound_seconds=heard.seconds if heard.first else 0.0,
    )
    if not seen.first:
        return plain
    frame, stream = cast("VideoFrame", seen.first), cast("VideoStream", seen.stream)
    sides = shown(frame, stream)
    return Facts(
        plain.formats,
        seconds,
        sides.width,
        sides.height,
        plain.has_sound,
        video_codec=seen.codec,
        audio_codec=plain.audio_codec,
        frames_per_second=seen.count / seconds,
        steady=seen.is_steady,
        turned=bool(sides.turn),
        deep=is_deep(frame),
        sounds=plain.sounds,
        sound_seconds=plain.sound_seconds,
        alpha=has_alpha(frame) or is_marked_clear(stream),
    )


@dataclass(slots=True)
class _Track:
    """What the packets of one stream say, in its own unit of time."""

    stream: VideoStream | AudioStream | None
    first: object = None  # frame
    count: int = 0
    begin: int = 0
    end: int = 0
    ends_open: int | None = None  # begin of a last packet that doesn't say how long it is
    shortest: int = 2**62
    longest: int = 0
    _last: Packet[Stream] | None = None
    _full: int = 0  # duration of the first packet
    _trimmed: int = 0  # samples before the sound begins
    _before: int | None = None
    _waiting: list[int] = field(default_factory=list)

    def note(self, packet: Packet[Stream]) -> None:
        if not self.first:
            # At the end comes an empty packet, upon which a decoder gives what it held back.
            self.first = next(iter(frames_of(packet) or []), None)
        at = packet.dts if packet.pts is None else packet.pts
        if at is None or packet.is_discard:
            return
        if not self.count:
            self.begin, self._full, self._trimmed = at, packet.duration or 0, trims_of(packet)[0]
        self.begin, self._last = min(self.begin, at), packet
        self.count += 1
        end = at + (packet.duration or 0)
        if end >= self.end or self.count == 1:
            self.end, self.ends_open = end, None if packet.duration else at
        if isinstance(self.stream, VideoStream):
            if len(self._waiting) < LARGEST_REORDER:
                heappush(self._waiting, at)
            else:
                self._gap(heappushpop(self._waiting, at))

    def _gap(self, at: int) -> None:
        if self._before is not None:
            gap = at - self._before
            self.shortest, self.longest = min(self.shortest, gap), max(self.longest, gap)
        self._before = at

    @property
    def codec(self) -> str:
        return self.stream.codec_context.codec.canonical_name if self.stream and self.first else ""

    @property
    def seconds(self) -> float:
        base = float(self.stream.time_base or 0) if self.stream else 0.0
        length = (self.end - self.begin) * base
        if self.ends_open is not None and self.count > 1:
            length += length / (self.count - 1)
        if isinstance(self.stream, AudioStream) and self._last:
            # Some containers have shortened the last packet's duration by what is to be trimmed there, some haven't.
            end = trims_of(self._last)[1] if (self._last.duration or 0) >= self._full else 0
            length -= (self._trimmed + end) / self.stream.rate
        return length

    @property
    def is_steady(self) -> bool:
        """Also where time stamps were rounded, to milliseconds for instance."""
        for at in sorted(self._waiting):
            self._gap(at)
        self._waiting.clear()
        mean = (self.end - self.begin) / max(1, self.count)
        return self.longest - self.shortest <= max(2, UNEVEN * mean)
