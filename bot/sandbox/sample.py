"""The sample clip: a drawn face that talks, made at run time, so that no media file needs to be shipped."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import av
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw

from bot.sandbox.engine import as_frame
from bot.sandbox.sound import RATE, add_sound, encode, samples_of, write_sound
from bot.sandbox.speech import BYTES_PER_SAMPLE, speak

WIDTH, HEIGHT, FRAMES_PER_SECOND = 1280, 720, 25
OPENINGS = 7  # shapes of the mouth, from closed to wide
ORIGINAL_LINE = "Good evening. This is what I said before anybody changed it."
FASTEST = {"preset": "ultrafast", "crf": "23"}

_BACKDROP, _GLOW, _SHIRT, _COLLAR = (38, 50, 90), (58, 78, 132), (226, 92, 80), (247, 232, 214)
_SKIN, _SHADE, _HAIR, _INK, _LIP, _TONGUE = (
    (246, 205, 172), (232, 178, 142), (70, 44, 38), (42, 32, 40), (186, 70, 74), (232, 122, 122),
)  # fmt: skip


def write_sample_clip(path: Path, seconds: float = 6.0) -> None:
    """A 720p mp4 (H.264, AAC) of a drawn face that says something. Blocks for about a second."""
    samples = samples_of(speak(ORIGINAL_LINE, "sample", "en"), seconds)
    with av.open(path, "w", options={"movflags": "+faststart"}) as output:
        picture = output.add_stream("libx264", rate=FRAMES_PER_SECOND, options=FASTEST)
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = add_sound(output)
        for number in range(round(seconds * FRAMES_PER_SECOND)):
            blinking = number % 71 in {30, 31, 32}
            frame = _frame(_opening(samples, number), blinking)
            frame.pts = number
            output.mux(picture.encode(frame))
        output.mux(picture.encode(None))
        encode(samples, output, sound)


def write_sample_audio(path: Path, text: str, voice_id: str = "recording") -> None:
    """A recording of `text` as mp3, wav or m4a, by the name's ending."""
    write_sound(speak(text, voice_id, "en"), path)


def _opening(samples: bytes, frame_number: int) -> int:
    """How wide the mouth is while this frame sounds."""
    per_frame = RATE // FRAMES_PER_SECOND
    start = frame_number * per_frame * BYTES_PER_SAMPLE
    heard = memoryview(samples[start : start + per_frame * BYTES_PER_SAMPLE]).cast("h")
    loudness = math.sqrt(sum(sample * sample for sample in heard[::8]) / max(1, len(heard[::8])))
    return min(OPENINGS - 1, round(loudness / 1400))


@lru_cache(maxsize=2 * OPENINGS)
def _frame(opening: int, blinking: bool) -> VideoFrame:
    # Drawn twice as large and scaled down: smooth edges from a library that draws hard ones.
    image = Image.new("RGB", (2 * WIDTH, 2 * HEIGHT), _BACKDROP)
    draw = ImageDraw.Draw(image)

    def oval(x: float, y: float, rx: float, ry: float, fill: tuple[int, int, int]) -> None:
        draw.ellipse([2 * (x - rx), 2 * (y - ry), 2 * (x + rx), 2 * (y + ry)], fill=fill)

    oval(640, 330, 430, 430, _GLOW)
    draw.rounded_rectangle([2 * 400, 2 * 610, 2 * 880, 2 * 900], radius=240, fill=_SHIRT)
    oval(640, 640, 92, 60, _COLLAR)
    draw.rectangle([2 * 592, 2 * 500, 2 * 688, 2 * 640], fill=_SHADE)
    oval(640, 232, 214, 206, _HAIR)
    for side in (-1, 1):
        oval(640 + side * 186, 350, 30, 46, _SHADE)
    oval(640, 342, 184, 232, _SKIN)
    draw.chord([2 * 450, 2 * 96, 2 * 830, 2 * 356], 180, 360, fill=_HAIR)
    draw.polygon([(2 * 470, 2 * 226), (2 * 640, 2 * 226), (2 * 560, 2 * 276)], fill=_HAIR)
    for side in (-1, 1):
        _eye(draw, 640 + side * 74, blinking=blinking)
        oval(640 + side * 112, 408, 34, 20, (244, 178, 152))
    draw.line([(2 * 640, 2 * 340), (2 * 626, 2 * 396), (2 * 650, 2 * 400)], fill=_SHADE, width=14, joint="curve")
    _mouth(draw, opening)
    return as_frame(image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)).reformat(format="yuv420p")


def _eye(draw: ImageDraw.ImageDraw, x: int, *, blinking: bool) -> None:
    draw.arc([2 * (x - 44), 2 * 262, 2 * (x + 44), 2 * 312], 200, 340, fill=_HAIR, width=16)
    if blinking:
        draw.arc([2 * (x - 32), 2 * 306, 2 * (x + 32), 2 * 344], 10, 170, fill=_INK, width=10)
        return
    draw.ellipse([2 * (x - 32), 2 * 304, 2 * (x + 32), 2 * 352], fill=(255, 255, 255))
    draw.ellipse([2 * (x - 17), 2 * 310, 2 * (x + 17), 2 * 346], fill=_INK)
    draw.ellipse([2 * (x - 2), 2 * 314, 2 * (x + 10), 2 * 326], fill=(255, 255, 255))


def _mouth(draw: ImageDraw.ImageDraw, opening: int) -> None:
    if opening == 0:
        draw.arc([2 * 576, 2 * 430, 2 * 704, 2 * 500], 20, 160, fill=_LIP, width=14)
        return
    half, tall = 64 - 3 * opening, 8 + 7 * opening
    box = [2 * (640 - half), 2 * (470 - tall), 2 * (640 + half), 2 * (470 + tall)]
    draw.ellipse(box, fill=_INK, outline=_LIP, width=14)
    if opening > 2:
        draw.chord([box[0] + 40, 2 * (470 + tall // 3), box[2] - 40, box[3] - 12], 0, 360, fill=_TONGUE)
        draw.chord([box[0] + 22, box[1] + 14, box[2] - 22, box[1] + 2 * tall], 200, 340, fill=(250, 250, 250))
