"""Files as people really have them, and worse ones, made on the spot. Every picture is red in the corner that belongs
at the upper left, and blue elsewhere.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from PIL import Image, ImageDraw

RED, BLUE, WHITE, BLACK = (220, 30, 30), (30, 30, 200), (255, 255, 255), (0, 0, 0)
DARKER = bytes(number // 2 for number in range(256))  # so that noise is no flash
COUNTS = 64  # places for the bar that says which picture it is
CLOCK = Fraction(1, 90_000)


@dataclass(frozen=True)
class Odd:
    """A file to be written. `times` are the moments of its pictures, in place of steady ones."""

    format: str = "mp4"
    video: str | None = "libx264"
    pixels: str = "yuv420p"
    sides: tuple[int, int] = (320, 240)
    rate: float = 25
    seconds: float = 1.0
    times: Sequence[float] = ()
    audio: str | None = "aac"
    tracks: int = 1
    audio_rate: int = 48_000
    audio_layout: str = "mono"
    turned: int = 0  # degrees against the clock by which a player is to turn it
    mirrored: bool = False
    pixel: Fraction = Fraction(1)
    flashes: Sequence[float] = ()  # moments at which picture and sound flash and beep for 0.1 seconds
    tags: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    codec_options: dict[str, str] = field(default_factory=lambda: {"preset": "ultrafast"})
    colours: dict[str, int] = field(default_factory=dict)
    cover: bool = False
    loudness: float = 0.2  # of the sound, at most 1
    background: tuple[int, ...] = BLUE
    noise: bool = False  # instead of the background, what can't be compressed
    counted: bool = False  # instead of the background, black, and a white bar whose place says the number
    late: float = 0.0  # seconds by which the sound begins after the picture; before it if negative
    keyframes: Sequence[float] = ()  # moments at which there is one, besides those of the encoder's choice
    sound_seconds: float | None = None  # if not as long as the picture; its beeps are at moments of its own
    left_out: float = 0.0  # seconds at the begin that the edit list of an mp4 leaves out, as phones do


def write(odd: Odd, path: Path) -> Path:
    """Write the file."""
    with av.open(path, "w", format=odd.format, options=odd.options) as output:
        output.metadata.update(odd.tags)
        picture = _add_picture(output, odd) if odd.video else None
        rate = 44_100 if odd.audio == "libmp3lame" else odd.audio_rate
        tracks = [
            cast("AudioStream", output.add_stream(cast("Any", odd.audio), rate=rate, layout=odd.audio_layout))
            for _ in range(odd.tracks if odd.audio else 0)
        ]
        if odd.cover:
            _add_cover(output)
        if picture:
            for number, frame in enumerate(_pictures(odd)):
                if number / odd.rate in odd.keyframes:
                    frame.pict_type = PictureType.I
                frame.pts = (frame.pts or 0) + round(max(0.0, -odd.late) / (frame.time_base or 1))
                output.mux(picture.encode(frame))
            output.mux(picture.encode(None))
        for number, track in enumerate(tracks):
            for sound in tone(
                odd.sound_seconds or odd.seconds, rate, odd.loudness, odd.flashes, pitch=440 * (number + 1)
            ):
                sound.pts = (sound.pts or 0) + round(max(0.0, odd.late) * rate)
                output.mux(track.encode(sound))
            output.mux(track.encode(None))
    if odd.left_out:
        path.write_bytes(_trimmed(path.read_bytes(), odd.left_out))
    return path


def _trimmed(mp4: bytes, seconds: float) -> bytes:
    """The same packets, of which each track's edit list leaves so much out at the begin."""
    made, at = bytearray(mp4), 0
    while (at := mp4.find(b"elst", at + 1)) > 0:
        units = mp4.find(b"mdhd", at) + 16
        per_second = int.from_bytes(mp4[units : units + 4], "big")
        for place, less in ((at + 12, round(seconds * 1000)), (at + 16, -round(seconds * per_second))):
            made[place : place + 4] = (int.from_bytes(mp4[place : place + 4], "big") - less).to_bytes(4, "big")
    return bytes(made)


def _add_picture(output: OutputContainer, odd: Odd) -> VideoStream:
    rate = Fraction(odd.rate).limit_denominator(1001)
    stream = cast("VideoStream", output.add_stream(cast("Any", odd.video), rate=rate, options=odd.codec_options))
    stream.width, stream.height, stream.pix_fmt = *odd.sides, odd.pixels
    context = stream.codec_context
    if odd.times:
        context.time_base = CLOCK
        stream.time_base = CLOCK
    if odd.pixel != 1:
        context.sample_aspect_ratio = odd.pixel
    for name, value in odd.colours.items():
        setattr(context, name, value)
    if odd.turned or odd.mirrored:
        stream.set_display_rotation(odd.turned, hflip=odd.mirrored)
    return stream


def _add_cover(output: OutputContainer) -> None:
    cover = output.add_stream("mjpeg", rate=1)
    cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
    cover.disposition = av.stream.Disposition.attached_pic
    output.mux(cover.encode(VideoFrame(64, 64, "yuvj420p")))
    output.mux(cover.encode(None))


def _pictures(odd: Odd) -> Iterator[VideoFrame]:
    times = odd.times or [number / odd.rate for number in range(max(1, round(odd.seconds * odd.rate)))]
    plain, flash = (_drawn(odd, colour) for colour in (odd.background, WHITE))
    for number, at in enumerate(times):
        lit = any(begin <= at + 0.001 < begin + 0.1 for begin in odd.flashes)
        frame = flash if lit else plain
        if odd.counted:
            frame = _counted(odd, number)
        if odd.noise and not lit:
            frame = _noise(odd, number)
        frame.pts, frame.time_base = number, 1 / Fraction(odd.rate).limit_denominator(1001)
        if odd.times:
            frame.pts, frame.time_base = round(at / CLOCK), CLOCK
        yield frame


