"""A voice for the sandbox: espeak-ng, from the library inside the `espeakng-loader` wheel."""

from __future__ import annotations

import ctypes
import threading
from dataclasses import dataclass
from functools import cache

import espeakng_loader

from bot.domain.voices import catalogue

BYTES_PER_SAMPLE = 2
NORMAL_WORDS_PER_MINUTE = 165
# Of espeak-ng's own, those that sound least alike (by their spectra and pitches), none of them a robot.
VARIANTS = (
    "m1", "f2", "anika", "m8", "iven2", "klatt", "Lee", "travis", "norbert", "mike2", "ian", "kaukovalta",
    "steph2", "shelby", "Jacky", "grandma", "Hugo", "Alicia", "Andy", "ed", "Michael", "boris", "belinda", "Andrea",
)  # fmt: skip
LOWEST_PITCH, PITCH_STEP = 35, 17  # a smaller step is hardly heard
LANGUAGES = {"zh": "cmn", "en": "en-us"}  # where espeak-ng names them differently

# From espeak-ng's speak_lib.h
_SYNCHRONOUS, _UTF8, _BY_CHARACTER = 2, 1, 1
_RATE, _PITCH = 1, 3
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@dataclass(frozen=True, slots=True)
class Speech:
    """Spoken words as mono 16-bit samples."""

    samples: bytes
    rate: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / BYTES_PER_SAMPLE / self.rate


class _Espeak:
    """The C library. It keeps one global state, so calls take turns."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._turn = threading.Lock()
        self._heard = bytearray()
        self._callback = _CALLBACK(self._hear)
        data = espeakng_loader.get_data_path().encode()
        self.rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng could not be started")
        self._library.espeak_SetSynthCallback(self._callback)

    def _hear(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _events: int) -> int:
        if samples and count > 0:
            self._heard += ctypes.string_at(samples, count * BYTES_PER_SAMPLE)
        return 0

    def speak(self, text: str, voice: str, pitch: int, words_per_minute: int) -> bytes:
        with self._turn:
            self._heard.clear()
            self._library.espeak_SetVoiceByName(voice.encode())
            self._library.espeak_SetParameter(_PITCH, pitch, 0)
            self._library.espeak_SetParameter(_RATE, words_per_minute, 0)
            spoken = text.encode() + b"\0"
            self._library.espeak_Synth(spoken, len(spoken), 0, _BY_CHARACTER, 0, _UTF8, None, None)
            self._library.espeak_Synchronize()
            return bytes(self._heard)


@cache
def _espeak() -> _Espeak:
    return _Espeak()


def person(voice_id: str, language: str) -> tuple[str, int]:
    """The variant and the pitch of a voice; no two voices of a language have the same."""
    voices = [voice.id for voice in catalogue().values() if voice.language == language]
    number = voices.index(voice_id) if voice_id in voices else 0
    return VARIANTS[number % len(VARIANTS)], LOWEST_PITCH + number // len(VARIANTS) * PITCH_STEP


def speak(text: str, voice_id: str, language: str, speed: float = 1.0) -> Speech:
    """The text, spoken; each voice sounds like somebody else. Blocks: call it in a thread."""
    variant, pitch = person(voice_id, language)
    espeak = _espeak()
    voice = f"{LANGUAGES.get(language, language)}+{variant}"
    return Speech(espeak.speak(text, voice, pitch, int(NORMAL_WORDS_PER_MINUTE * speed)), espeak.rate)
