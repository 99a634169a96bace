"""The sound that a provider gets, evened in loudness."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import av

from bot.domain.edits import SoundEdit
from bot.media.child import Unreadable
from bot.media.edit.bitrate import too_small
from bot.media.edit.encode import SoundTrack
from bot.media.inspect.loudness import gain_for, louder
from bot.media.inspect.measure import measure
from bot.media.inspect.opening import nothing_in_it, opened, sound_begin_of, sounds_of
from bot.media.inspect.samples import BYTES_PER_SAMPLE, samples, silence

CODECS = {"mp3": "libmp3lame", "wav": "pcm_s16le"}
RATE, RATE_OF_CDS = 48_000, 44_100
MP3_BITS = (192_000, 160_000, 128_000, 96_000, 64_000, 48_000, 32_000)
MP3_EXTRA = 8_192  # bytes: padding, and a header with the exact length
STEREO_FROM = 96_000  # bits per second; with fewer, one good channel is better than two
WAV_EXTRA, WAV_WIDTH = 256, 2  # bytes: of headers, of a sample
SHORT = 1.0  # seconds; what is shorter is put several times into one round, as loudness is defined over a while


def write_sound(source: Path, edit: SoundEdit, target: Path) -> None:
    """Runs in a child: see `Editor.sound`. Of a video all its sound is taken, wherever its pictures begin and end."""
    facts = measure(source)
    if not facts.has_sound:
        raise Unreadable("it has no sound")
    with opened(source) as container:
        track = sounds_of(container)[0]
        rate, channels, bits = _form(edit, track.rate, track.channels)
    begin, seconds = sound_begin_of(source), min(edit.seconds, facts.sound_seconds)
    length, count = round(seconds * rate), round(edit.seconds * rate)
    if not length or not count:
        raise nothing_in_it()

    times = 1 + int(SHORT * rate) // length
    short = b"".join(samples(source, begin, length, rate, channels)) * times if times > 1 else b""

    def once(most: int = length * times) -> Iterator[bytes]:
        if short:
            return iter([short[: most * channels * BYTES_PER_SAMPLE]])
        return samples(source, begin, min(length, most), rate, channels)

    gain = gain_for(once(), rate, channels)
    if edit.fill == "again":
        filled = chain.from_iterable(once(count - done) for done in range(0, count, length * times))
    else:
        filled = chain(once(length), silence(count - length, channels))
    with av.open(target, "w", format=edit.format) as output:
        voice = SoundTrack(output, CODECS[edit.format], rate, channels, bits)
        for piece in _first(count * channels * BYTES_PER_SAMPLE, louder(filled, gain, rate, channels)):
            voice.say(piece)
        voice.end()
    if target.stat().st_size > edit.most_bytes:
        raise too_small()


def _first(most: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if most <= 0:
            return
        yield piece[:most]
        most -= len(piece)


def _form(edit: SoundEdit, rate: int, channels: int) -> tuple[int, int, int | None]:
    """Rate, channels and bits per second that the bytes allow, near to those of the source."""
    rate = RATE_OF_CDS if rate % (RATE_OF_CDS // 4) == 0 else RATE
    channels = min(2, max(1, channels))
    if edit.format == "wav":
        for best in (channels, 1):
            if edit.seconds * rate * best * WAV_WIDTH + WAV_EXTRA <= edit.most_bytes:
                return rate, best, None
        raise too_small()
    for bits in MP3_BITS:
        if edit.seconds * bits / 8 + MP3_EXTRA <= edit.most_bytes:
            return rate, channels if bits >= STEREO_FROM else 1, bits
    raise too_small()
