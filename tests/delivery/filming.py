"""Finished videos that are really large, so that something must be done about it."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
from av.audio.frame import AudioFrame
from PIL import Image

from bot.sandbox.engine import as_frame
from bot.sandbox.studio import Order
from tests.canned import CannedStudio

WIDTH, HEIGHT, RATE = 640, 360, 12
CREDENTIALS = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


@cache
def noise(seconds: float = 5.0, *, sound: bool = True, credentials: bool = False) -> bytes:
    """An mp4 of pure noise, which nothing makes small without loss: several MB per second."""
    grain = random.Random(7)
    with TemporaryDirectory() as folder:
        path = Path(folder, "noise.mp4")
        with av.open(path, "w") as output:
            picture = output.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "4", "g": "12"})
            picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            voice = output.add_stream("aac", rate=44_100) if sound else None
            for number in range(round(seconds * RATE)):
                image = Image.frombytes("L", (WIDTH, HEIGHT), grain.randbytes(WIDTH * HEIGHT)).convert("RGB")
                frame = as_frame(image)
                frame.pts = number
                output.mux(picture.encode(frame))
            output.mux(picture.encode(None))
            if voice:
                _add_silence(output, voice, seconds)
        made = path.read_bytes()
    if credentials:
        body = CREDENTIALS + bytes(100)
        made += (len(body) + 8).to_bytes(4, "big") + b"uuid" + body
    return made


def _add_silence(output: av.container.OutputContainer, voice: av.AudioStream, seconds: float) -> None:
    samples = 1024
    for number in range(round(seconds * 44_100 / samples)):
        frame = AudioFrame(format="fltp", layout=voice.layout.name, samples=samples)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.pts, frame.sample_rate = number * samples, 44_100
        output.mux(voice.encode(frame))
    output.mux(voice.encode(None))


class LoudStudio(CannedStudio):
    """Makes a video as a test wants it."""

    def __init__(self, made: bytes) -> None:
        super().__init__()
        self.made = [made]

    async def dub(self, order: Order, video: Path, audio: Path | None, target: Path) -> None:  # noqa: ARG002
        target.write_bytes(self.made.pop(0) if len(self.made) > 1 else self.made[0])
