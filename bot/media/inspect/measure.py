"""What a file really holds, found out from its packets: headers lie, are missing, or know nothing of a cut."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import cast

from av.container import InputContainer
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bot.domain.media_facts import MediaFacts
from bot.media.child import DAMAGED, Unreadable
from bot.media.inspect.mp4_index import can_skim, skim
from bot.media.inspect.opening import FORMATS, nothing_in_it, opened, picture_of, sounds_of
from bot.media.inspect.orientation import is_deep, shown
from bot.media.inspect.track import Track


def measure(file: Path) -> MediaFacts:
    """The facts, or `Unreadable`. Keeps nothing of the file, and reads only as much of it as its container needs to be
    believed: some packets of an mp4 that is as large as its index says, every other file whole.
    """
    with opened(file) as container:
        picture, sounds = picture_of(container), sounds_of(container)
        if not picture and not sounds:
            raise Unreadable("it holds neither picture nor sound")
        seen, heard = Track(picture), Track(sounds[0] if sounds else None)
        tracks = [track for track in (seen, heard) if track.stream]
        if can_skim(container, tracks):
            skim(container, tracks)
        else:
            _read(container, tracks)
        if not (seen.first if seen.stream else heard.first):
            raise Unreadable(DAMAGED)
        return _facts(container, seen, heard)


def _read(container: InputContainer, tracks: Sequence[Track]) -> None:
    of: dict[Stream, Track] = {track.stream: track for track in tracks if track.stream}
    for packet in container.demux([*of]):
        of[packet.stream].note(packet)


def _facts(container: InputContainer, seen: Track, heard: Track) -> MediaFacts:
    seconds = seen.seconds if seen.first else heard.seconds
    if seconds <= 0:
        raise nothing_in_it()
    name = container.format.name.partition(",")[0]
    plain = MediaFacts(
        frozenset(FORMATS.get(name, {name})),
        seconds,
        0,
        0,
        bool(heard.first),
        audio_codec=heard.codec,
        sound_seconds=heard.seconds if heard.first else 0.0,
    )
    if not seen.first:
        return plain
    frame, stream = cast("VideoFrame", seen.first), cast("VideoStream", seen.stream)
    sides = shown(frame, stream)
    return MediaFacts(
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
        sound_seconds=plain.sound_seconds,
    )
