"""What can be known before any money moves: does the wish fit the provider?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from bot.errors import FileUnfit, ModeUnsupported, SpeedOutOfRange, TextEmpty, TextTooLong, UnknownVoice
from bot.providers.base import Media, Mode, Provider, Request
from bot.voices import pick

MEGABYTE = 2**20


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was asked for. `missing` names the permissions that the bot lacks there for its work."""

    guild_id: int
    channel_id: int
    channel_name: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """One person's wish for a video: text and voice, or audio."""

    place: Place
    member_id: int
    interaction_id: int
    video: Media
    text: str | None = None
    voice: str | None = None
    speed: float = 1.0
    audio: Media | None = None
    provider: str | None = None

    @property
    def mode(self) -> Mode:
        """`audio` when a file was given to be spoken, else `text`."""
        return "audio" if self.audio else "text"


def fitting_request(ask: Ask, provider: Provider) -> Request:
    """The request as it is stored, once it is known to fit the provider's limits."""
    limits = provider.limits
    if ask.mode not in provider.modes:
        raise ModeUnsupported(provider=provider.label, mode="an audio file" if ask.audio else "text")
    _check_file("video", ask.video, limits.containers, limits.video_bytes, provider.label)
    if ask.audio:
        _check_file("audio", ask.audio, limits.audio_formats, limits.audio_bytes, provider.label)
        return Request(mode="audio", video=ask.video, audio=ask.audio)
    text = (ask.text or "").strip()
    if not text:
        raise TextEmpty
    if len(text) > limits.text_chars:
        raise TextTooLong(length=len(text), limit=limits.text_chars, provider=provider.label)
    slowest, fastest = limits.speeds
    if not slowest <= ask.speed <= fastest:
        raise SpeedOutOfRange(provider=provider.label, slowest=slowest, fastest=fastest, speed=ask.speed)
    voice = pick(provider.voices.values(), ask.voice or "")
    if voice is None:
        raise UnknownVoice(provider=provider.label, voice=(ask.voice or "")[:50])
    return Request(mode="text", video=ask.video, text=text, voice=voice.key, speed=ask.speed)


def _check_file(kind: str, file: Media, formats: frozenset[str], most_bytes: int, provider: str) -> None:
    """By what Discord claims of the file, which is enough to refuse early and never enough to trust."""
    ending = PurePath(file.name).suffix.lower().removeprefix(".")
    problem = ""
    if ending not in formats:
        problem = f"This one is a .{ending[:10]} file." if ending else "This one has no file ending."
    elif file.size > most_bytes:
        problem = f"This one has {file.size / MEGABYTE:.1f} MB."
    elif file.size == 0:
        problem = "This one is empty."
    if problem:
        takes = f"{listed(sorted(formats), 'or')} files of at most {most_bytes / MEGABYTE:g} MB"
        raise FileUnfit(kind=kind, name=file.name[:60], provider=provider, takes=takes, problem=problem)


def listed(names: list[str], last: str = "and") -> str:
    """Names as people write them: `a`, `a and b`, `a, b and c`."""
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "nothing"
