"""Opening people's files: local ones only, of the containers we know, whatever their names say."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.frame import Frame
from av.packet import Packet
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from bot.media.child import DAMAGED, Unreadable

FORMATS = {  # FFmpeg's name of a container: the file endings that stand for it
    "mov": {"mp4", "mov", "m4a", "m4v"},
    "matroska": {"webm", "mkv"},
    "mp3": {"mp3"},
    "wav": {"wav"},
    "aac": {"aac"},
    "ogg": {"ogg", "oga", "opus"},
    "flac": {"flac"},
    "avi": {"avi"},
    "gif": {"gif"},
}
# FFmpeg's names of decoders: what phones, cameras, editors, screen recorders and the web make. It has 500 more, for
# games and formats of the nineties, in which most of its faults are found.
DECODERS = frozenset(
    ["h264", "hevc", "av1", "libdav1d", "vp8", "libvpx", "vp9", "libvpx-vp9", "mpeg4", "msmpeg4", "msmpeg4v2", "h263",
     "mpeg1video", "mpeg2video", "theora", "mjpeg", "png", "gif", "qtrle", "prores", "dnxhd", "dvvideo", "rawvideo",
     "aac", "aac_latm", "mp3", "mp3float", "mp2", "mp2float", "opus", "libopus", "vorbis", "flac", "alac", "ac3",
     "eac3", "amrnb", "libopencore_amrnb", "amrwb", "libopencore_amrwb", "adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt",
     "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le",
     "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_alaw", "pcm_mulaw"]
)  # fmt: skip
# A playlist or a script in a clip's clothes would make FFmpeg open what it names: files of ours, addresses inside.
CLOSED = {
    "protocol_whitelist": "file",
    "format_whitelist": ",".join(FORMATS),
    "codec_whitelist": ",".join(sorted(DECODERS)),
}

NO_MEDIA = "it is not a video or a recording"
# How files of these containers begin, whether or not the rest of them is whole.
BEGINS = re.compile(
    rb".{4}(ftyp|styp|moov|mdat|free|skip|wide)|RIFF.{4}(WAVE|AVI )|\x1aE\xdf\xa3|OggS|fLaC|ID3|GIF8"
    rb"|\xff[\xe2\xe3\xf0-\xf3\xf8-\xfb]",
    re.DOTALL,
)

LARGEST_REORDER = 32  # frames that may be stored before one that is shown earlier; H.264 and HEVC allow 16

# In a row. FFmpeg says of a picture that there was no memory for, too, that it is damaged: to show the last one instead
# for the rest of a clip would be no clip.
MOST_DAMAGED = 24


@contextmanager
def opened(file: Path) -> Iterator[InputContainer]:
    """The file, open for reading, until the context ends. `Unreadable` when it is none of ours, or a damaged one."""
    try:
        container = av.open(f"file:{file.absolute()}", "r", options=CLOSED, metadata_errors="replace")
    except (av.InvalidDataError, av.EOFError, av.ArgumentError):
        raise Unreadable(DAMAGED if _begins_like_media(file) else NO_MEDIA) from None
    with container:
        yield container


def _begins_like_media(file: Path) -> bool:
    with file.open("rb") as data:
        return BEGINS.match(data.read(12)) is not None


def picture_of(container: InputContainer) -> VideoStream | None:
    """The first picture that moves, not a song's cover. `Unreadable` where we don't decode it."""
    for stream in container.streams.video:
        if Disposition.attached_pic not in stream.disposition and _is_known(stream):
            if not _is_listed(stream):
                raise _not_listed("picture", stream)
            return stream
    return None


def sounds_of(container: InputContainer) -> list[AudioStream]:
    """The audio tracks that we decode. `Unreadable` where there are some, but none of these."""
    known = [stream for stream in container.streams.audio if _is_known(stream)]
    listed = [stream for stream in known if _is_listed(stream)]
    if known and not listed:
        raise _not_listed("sound", known[0])
    return listed


def decoded(
    container: InputContainer, stream: VideoStream | AudioStream, decoder: VideoCodecContext | None = None
) -> Iterator[Frame]:
    """The frames of a stream, by its own decoder unless one is given. A damaged one is left out, as players do; of too
    many it is said that the file is damaged.
    """
    failed = 0
    for packet in container.demux(stream):
        found = frames_of(packet, decoder)
        failed = 0 if found is not None else failed + 1
        if failed > MOST_DAMAGED:
            raise Unreadable(DAMAGED)
        yield from found or []


def frames_of(packet: Packet[Any], decoder: VideoCodecContext | None = None) -> list[Frame] | None:
    """What is in the packet, or None where it is damaged."""
    try:
        found = decoder.decode(packet) if decoder else packet.decode()
        return [frame for frame in found if isinstance(frame, Frame)]
    except av.InvalidDataError:
        return None


def trims_of(packet: Packet[Any]) -> tuple[int, int]:
    """How many samples at its begin and at its end only fill the encoder's frame and aren't to be heard."""
    if not packet.has_sidedata("skip_samples"):
        return 0, 0
    found: tuple[int, int] = struct.unpack_from("<II", bytes(packet.get_sidedata("skip_samples")))
    return found


def begin_of(file: Path) -> float:
    """When the first picture is shown on the file's own clock, or its sound begins if it has no picture."""
    with opened(file) as container:
        return _begin(container, picture_of(container) or next(iter(sounds_of(container)), None))


def sound_begin_of(file: Path) -> float:
    """When the sound begins on the file's own clock."""
    with opened(file) as container:
        return _begin(container, next(iter(sounds_of(container)), None))


def nothing_in_it() -> Unreadable:
    """For a file in which nothing was found to play."""
    return Unreadable("it holds nothing that can be played")


def _begin(container: InputContainer, stream: VideoStream | AudioStream | None) -> float:
    times: list[float] = []
    trimmed = 0.0
    for packet in container.demux(stream) if stream else ():
        at = packet.dts if packet.pts is None else packet.pts
        if at is None or packet.is_discard:
            continue
        if not times and isinstance(stream, AudioStream):
            trimmed = trims_of(packet)[0] / stream.rate
        times.append(float(at * packet.time_base))
        if len(times) > LARGEST_REORDER:  # behind an edit list the first to be decoded isn't the first shown
            break
    if not times:
        raise nothing_in_it()
    return min(times) + trimmed


def _is_known(stream: VideoStream | AudioStream) -> bool:
    return getattr(stream, "codec_context", None) is not None


def _is_listed(stream: VideoStream | AudioStream) -> bool:
    return stream.codec_context.codec.name in DECODERS


def _not_listed(what: str, stream: VideoStream | AudioStream) -> Unreadable:
    return Unreadable(f"its {what} is stored as “{stream.codec_context.codec.canonical_name}”, which I don't read")
