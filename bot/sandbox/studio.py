"""The work behind every run: looking at a clip, speaking a text, putting a voice into a clip. Real media throughout."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import av

from bot.sandbox.engine import NotVideo, render
from bot.sandbox.sound import samples_of, write_sound
from bot.sandbox.speech import speak

MOST_INPUT_BYTES = 100 * 2**20
FETCH_SECONDS = 60


class Unfit(Exception):
    """The order can't be done with these files."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a run is to make. Times in milliseconds, volumes from 0 to 2.

    face: what is in the clip · speech: the text, spoken · video: the clip with a voice in it, from the text or from the
    audio file between `start` and `end`, beginning at `insert`. `seconds` and `sides` are what the API takes.
    """

    video_url: str = ""
    audio_url: str = ""
    text: str = ""
    voice_id: str = ""
    language: str = "en"
    speed: float = 1.0
    makes: str = "video"
    start: int = 0
    end: int | None = None
    insert: int = 0
    volume: float = 1.0
    own_volume: float = 0.0
    seconds: tuple[float, float] = (0.0, 3600.0)
    sides: tuple[int, int] = (1, 8192)


@dataclass(frozen=True, slots=True)
class Clip:
    """What was seen in a clip: its length, and its sides in pixels."""

    seconds: float
    width: int
    height: int


class Studio:
    """Does the work in threads. Raises `NotVideo` and `NotSound` for files that are none."""

    async def fetch(self, url: str, target: Path) -> Path:
        """Save the file behind a link, as a provider fetches it; `Unfit` when it can't be had."""
        timeout = aiohttp.ClientTimeout(total=FETCH_SECONDS)
        written = 0
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
                response.raise_for_status()
                with target.open("wb") as file:
                    async for chunk in response.content.iter_chunked(1 << 16):
                        written += file.write(chunk)
                        if written > MOST_INPUT_BYTES:
                            raise Unfit("the file is too large")
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unfit(f"the file could not be fetched: {type(error).__name__}") from error
        return target

    async def look(self, video: Path) -> Clip:
        """The clip's length and sides."""
        return await asyncio.to_thread(_look, video)

    async def speak(self, order: Order, target: Path) -> float:
        """Write the order's text, spoken, as mp3; how long it is, in seconds."""
        speech = await asyncio.to_thread(speak, order.text, order.voice_id, order.language, order.speed)
        await asyncio.to_thread(write_sound, speech, target)
        return speech.seconds

    async def dub(self, order: Order, video: Path, audio: Path | None, target: Path) -> None:
        """Write the clip with the order's voice in it."""
        if audio is None:
            speech = await asyncio.to_thread(speak, order.text, order.voice_id, order.language, order.speed)
            await asyncio.to_thread(render, video, speech, target)
            return
        await asyncio.to_thread(samples_of, audio, 0.1)  # `NotSound` before any work
        await asyncio.to_thread(
            render,
            video,
            audio,
            target,
            span=(order.start, order.end, order.insert),
            volumes=(order.volume, order.own_volume),
        )


def _look(video: Path) -> Clip:
    try:
        with av.open(video) as container:
            picture = container.streams.video[0]
            seconds = (container.duration or 0) / av.time_base
            return Clip(seconds, picture.width, picture.height)
    except (av.FFmpegError, IndexError) as error:
        raise NotVideo(str(error)) from None
