"""Does a wish fit a provider: every reason why not, in people's words, before any money moves."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ask import Ask, Asker, Place
from bot.intake import lasts
from bot.media.probe import Facts
from bot.preflight import Seen, fit, listed
from bot.providers import load_providers
from bot.providers.base import Provider
from bot.providers.http import Http
from bot.providers.request import Media, Request

VIDEO = Media(url="https://cdn.example/v.mp4", name="v.mp4", size=1000)
AUDIO = Media(url="https://cdn.example/a.mp3", name="a.mp3", size=1000)
CLIP = Facts(frozenset({"mp4", "mov"}), 6.0, 1280, 720, has_sound=True)
RECORDING = Facts(frozenset({"mp3"}), 4.0, 0, 0, has_sound=True)
PLACE = Place(1, 2, "#studio")
TEXT = Ask(PLACE, Asker(3), 4, VIDEO, text="Hello, is anybody out there today?", voice="en:AOT")
SPOKEN = Ask(PLACE, Asker(3), 4, VIDEO, audio=AUDIO)


@pytest.fixture(scope="module")
def providers() -> dict[str, Provider]:
    return load_providers(Http(httpx.AsyncClient()), {})


def reasons(ask: Ask, provider: Provider, clip: Facts = CLIP, recording: Facts = RECORDING) -> str:
    found = fit(ask, provider, Seen(clip, recording if ask.audio else None))
    return "" if isinstance(found, Request) else "; ".join(found)


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        (replace(CLIP, seconds=10.04), ""),
        (replace(CLIP, seconds=1.97), ""),
        (replace(CLIP, seconds=10.1), "it takes clips of 2 to 10 s, and this one has 10.1 s"),
        (replace(CLIP, seconds=1.5), "it takes clips of 2 to 10 s, and this one has 1.5 s"),
        (replace(CLIP, width=1920, height=1080), ""),
        (replace(CLIP, width=1080, height=1920), ""),
        (replace(CLIP, width=640), "it takes sides of 720 to 1920 pixels, and the clip has 640×720"),
        (replace(CLIP, height=2160), "it takes sides of 720 to 1920 pixels, and the clip has 1280×2160"),
        (replace(CLIP, width=0, height=0), "the clip has no picture"),
        (replace(CLIP, formats=frozenset({"webm", "mkv"})), "the clip is named .mp4 and is really mkv or webm"),
    ],
)
def test_the_clip_itself_counts_and_not_what_discord_says(
    providers: dict[str, Provider], clip: Facts, reason: str
) -> None:
    assert reasons(TEXT, providers["runcomfy"], clip) == reason


@pytest.mark.parametrize(
    ("recording", "reason"),
    [
        (replace(RECORDING, seconds=61.0), "it takes recordings of 2 to 60 s, and this one has 61.0 s"),
        (replace(RECORDING, seconds=0.5), "it takes recordings of 2 to 60 s, and this one has 0.5 s"),
        (replace(RECORDING, has_sound=False), "the recording has no sound"),
        (replace(RECORDING, formats=frozenset({"ogg"})), "the recording is named .mp3 and is really ogg"),
    ],
)
def test_the_recording_itself_counts(providers: dict[str, Provider], recording: Facts, reason: str) -> None:
    assert reasons(SPOKEN, providers["runcomfy"], recording=recording) == reason


def test_everything_that_stands_against_it_is_said_at_once(providers: dict[str, Provider]) -> None:
    wrong = replace(TEXT, text="x" * 200, voice="nobody", speed=3.0, video=VIDEO.model_copy(update={"size": 2**30}))
    said = reasons(wrong, providers["runcomfy"], replace(CLIP, seconds=70.0))
    for word in ("120 characters", "no voice “nobody”", "0.8 to 2", "1024.0 MB", "70.0 s"):
        assert word in said


def test_too_little_text_for_the_shortest_speech_is_said_before_it_is_paid(providers: dict[str, Provider]) -> None:
    short = replace(TEXT, text="Hi!")
    assert "it needs at least 2 s of speech, about 28 letters" in reasons(short, providers["runninghub"])
    assert "about 34 letters" in reasons(replace(short, speed=1.2), providers["runninghub"])
    assert "about 9 letters" in reasons(replace(short, voice="zh:tiyuxi_xuedi"), providers["runninghub"])
    assert reasons(short, providers["runcomfy"]) == ""


def test_volumes_go_only_to_those_who_can_set_them(providers: dict[str, Provider]) -> None:
    quiet = replace(SPOKEN, volume=0.5, own_volume=0.2)
    assert reasons(quiet, providers["runcomfy"]) == "it can't set volumes"
    request = fit(quiet, providers["runninghub"], Seen(CLIP, RECORDING))
    assert isinstance(request, Request)
    assert (request.volume, request.own_volume) == (0.5, 0.2)


def test_the_clips_own_sound_is_gone_unless_somebody_wants_it(providers: dict[str, Provider]) -> None:
    request = fit(SPOKEN, providers["runninghub"], Seen(CLIP, RECORDING))
    assert isinstance(request, Request)
    assert (request.volume, request.own_volume) == (1.0, 0.0)


def test_a_link_that_ends_too_soon_is_no_use_to_those_who_fetch_themselves(providers: dict[str, Provider]) -> None:
    ending = replace(TEXT, video=VIDEO.model_copy(update={"reachable": False}))
    assert "the link to this one ends too soon" in reasons(ending, providers["runcomfy"])
    assert reasons(ending, providers["runninghub"]) == ""


@pytest.mark.parametrize(
    ("query", "lasting"),
    [
        ("", True),
        (f"?ex={int(time.time()) + 86_400:x}&is=1&hm=2", True),
        (f"?ex={int(time.time()) + 60:x}&is=1&hm=2", False),
        ("?ex=1&is=1&hm=2", False),
        ("?ex=soon", True),
    ],
)
def test_the_end_of_a_signed_link_is_read(query: str, lasting: bool) -> None:
    assert lasts(VIDEO.model_copy(update={"url": VIDEO.url + query}), 3600.0) is lasting


@given(st.text(max_size=1100), st.floats(0.1, 5), st.text(max_size=30), st.floats(0, 100), st.integers(0, 5000))
def test_whatever_is_asked_is_a_request_or_reasons(
    text: str, speed: float, voice: str, seconds: float, side: int
) -> None:
    facts = replace(CLIP, seconds=seconds, width=side, height=side)
    for provider in load_providers(Http(httpx.AsyncClient()), {}).values():
        found: Any = fit(replace(TEXT, text=text, speed=speed, voice=voice), provider, Seen(facts, None))
        assert isinstance(found, Request) or (found and all(found))


def test_names_are_listed_as_people_write_them() -> None:
    assert [listed(["a", "b", "c"][:n]) for n in range(4)] == ["nothing", "a", "a and b", "a, b and c"]


def test_a_voice_is_taken_by_its_shown_title_and_one_that_several_have_is_asked_back() -> None:
    runcomfy = load_providers(Http(httpx.AsyncClient()), {})["runcomfy"]
    by_title: Any = fit(replace(TEXT, voice="sunny · english"), runcomfy)
    assert by_title.voice == "en:genshin_vindi2"
    kling = load_providers(Http(httpx.AsyncClient()), {})["kling_gateway"]
    (reason,) = cast("list[str]", fit(replace(TEXT, voice="genshin_vindi2"), kling))
    assert reason.startswith("several of its voices are called that: ")
    assert "· English" in reason
    assert "· Chinese" in reason
