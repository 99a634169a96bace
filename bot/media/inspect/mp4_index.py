"""Knowing an mp4 or mov by its index: its begin and its end are read, what lies between is only counted."""

from __future__ import annotations

from collections.abc import Sequence

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.index import IndexEntry
from av.stream import Stream
from av.video.stream import VideoStream

from bot.media.inspect.opening import LARGEST_REORDER
from bot.media.inspect.track import Track

INDEXED = "mov"  # FFmpeg's name of the containers that list every packet before the first is read
EDGE = LARGEST_REORDER + 1  # packets at the begin and the end, one of which is shown first or last


def can_skim(container: InputContainer, tracks: Sequence[Track]) -> bool:
    """Whether the index lists every packet of these tracks, and the file is there up to the last of them. A fragmented
    one, one that was cut short, and one that leaves pictures out or plays in an order of its own are to be read.
    """
    return container.format.name.startswith(INDEXED) and all(
        _is_whole(stream, container.size) for track in tracks if (stream := track.stream)
    )


def skim(container: InputContainer, tracks: Sequence[Track]) -> None:
    """Note the first and the last packets of each track, and count the others by the index."""
    of: dict[Stream, Track] = {track.stream: track for track in tracks if track.stream}
    for packet in container.demux([*of]):
        of[packet.stream].note(packet)
        if all(track.first and track.count >= EDGE for track in tracks):
            break
    for track in tracks:
        assert track.stream
        listed = [entry.timestamp for entry in track.stream.index_entries if not entry.is_discard]
        container.seek(listed[-EDGE], stream=track.stream, any_frame=True)
        for packet in container.demux(track.stream):
            track.note(packet)
        track.count_all(listed)


def _is_whole(stream: VideoStream | AudioStream, size: int) -> bool:
    entries = stream.index_entries
    shown = sum(not entry.is_discard for entry in entries)
    if isinstance(stream, VideoStream) and shown < len(entries):
        return False  # what is left out may lie between what is shown, as the index is in the order of decoding
    return len(entries) == stream.frames and shown > EDGE and all(_lies_within(entry, size) for entry in entries)


def _lies_within(entry: IndexEntry, size: int) -> bool:
    return entry.size > 0 and 0 <= entry.pos <= size - entry.size
