"""Everybody speaks: each language, and each voice so that it can be told from the others."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import espeakng_loader
import pytest

from bot.domain.voices import LANGUAGES, catalogue
from bot.sandbox.speech import LANGUAGES as NAMES
from bot.sandbox.speech import VARIANTS, Speech, _espeak, person, speak

NATIVE = {
    "zh": "你好", "yue": "你好", "ja": "こんにちは", "ko": "안녕하세요", "ru": "Добрый вечер", "uk": "Добрий вечір",
    "ar": "مساء الخير", "th": "สวัสดีครับ", "el": "Καλησπέρα", "hi": "नमस्ते",
}  # fmt: skip


def voices_in(language: str) -> list[str]:
    return [voice.id for voice in catalogue().values() if voice.language == language]


def heard_pitch(speech: Speech) -> float:
    """In Hz: from the lag after which the first second is most like itself."""
    every = 4
    samples = memoryview(speech.samples).cast("h")[: speech.rate].tolist()[::every]
    rate = speech.rate / every

    def likeness(lag: int) -> int:
        return sum(one * other for one, other in zip(samples, samples[lag:], strict=False))

    return rate / max(range(round(rate / 350), round(rate / 65)), key=likeness)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_two_voices_of_a_language_sound_alike(language: str) -> None:
    people = [person(voice, language) for voice in voices_in(language)]
    assert len(set(people)) == len(people)
    assert all(0 <= pitch <= 99 for _, pitch in people)  # beyond, espeak-ng takes the nearest


def test_espeak_has_every_variant() -> None:
    # It would speak on without one that it lacks, in its plain voice.
    folder = Path(espeakng_loader.get_data_path()) / "voices" / "!v"
    assert [variant for variant in VARIANTS if not (folder / variant).is_file()] == []
    assert len(set(VARIANTS)) == len(VARIANTS)


def test_a_voice_sounds_like_itself_and_not_like_another_of_its_variant() -> None:
    # No two takes have the same samples, so that comparing those would tell nothing.
    alike = [voice for voice in voices_in("en") if person(voice, "en")[0] == "f2"]
    pitches = [heard_pitch(speak("Mama, we are early", voice, "en")) for voice in alike]
    again = [heard_pitch(speak("Mama, we are early", voice, "en")) for voice in alike]
    assert len(alike) > 1
    assert again == pytest.approx(pitches, rel=0.05)
    for lower, higher in pairwise(pitches):
        assert higher > 1.1 * lower


def test_speed_is_heard() -> None:
    assert speak("The same words.", "AOT", "en", 2.0).seconds < 0.7 * speak("The same words.", "AOT", "en").seconds


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_language_is_spoken(language: str) -> None:
    speech = speak(NATIVE.get(language, "Mama, 123"), voices_in(language)[0], language)
    assert speech.seconds > 0.3
    assert max(memoryview(speech.samples).cast("h")) > 1000


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_espeak_knows_every_language_by_its_name(language: str) -> None:
    # It would speak on in the language before, if it didn't.
    assert _espeak()._library.espeak_SetVoiceByName(NAMES.get(language, language).encode()) == 0
