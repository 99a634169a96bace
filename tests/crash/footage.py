"""The clips and the sound that the campaign uses, and the studio that makes its results: small, and real media."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.sandbox.sample import Draw, alone, write_clip
from bot.sandbox.sound import RATE, samples_of, write_sound
from bot.sandbox.speech import Speech, speak
from bot.sandbox.studio import Clip, Order
from tests.canned import FilmedStudio, real_clip

SPOKEN = "This is what somebody says, and it goes on for a while."
CLIP_SECONDS, LONG_SECONDS, SOUND_SECONDS = 3.0, 11.0, 2.6
LARGE = 10 * 2**20 + 2**19  # bytes of a result that Discord doesn't take


class CampaignStudio(FilmedStudio):
    """Makes real sounds and small real videos; of the next results, so many are `large` files."""

    def __init__(self) -> None:
        super().__init__()
        self.clip = Clip(CLIP_SECONDS, 1280, 720)
        self.large = 0

    async def speak(self, order: Order, target: Path) -> float:  # noqa: ARG002
        target.write_bytes(sound())
        return SOUND_SECONDS

    async def dub(self, order: Order, video: Path, audio: Path | None, target: Path) -> None:  # noqa: ARG002
        made = real_clip()[1]
        if self.large:
            self.large -= 1
            made += _passed_over(bytes(LARGE))
        target.write_bytes(made)


def named_clip(clip: bytes, number: int) -> bytes:
    """The same clip in a file that is like no other: what is removed on a report can't be used again."""
    return clip + _passed_over(number.to_bytes(4))


def named_sound(sound: bytes, number: int) -> bytes:
    """The same recording in a file that is like no other."""
    return sound + b"TAG" + f"{number}".encode().ljust(125, b"\0")  # its title, at the end of an mp3


def plain_clip() -> bytes:
    """A clip that fits every provider."""
    return real_clip(CLIP_SECONDS)[1]


@cache
def small_clip() -> bytes:
    """One whose picture is too small for every provider."""
    return _filmed(CLIP_SECONDS, lambda opening, blinking: alone(opening, blinking).resize((640, 360)))


@cache
def long_clip() -> bytes:
    """One that is too long for some."""
    return _filmed(LONG_SECONDS, lambda opening, blinking: alone(opening, blinking).crop((280, 0, 1000, 720)))


@cache
def sound() -> bytes:
    """A recording, as long as every provider needs it, and shorter than the clip."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "voice.mp3")
        write_sound(Speech(samples_of(speak(SPOKEN, "sample", "en"), SOUND_SECONDS), RATE), path)
        return path.read_bytes()


def _passed_over(data: bytes) -> bytes:
    """A part of an mp4 that players pass over."""
    return (len(data) + 8).to_bytes(4) + b"free" + data


def _filmed(seconds: float, draw: Draw) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        write_clip(path, seconds, SPOKEN, draw)
        return path.read_bytes()
