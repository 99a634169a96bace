"""What the packets of one stream say of its length and its pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from itertools import pairwise

from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from bot.media.inspect.opening import LARGEST_REORDER, frames_of, trims_of

UNEVEN = 0.1  # of a frame's time: what rounded time stamps may differ by


@dataclass(slots=True)
class Track:
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
        """Take in the next packet."""
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

    def count_all(self, times: Sequence[int]) -> None:
        """Take all the packets' times from an index, as not every packet was noted."""
        gaps = [after - before for before, after in pairwise(times)]
        self.count, self.shortest, self.longest = len(times), min(gaps), max(gaps)
        self._waiting.clear()

    def _gap(self, at: int) -> None:
        if self._before is not None:
            gap = at - self._before
            self.shortest, self.longest = min(self.shortest, gap), max(self.longest, gap)
        self._before = at

    @property
    def codec(self) -> str:
        """FFmpeg's name; empty unless something of it was decoded."""
        return self.stream.codec_context.codec.canonical_name if self.stream and self.first else ""

    @property
    def seconds(self) -> float:
        """What is to be seen or heard of it."""
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
        """Whether its pictures keep one pace; also where times were rounded, to milliseconds for instance."""
        for at in sorted(self._waiting):
            self._gap(at)
        self._waiting.clear()
        mean = (self.end - self.begin) / max(1, self.count)
        return self.longest - self.shortest <= max(2, UNEVEN * mean)
