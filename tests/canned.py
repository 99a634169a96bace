"""In place of real media, where a test is not about media: nothing is fetched, and every file is a few bytes."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.app.parts import Parts
from bot.domain.media_facts import MediaFacts
from bot.domain.request import Media
from bot.fair_queue import Owned
from bot.net.client import Http
from bot.sandbox.runs import Runs
from bot.sandbox.sample import write_sample_audio, write_sample_clip
from bot.sandbox.studio import Clip, Order, Studio

CLIP_SECONDS = 5.0
SPEECH_SECONDS = 3.0
FRAMES_PER_SECOND = 6


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


class FilmedStudio(CannedStudio):
    """The same for a bot in its own process, which looks into what it gets: every finished video is a real one."""

    async def dub(self, order: Order, video: Path, audio: Path | None, target: Path) -> None:  # noqa: ARG002
        target.write_bytes(real_clip(CLIP_SECONDS)[1])


def hold_work(runs: Runs) -> asyncio.Event:
    """Let no provider finish what it has begun before the event is set."""
    go_on, fetch = asyncio.Event(), runs.studio.fetch

    async def held(url: str, target: Path) -> Path:
        await go_on.wait()
        return await fetch(url, target)

    runs.studio.fetch = held  # type: ignore[method-assign]
    return go_on


def look_into_nothing(parts: Parts) -> None:
    """Let the bot take every file for what its name says."""
    look_into_no_clip(parts)
    parts.assembler.look = canned_video


def look_into_no_clip(parts: Parts) -> None:
    """Let the bot take every clip and recording for what its name says."""
    parts.incoming.look, parts.incoming.length = canned_look, canned_length  # type: ignore[method-assign]


async def canned_video(file: Path, owner: Owned) -> MediaFacts:  # noqa: ARG001
    """What the bot finds in any finished video."""
    return MediaFacts(frozenset({"mp4"}), CLIP_SECONDS, 1280, 720, has_sound=True)


async def canned_look(media: Media, into: Path, owner: Owned) -> MediaFacts:  # noqa: ARG001
    """What the bot finds in any file: it is what Discord says of it, and fits every provider."""
    into.write_bytes(media.url.encode())
    ending = media.name.rpartition(".")[2]
    is_video = ending in {"mp4", "mov"}
    width, height = (1280, 720) if is_video else (0, 0)
    seconds = CLIP_SECONDS if is_video else SPEECH_SECONDS
    return MediaFacts(frozenset({ending}), seconds, width, height, has_sound=True, size=media.size)


async def canned_length(url: str, http: Http, owner: Owned) -> float:  # noqa: ARG001
    """Every speech is as long as the other."""
    return SPEECH_SECONDS


@cache
def real_clip(seconds: float = 2.0) -> tuple[str, bytes]:
    """A small real mp4 with its name, for where the bot looks into files itself. It has few frames, as most tests that
    use it encode each of them.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        write_sample_clip(path, seconds, FRAMES_PER_SECOND)
        return path.name, path.read_bytes()


@cache
def real_sound() -> bytes:
    """A small real mp3 of some seconds."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "voice.mp3")
        write_sample_audio(path, "This is a recording, and it is long enough for anybody.")
        return path.read_bytes()
