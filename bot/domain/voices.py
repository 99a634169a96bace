"""The voices people can choose from: found by friendly name, language, gloss or id."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

LANGUAGES = {
    "en": "English",
    "zh": "Chinese",
    "yue": "Cantonese",
    "ja": "Japanese",
    "ko": "Korean",
    "es": "Spanish",
    "pt": "Portuguese",
    "fr": "French",
    "id": "Indonesian",
    "de": "German",
    "ru": "Russian",
    "it": "Italian",
    "nl": "Dutch",
    "vi": "Vietnamese",
    "ar": "Arabic",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "th": "Thai",
    "pl": "Polish",
    "ro": "Romanian",
    "el": "Greek",
    "cs": "Czech",
    "fi": "Finnish",
    "hi": "Hindi",
}


@dataclass(frozen=True, slots=True)
class Voice:
    """One speaker in one language. Neither id nor name is unique alone; `key` is."""

    id: str
    language: str
    name: str
    label: str
    providers: tuple[str, ...]

    @property
    def key(self) -> str:
        """What is stored and sent through Discord, such as `en:genshin_vindi2`."""
        return f"{self.language}:{self.id}"

    @property
    def title(self) -> str:
        """What people read, such as `Sunny · English` or `Sunny youth (阳光少年) · Chinese`."""
        shown = self.label if self.label == self.name else f"{self.label} ({self.name})"
        return f"{shown} · {LANGUAGES[self.language]}"


@cache
def catalogue() -> dict[str, Voice]:
    """All voices by key, in the order in which they are offered."""
    rows = json.loads(files("bot.domain").joinpath("voices.json").read_text(encoding="utf-8"))
    voices = (Voice(**{**row, "providers": tuple(row["providers"])}) for row in rows)
    return {voice.key: voice for voice in voices}


@cache
def voices_of(provider: str) -> Mapping[str, Voice]:
    """The catalogue's voices that this provider accepts."""
    return {key: voice for key, voice in catalogue().items() if provider in voice.providers}


def search(voices: Iterable[Voice], typed: str, most: int = 25) -> list[Voice]:
    """The voices whose name, gloss, language or id contains every typed word; names that begin with it come first."""
    words = typed.casefold().split()

    def haystack(voice: Voice) -> str:
        return f"{voice.title} {voice.id} {voice.key}".casefold()

    found = [voice for voice in voices if all(word in haystack(voice) for word in words)]
    found.sort(key=lambda voice: not voice.label.casefold().startswith(typed.casefold().strip()))
    return found[:most]


def called(voices: Iterable[Voice], typed: str) -> list[Voice]:
    """The voices meant by what was typed or chosen: the one of that key or title, else those of that id or name."""
    wanted = typed.casefold().strip()
    among = list(voices)
    exact = [voice for voice in among if wanted in {voice.key.casefold(), voice.title.casefold()}]
    return exact[:1] or [
        voice for voice in among if wanted in {voice.id.casefold(), voice.label.casefold(), voice.name}
    ]
