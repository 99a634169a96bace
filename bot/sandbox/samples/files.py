"""Files to try the bot with: some fit as they are, some are offered to be mended."""

from __future__ import annotations

from math import pi, sin
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from PIL import Image

from bot.sandbox.sample import HEIGHT, WIDTH, Draw, alone, before, room, write_clip, write_sample_audio
from bot.sandbox.samples.painting import SIDE
from bot.sandbox.samples.portrait import MAYA, TOM, person, waving
from bot.sandbox.speech import BYTES_PER_SAMPLE, speak

UPRIGHT = 720, 1280
GIF_SIDES, GIF_WAVES, GIF_FRAMES_PER_WAVE, GIF_MILLISECONDS = (480, 270), 4, 8, 100
OPUS_RATE = 48_000
LONG_LINE = (
    "This clip is longer than most providers take. I could tell you about the weather, which is fine, or about my "
    "plants, which are not. You can use the first part of it, or choose another."
)
LINES = {
    "talking-head.mp4": "Hello! Attach me, type a line, and I will say it.",
    "another-head.mp4": "Good morning. I will say what you like, too.",
    "upright-phone.mp4": "Hi! I was filmed upright, with a phone.",
    "two-people.mp4": "There are two of us here, but only I am talking.",
    "recording.mp3": "This sentence was recorded somewhere else entirely.",
    "voice-message.ogg": "Hey, it's me. Could you say this in my place?",
}


def write_first(folder: Path) -> None:
    """Write those of which the demo makes its own videos."""
    write_clip(folder / "talking-head.mp4", 5.0, LINES["talking-head.mp4"], alone)
    write_sample_audio(folder / "recording.mp3", LINES["recording.mp3"])


def write_others(folder: Path) -> None:
    """Write all others. Blocks for some seconds."""
    clips: list[tuple[str, float, Draw, int]] = [
        ("another-head.mp4", 5.0, _tom, 0),
        ("upright-phone.mp4", 4.0, _upright, -90),
        ("too-long.mp4", 14.0, alone, 0),
        ("two-people.mp4", 5.0, _together, 0),
    ]
    for name, seconds, draw, turned in clips:
        write_clip(folder / name, seconds, LINES.get(name, LONG_LINE), draw, turned=turned)
    _write_waving(folder / "waving.gif")
    _write_voice_message(folder / "voice-message.ogg", LINES["voice-message.ogg"])


def _upright(opening: int, blinking: bool) -> Image.Image:
    """One person close up, as in front of a phone."""
    return before(room(*UPRIGHT), person(MAYA, opening, blinking), (-180, 200), 1080)


def _tom(opening: int, blinking: bool) -> Image.Image:
    return before(room(WIDTH, HEIGHT), person(TOM, opening, blinking), ((WIDTH - SIDE) // 2, 0), SIDE)


def _together(opening: int, blinking: bool) -> Image.Image:
    """Two people, of whom the left one talks."""
    left = before(room(WIDTH, HEIGHT), person(MAYA, opening, blinking), (10, 72), 648)
    return before(left, person(TOM, 0, False), (622, 72), 648)


def _write_waving(path: Path) -> None:
    leans = [18 * sin(2 * pi * number / GIF_FRAMES_PER_WAVE) for number in range(GIF_FRAMES_PER_WAVE)]
    behind, place = room(WIDTH, HEIGHT), ((WIDTH - SIDE) // 2, 0)
    drawn = [before(behind, waving(MAYA, lean), place, SIDE).resize(GIF_SIDES) for lean in leans]
    frames = [image.quantize(255, Image.Quantize.MAXCOVERAGE) for image in drawn] * GIF_WAVES
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=GIF_MILLISECONDS, loop=0)


def _write_voice_message(path: Path, line: str) -> None:
    spoken = speak(line, "voice message", "en")
    whole = AudioFrame("s16", "mono", len(spoken.samples) // BYTES_PER_SAMPLE)
    whole.planes[0].update(spoken.samples.ljust(whole.planes[0].buffer_size, b"\0"))
    whole.sample_rate = spoken.rate
    with av.open(path, "w") as output:
        stream = output.add_stream("libopus", rate=OPUS_RATE, layout="mono")
        context = stream.codec_context
        resampler = AudioResampler(context.format, context.layout, OPUS_RATE, context.frame_size)
        for frame in (whole, None):
            for ready in resampler.resample(frame):
                output.mux(stream.encode(ready))
        output.mux(stream.encode(None))