def _drawn(odd: Odd, colour: tuple[int, ...]) -> VideoFrame:
    width, height = odd.sides
    image = Image.new("RGBA" if len(colour) == 4 else "RGB", odd.sides, colour)
    ImageDraw.Draw(image).rectangle([0, 0, (width - 1) // 2, (height - 1) // 2], fill=RED)
    frame = VideoFrame.from_bytes(image.convert("RGBA").tobytes(), width, height, "rgba").reformat(format=odd.pixels)
    for name, value in odd.colours.items():
        setattr(frame, name, value)
    return frame


def _counted(odd: Odd, number: int) -> VideoFrame:
    width, height = odd.sides
    image = Image.new("RGBA", odd.sides, BLACK)
    bar = [number % COUNTS * width // COUNTS, height // 2, (number % COUNTS + 1) * width // COUNTS - 1, height]
    ImageDraw.Draw(image).rectangle(bar, fill=WHITE)
    return VideoFrame.from_bytes(image.tobytes(), width, height, "rgba").reformat(format=odd.pixels)


def _noise(odd: Odd, number: int) -> VideoFrame:
    width, height = odd.sides
    data = random.Random(number).randbytes(width * height * 4).translate(DARKER)
    return VideoFrame.from_bytes(data, width, height, "rgba").reformat(format=odd.pixels)


def tone(
    seconds: float, rate: int, loudness: float, flashes: Sequence[float] = (), pitch: int = 440
) -> Iterator[AudioFrame]:
    """A sine; only at the flashes if there are any."""
    for start in range(0, round(seconds * rate), rate):
        count = min(rate, round(seconds * rate) - start)
        samples = array("h", bytes(2 * count))
        for number in range(count if loudness else 0):
            at = (start + number) / rate
            if not flashes or any(flash <= at < flash + 0.1 for flash in flashes):
                samples[number] = round(32_767 * loudness * math.sin(2 * math.pi * pitch * at))
        frame = AudioFrame("s16", "mono", count)
        frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        yield frame


def seen(path: Path) -> list[tuple[float, Image.Image]]:
    """Every picture with its time, as it is stored."""
    with av.open(path) as container:
        return [(frame.time, cast("Image.Image", cast("Any", frame).to_image())) for frame in container.decode(video=0)]


def numbers(path: Path) -> list[int]:
    """The number of each picture of a file that was made of a counted one."""
    found = []
    for _, image in seen(path):
        row = [image.getpixel((x, image.height * 3 // 4)) for x in range(image.width)]
        lit = [x for x, pixel in enumerate(row) if min(cast("tuple[int, int, int]", pixel)) > 128]
        found.append(round(((lit[0] + lit[-1]) / 2 + 0.5) / image.width * COUNTS - 0.5))
    return found


def heard(path: Path, rate: int = 8_000) -> array[float]:
    """The sound of the first track in one channel, from the moment 0 on the file's clock."""
    resampler = av.AudioResampler("flt", "mono", rate)
    samples = array("f")
    with av.open(path) as container:
        for frame in container.decode(audio=0):
            for ready in resampler.resample(frame):
                if not samples and ready.time:
                    samples.extend([0.0] * round(ready.time * rate))
                samples.frombytes(bytes(ready.planes[0])[: 4 * ready.samples])
        for ready in resampler.resample(None):
            samples.frombytes(bytes(ready.planes[0])[: 4 * ready.samples])
    return samples


def beeps(path: Path, rate: int = 8_000) -> list[float]:
    """When each beep begins."""
    samples, found = heard(path, rate), []
    quiet_since = -rate
    for number, sample in enumerate(samples):
        if abs(sample) > 0.05:
            if number - quiet_since > rate // 20:
                found.append(number / rate)
            quiet_since = number
    return found


def flashes(path: Path) -> list[float]:
    """When each flash begins."""
    found, was_lit = [], False
    for at, image in seen(path):
        x, y = image.width * 3 // 4, image.height * 3 // 4
        lit = min(cast("tuple[int, int, int]", image.getpixel((x, y)))) > 200
        if lit and not was_lit:
            found.append(at)
        was_lit = lit
    return found


def colour(image: Image.Image, x: float, y: float) -> str:
    """The name of the colour at a place, given in shares of the sides."""
    pixel = cast("tuple[int, int, int]", image.getpixel((int(image.width * x), int(image.height * y))))
    names = {"red": RED, "blue": BLUE, "white": WHITE, "black": BLACK}
    return min(names, key=lambda name: sum(abs(a - b) for a, b in zip(names[name], pixel, strict=True)))


def sound_seconds(path: Path) -> float:
    """How long the sound really is, decoded."""
    with av.open(path) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


@dataclass(frozen=True)
class Track:
    """The first audio track of a file."""

    rate: int
    channels: int
    bits: float


def track_of(path: Path) -> Track:
    """How the sound is stored."""
    with av.open(path) as container:
        track = container.streams.audio[0]
        return Track(track.rate, track.channels, path.stat().st_size * 8 / sound_seconds(path))


def tags(path: Path) -> dict[str, str]:
    """What the container says of itself."""
    with av.open(path) as container:
        return dict(container.metadata)


def packets_of(path: Path, kind: str) -> list[bytes]:
    """What is stored, undecoded."""
    with av.open(path) as container:
        stream = container.streams.get({kind: 0})[0]
        return [bytes(packet) for packet in container.demux(stream) if packet.size]
