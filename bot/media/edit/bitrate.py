"""Files that must not be larger than so many bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bot.media.child import TooMuchWork
from bot.media.edit.encode import SOUND_BITS, OutputForm, Span, write

ATTEMPTS = 4
BUFFER_SECONDS = 1.0  # the encoder may be so far ahead of its rate, see `bufsize` in `encode`
HEADERS = 4_096  # bytes that any mp4 has
BYTES_PER_PACKET = 16  # in its tables
LITTLE, LITTLE_SOUND_BITS = 500_000, 64_000  # with less than so many bits per second, sound is made smaller too
LEAST_VIDEO_BITS = 24_000  # per second; below it there is nothing to be seen


def bits_within(most_bytes: int, seconds: float, form: OutputForm) -> OutputForm:
    """The form with as many bits per second as fit. Raises `TooMuchWork` if that is too few for any picture."""
    packets = seconds * (float(form.rate) + (50 if form.has_sound else 0))
    bits = 8 * (most_bytes - HEADERS - packets * BYTES_PER_PACKET)
    sound = (SOUND_BITS if bits > LITTLE * seconds else LITTLE_SOUND_BITS) if form.has_sound else 0
    video = int((bits - sound * seconds) / (seconds + BUFFER_SECONDS))
    if video < LEAST_VIDEO_BITS:
        raise too_small()
    return replace(form, video_bits=video, sound_bits=sound)


def write_within(
    most_bytes: int, spans: Sequence[Span], form: OutputForm, target: Path, tags: Mapping[str, str] | None = None
) -> None:
    """Write the spans as one file of at most so many bytes, in quality that the eye is content with if there is room.
    Raises `TooMuchWork` where it can't be done.
    """
    seconds = sum(span.seconds for span in spans)
    aim = most_bytes
    for _ in range(ATTEMPTS):
        write(spans, bits_within(aim, seconds, form), target, tags)
        size = target.stat().st_size
        if size <= most_bytes:
            return
        aim = int(aim * 0.95 * most_bytes / size)
    raise too_small()


def too_small() -> TooMuchWork:
    """For a size that is out of reach."""
    return TooMuchWork("it can't be made small enough")
