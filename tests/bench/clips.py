"""Real clips of a given weight: noise is what an encoder can't make smaller."""

from __future__ import annotations

import random
from pathlib import Path

import av
from av.video.frame import VideoFrame

from bot.sandbox.sound import RATE, add_sound, encode

FRAMES_PER_SECOND = 25
GREYS = bytes(112 + value // 8 for value in range(256))


def write_clip(path: Path, seconds: float, size: int, width: int = 1280, height: int = 720) -> None:
    """An mp4 (H.264, AAC) of so many seconds and about so many bytes. Blocks for some seconds."""
    chance = random.Random(7)
    bits = str(round(size * 8 / seconds * 0.97))
    options = {"preset": "ultrafast", "maxrate": bits, "bufsize": bits, "minrate": bits}
    with av.open(path, "w", options={"movflags": "+faststart"}) as output:
        picture = output.add_stream("libx264", rate=FRAMES_PER_SECOND, options=options)
        picture.width, picture.height, picture.pix_fmt, picture.bit_rate = width, height, "yuv420p", int(bits)
        sound = add_sound(output)
        for number in range(round(seconds * FRAMES_PER_SECOND)):
            frame = VideoFrame(width, height, "yuv420p")
            for plane in frame.planes:
                plane.update(chance.randbytes(plane.buffer_size).translate(GREYS))
            frame.pts = number
            output.mux(picture.encode(frame))
        output.mux(picture.encode(None))
        encode(bytes(round(seconds * RATE) * 2), output, sound)
