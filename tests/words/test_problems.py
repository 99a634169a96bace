"""Every problem of an ask has its words, and whoever finds it brings the facts that fill them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import httpx
import pytest

from bot.domain.ask import Ask
from bot.domain.fixes import Fixes, Problem, ProblemCode
from bot.domain.media_facts import MediaFacts, Seen
from bot.net.client import Http
from bot.preflight.fit import fit
from bot.providers import load_providers
from bot.words.problems import SENTENCES, reason
from tests.preflight.test_fit import AUDIO, CLIP, RECORDING, SPOKEN, TEXT, VIDEO

EVERY_CODE = set(get_args(ProblemCode))
CLIPS = [
    CLIP,
    replace(CLIP, width=0, height=0),
    replace(CLIP, width=64, turned=True, seconds=75.0),
    replace(CLIP, video_codec="vp9", seconds=0.01),
    replace(CLIP, width=8000, height=8000, frames_per_second=100.0, seconds=30.0),
    replace(CLIP, deep=True, frames_per_second=240.0, formats=frozenset({"webm"})),
]
RECORDINGS = [
    replace(RECORDING, seconds=0.5),
    replace(RECORDING, seconds=600.0, audio_codec="opus"),
    replace(RECORDING, seconds=9.0, has_sound=False),
    replace(RECORDING, seconds=9.0, width=64, audio_codec="aac"),
]
WORDS = "A sentence of some length, and more of it. "
ASKS = [
    TEXT,
    replace(TEXT, text="Hi", voice="nobody", speed=9.0),
    replace(TEXT, text="Hi", voice="en:AOT"),
    replace(TEXT, text=WORDS * 20, voice=None),
    replace(TEXT, text=WORDS * 4, speed=0.5),
    replace(TEXT, text=WORDS * 200),
    replace(TEXT, text=WORDS * 2, speed=0.05),
    replace(TEXT, voice="genshin_vindi2"),
    replace(TEXT, fixes=Fixes(part=(1.0, 0.1))),
    replace(TEXT, fixes=Fixes(part=(4.0, 5.0))),
    replace(TEXT, video=VIDEO.model_copy(update={"name": "clip", "size": 0})),
    replace(TEXT, video=VIDEO.model_copy(update={"name": "clip.exe", "size": 2**40})),
    replace(TEXT, video=VIDEO.model_copy(update={"reachable": False, "size": 40 * 2**20})),
    replace(SPOKEN, volume=0.5),
    replace(SPOKEN, audio=AUDIO.model_copy(update={"name": "a.ogg"})),
]


def tried(ask: Ask, clip: MediaFacts) -> Iterator[Seen]:
    if ask.audio is None:
        yield Seen(clip, None)
    for recording in RECORDINGS if ask.audio else ():
        yield Seen(clip, recording)


@pytest.fixture(scope="module")
def said() -> dict[ProblemCode, str]:
    """What is said of everything that can be found, by its code."""
    providers = load_providers(Http(httpx.AsyncBaseTransport()), {}).values()
    return {
        problem.code: reason(problem)
        for provider in providers
        for ask in ASKS
        for clip in CLIPS
        for seen in tried(ask, clip)
        for problem in fit(ask, provider, seen).problems
    }


def test_every_code_has_a_sentence() -> None:
    assert set(SENTENCES) == EVERY_CODE


@pytest.mark.parametrize("code", sorted(EVERY_CODE - {"no_recordings", "no_texts"}))
def test_whoever_finds_a_problem_brings_the_facts_that_fill_its_sentence(
    said: dict[ProblemCode, str], code: ProblemCode
) -> None:
    assert said[code]
    assert "{" not in said[code]


@pytest.mark.parametrize(("ask", "words"), [(SPOKEN, "it can't use a recording"), (TEXT, "it can't speak a text")])
def test_a_provider_without_a_flow_for_it_says_so(monkeypatch: pytest.MonkeyPatch, ask: Ask, words: str) -> None:
    provider = load_providers(Http(httpx.AsyncBaseTransport()), {})["runcomfy"]
    monkeypatch.setattr(type(provider), "flows", ())
    assert [reason(problem) for problem in fit(ask, provider).problems] == [words]


def test_facts_are_told_as_people_write_them() -> None:
    formats = {"part": "audio", "formats": frozenset({"wav", "aac", "mp3"}), "ending": "ogg"}
    assert (
        reason(Problem("wrong_format", formats)) == "it takes aac, mp3 or wav files, and the recording is a .ogg file"
    )
    voices = reason(Problem("several_voices", {"voices": ["B", "A"]}))
    assert voices == "several of its voices are called that: B or A"
    size = reason(Problem("too_large", {"part": "video", "most": 100.0, "size": 101.26}))
    assert size == "it takes 100 MB, and the clip has 101.3 MB"
