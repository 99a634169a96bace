"""In place of real media, where a test is not about media: nothing is fetched, and every file is a few bytes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.media.probe import Facts
from bot.sandbox.sample import write_sample_audio, write_sample_clip
from bot.sandbox.studio import Clip, Order, Studio

CLIP_SECONDS = 5.0
SPEECH_SECONDS = 3.0


class CannedStudio(Studio):
    """Every clip is five seconds of 1280 x 720, every made speech three seconds long."""

    def __init__(self) -> None:
        self.clip = Clip(CLIP_SECONDS, 1280, 720)
        self.speech_seconds = SPEECH_SECONDS

    async def fetch(self, url: str, target: Path) -> Path:
        target.write_bytes(f"the file behind {url}".encode())
        return target

    async def look(self, video: Path) -> Clip:  # noqa: ARG002
        return self.clip

    async def speak(self, order: Order, target: Path) -> float:
        target.write_bytes(f"“{order.text}”".encode())
        return self.speech_seconds

    async def dub(self, order: Order, video: Path, audio: Path | None, target: Path) -> None:  # noqa: ARG002
        target.write_bytes(f"video of {target.stem}".encode() * 100)


async def canned_look(url: str, name: str = "") -> Facts:  # noqa: ARG001
    """What the bot finds in any file: it is what its name says, and fits every provider."""
    ending = name.rpartition(".")[2]
    is_video = ending in {"mp4", "mov"}
    width, height = (1280, 720) if is_video else (0, 0)
    return Facts(frozenset({ending}), CLIP_SECONDS if is_video else SPEECH_SECONDS, width, height, has_sound=True)


@cache
def real_clip(seconds: float = 2.0) -> tuple[str, bytes]:
    """A small real mp4 with its name, for where the bot looks into files itself."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        write_sample_clip(path, seconds)
        return path.name, path.read_bytes()


@cache
def real_sound() -> bytes:
    """A small real mp3 of some seconds."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "voice.mp3")
        write_sample_audio(path, "This is a recording, and it is long enough for anybody.")
        return path.read_bytes()
