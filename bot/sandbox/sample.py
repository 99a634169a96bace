"""The sample clip: a drawn face that talks, made at run time, so that no media file needs to be shipped."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import av
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw, ImageFilter

from bot.sandbox.engine import as_frame
from bot.sandbox.samples.painting import SIDE
from bot.sandbox.samples.portrait import MAYA, OPENINGS, person
from bot.sandbox.sound import RATE, add_sound, encode, samples_of, write_sound
from bot.sandbox.speech import BYTES_PER_SAMPLE, speak

WIDTH, HEIGHT, FRAMES_PER_SECOND = 1280, 720, 25
ORIGINAL_LINE = "Good evening. This is what I said before anybody changed it."
FASTEST = {"preset": "ultrafast", "crf": "23"}
BLINKING = {30, 31, 32}  # of 71 frames

Draw = Callable[[int, bool], Image.Image]  # by how wide the mouth is, and whether the eyes are shut


def write_sample_clip(path: Path, seconds: float = 6.0, rate: int = FRAMES_PER_SECOND) -> None:
    """Write a 720p mp4 (H.264, AAC) of a drawn face that says something. Blocks for about a second."""
    write_clip(path, seconds, ORIGINAL_LINE, alone, rate=rate)


def write_sample_audio(path: Path, text: str, voice_id: str = "recording") -> None:
    """Write a recording of `text` as mp3, wav or m4a, by the name's ending."""
    write_sound(speak(text, voice_id, "en"), path)


def write_clip(
    path: Path, seconds: float, line: str, draw: Draw, *, turned: int = 0, rate: int = FRAMES_PER_SECOND
) -> None:
    """Write an mp4 of a face that says the line, of `rate` frames per second, stored so that a player is to turn it by
    `turned` degrees against the clock.
    """
    samples = samples_of(speak(line, "sample", "en"), seconds)

    @lru_cache(maxsize=2 * OPENINGS)
    def frame(opening: int, blinking: bool) -> VideoFrame:
        image = draw(opening, blinking).rotate(-turned, expand=True)
        return as_frame(image).reformat(format="yuv420p")

    with av.open(path, "w", options={"movflags": "+faststart"}) as output:
        picture = output.add_stream("libx264", rate=rate, options=FASTEST)
        first = frame(0, False)
        picture.width, picture.height, picture.pix_fmt = first.width, first.height, "yuv420p"
        if turned:
            picture.set_display_rotation(turned)
        sound = add_sound(output)
        for number in range(round(seconds * rate)):
            shown = frame(_opening(samples, number, rate), number % 71 in BLINKING)
            shown.pts = number
            output.mux(picture.encode(shown))
        output.mux(picture.encode(None))
        encode(samples, output, sound)


def alone(opening: int, blinking: bool) -> Image.Image:
    """One person in a room."""
    return before(room(WIDTH, HEIGHT), person(MAYA, opening, blinking), ((WIDTH - SIDE) // 2, 0), SIDE)


@lru_cache(maxsize=4)
def room(width: int, height: int) -> Image.Image:
    """A room with a window, a lamp and a shelf, out of focus."""
    small = Image.linear_gradient("L").resize((320, 180))
    image = Image.composite(
        Image.new("RGB", small.size, (150, 128, 112)), Image.new("RGB", small.size, (206, 190, 170)), small
    )
    draw = ImageDraw.Draw(image)
    draw.rectangle([14, 8, 82, 112], fill=(240, 246, 250))
    draw.rectangle([14, 70, 82, 112], fill=(196, 220, 204))
    draw.line([48, 8, 48, 112], fill=(168, 150, 132), width=4)
    draw.rectangle([14, 8, 82, 112], outline=(168, 150, 132), width=4)
    draw.rectangle([236, 72, 320, 77], fill=(112, 78, 58))
    draw.rectangle([236, 128, 320, 133], fill=(112, 78, 58))
    for number, colour in enumerate([(186, 84, 70), (70, 104, 130), (222, 178, 96), (92, 128, 104), (168, 112, 130)]):
        draw.rectangle([246 + 9 * number, 38 + number % 3 * 5, 253 + 9 * number, 72], fill=colour)
    draw.ellipse([292, 44, 316, 72], fill=(86, 132, 92))
    draw.rectangle([252, 100, 290, 128], fill=(200, 168, 120))
    draw.ellipse([296, 98, 316, 128], fill=(120, 146, 160))
    image = image.filter(ImageFilter.GaussianBlur(5))
    scale = max(width / image.width, height / image.height)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    left = (image.width - width) // 2
    return image.crop((left, 0, left + width, height))


def before(behind: Image.Image, somebody: Image.Image, place: tuple[int, int], side: int) -> Image.Image:
    """The picture with somebody before it, whose upper left corner is at the place."""
    somebody = somebody.resize((side, side), Image.Resampling.BOX)
    image = behind.copy()
    image.paste(somebody, place, somebody)
    return image


def _opening(samples: bytes, frame_number: int, rate: int) -> int:
    """How wide the mouth is while this frame sounds."""
    per_frame = RATE // rate
    start = frame_number * per_frame * BYTES_PER_SAMPLE
    heard = memoryview(samples[start : start + per_frame * BYTES_PER_SAMPLE]).cast("h")
    loudness = math.sqrt(sum(sample * sample for sample in heard[::8]) / max(1, len(heard[::8])))
    return min(OPENINGS - 1, round(loudness / 1400))
