"""Does a wish fit a provider: every reason why not, in people's words, before any money moves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import Clock
from bot.domain.ask import Ask, Asker, Place
from bot.domain.fixes import Fixes
from bot.domain.media_facts import MediaFacts, Seen
from bot.domain.request import Media, Request
from bot.files.incoming import Incoming
from bot.net.client import Http
from bot.preflight.fit import fit, looked, mended
from bot.preflight.offer import Offer
from bot.preflight.text_split import divided
from bot.providers import load_providers
from bot.providers.base import Provider
from bot.words.english import listed
from bot.words.offer import MOST_CHARS, against, card
from bot.words.problems import reason

VIDEO = Media(url="https://cdn.example/v.mp4", name="v.mp4", size=1000)
AUDIO = Media(url="https://cdn.example/a.mp3", name="a.mp3", size=1000)
CLIP = MediaFacts(frozenset({"mp4", "mov"}), 6.0, 1280, 720, has_sound=True)
RECORDING = MediaFacts(frozenset({"mp3"}), 4.0, 0, 0, has_sound=True)
PLACE = Place(1, 2, "#studio")
TEXT = Ask(PLACE, Asker(3), 4, VIDEO, text="Hello, is anybody out there today?", voice="en:AOT")
SPOKEN = Ask(PLACE, Asker(3), 4, VIDEO, audio=AUDIO)


@pytest.fixture(scope="module")
def providers() -> dict[str, Provider]:
    return load_providers(Http(httpx.AsyncBaseTransport()), {})


def reasons(ask: Ask, provider: Provider, clip: MediaFacts = CLIP, recording: MediaFacts = RECORDING) -> str:
    found = fit(ask, provider, Seen(clip, recording if ask.audio else None))
    assert (found.request is None) == bool(found.problems)
    return "; ".join(map(reason, found.problems))


def request_of(ask: Ask, provider: Provider, clip: MediaFacts = CLIP, recording: MediaFacts = RECORDING) -> Request:
    """The request, everything that can be mended being mended."""
    found = mended(ask, provider, Seen(clip, recording if ask.audio else None))
    assert found.request
    return found.request


def assert_fits(request: Request, provider: Provider) -> None:
    """Whatever was done to the files, what is sent is within the limits of the provider."""
    limits = next(flow.limits for flow in provider.flows if flow.name == request.flow)
    shortest, longest = limits.video_seconds
    for call in request.calls:
        assert call.video.seconds is not None
        assert shortest - 0.05 <= call.video.seconds <= longest + 0.05
        assert len(call.text or "") <= limits.text_chars or call.mode == "audio"
        if call.clip:
            sides = (call.clip.width, call.clip.height)
            assert limits.sides[0] <= min(sides) <= max(sides) <= limits.sides[1]
            assert all(side % 2 == 0 for side in sides)
            assert call.clip.most_bytes <= limits.video_bytes
    if request.sections:
        assert " ".join("".join(section.text for section in request.sections).split()) in {
            " ".join("".join((request.text or "").split(" ")).split()),
            "".join((request.text or "").split()),
        }


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
    providers: dict[str, Provider], clip: MediaFacts, reason: str
) -> None:
    assert reasons(TEXT, providers["runcomfy"], clip) == reason


def test_the_size_of_the_file_itself_counts_too(providers: dict[str, Provider]) -> None:
    clip, recording = replace(CLIP, size=101 * 2**20), replace(RECORDING, size=6 * 2**20)
    known = looked(SPOKEN, Seen(clip, recording), lasting=(True, True))
    said = reasons(known, providers["runcomfy"], clip, recording)
    assert "it takes 100 MB, and the clip has 101.0 MB" in said
    assert "it takes 5 MB, and the recording has 6.0 MB" in said


@pytest.mark.parametrize(
    ("recording", "reason"),
    [
        (replace(RECORDING, seconds=61.0), "it takes recordings of 2 to 60 s, and this one has 61.0 s"),
        (replace(RECORDING, seconds=0.5), "it takes recordings of 2 to 60 s, and this one has 0.5 s"),
        (replace(RECORDING, has_sound=False), "the recording has no sound"),
        (replace(RECORDING, formats=frozenset({"ogg"})), "the recording is named .mp3 and is really ogg"),
    ],
)
def test_the_recording_itself_counts(providers: dict[str, Provider], recording: MediaFacts, reason: str) -> None:
    assert reasons(SPOKEN, providers["runcomfy"], recording=recording) == reason


def test_everything_that_stands_against_it_is_said_at_once(providers: dict[str, Provider]) -> None:
    wrong = replace(TEXT, text="x" * 200, voice="nobody", speed=3.0, video=VIDEO.model_copy(update={"size": 2**30}))
    said = reasons(wrong, providers["runcomfy"], CLIP)
    for word in ("120 characters", "no voice “nobody”", "0.8 to 2", "1024.0 MB"):
        assert word in said


@pytest.mark.parametrize(
    ("voice", "reason"), [("nobody", "it has no voice “nobody”"), ("", "no voice was chosen"), (None, "no voice was")]
)
def test_without_a_voice_it_is_said_where_voices_are_found(
    providers: dict[str, Provider], voice: str | None, reason: str
) -> None:
    said = reasons(replace(TEXT, voice=voice), providers["runcomfy"])
    assert said.startswith(reason)
    assert said.endswith("; the voice field of `/lipsync text` shows those it has")


def test_too_little_text_for_the_shortest_speech_is_said_before_it_is_paid(providers: dict[str, Provider]) -> None:
    short = replace(TEXT, text="Hi!")
    assert "it needs at least 2 s of speech, about 28 letters" in reasons(short, providers["runninghub"])
    assert "about 34 letters" in reasons(replace(short, speed=1.2), providers["runninghub"])
    assert "about 9 letters" in reasons(replace(short, voice="zh:tiyuxi_xuedi"), providers["runninghub"])
    assert reasons(short, providers["runcomfy"]) == ""


def test_volumes_go_only_to_those_who_can_set_them(providers: dict[str, Provider]) -> None:
    quiet = replace(SPOKEN, volume=0.5, own_volume=0.2)
    assert reasons(quiet, providers["runcomfy"]) == "it can't set volumes"
    request = request_of(quiet, providers["runninghub"])
    assert (request.volume, request.own_volume) == (0.5, 0.2)


def test_the_clips_own_sound_is_gone_unless_somebody_wants_it(providers: dict[str, Provider]) -> None:
    request = request_of(SPOKEN, providers["runninghub"])
    assert (request.volume, request.own_volume) == (1.0, 0.0)


def test_a_file_whose_link_ends_too_soon_is_handed_over_if_it_can_be(providers: dict[str, Provider]) -> None:
    ending = replace(TEXT, video=VIDEO.model_copy(update={"reachable": False}))
    assert reasons(ending, providers["runcomfy"]) == ""
    assert [stage.name for stage in providers["runcomfy"].stages(request_of(ending, providers["runcomfy"]))] == [
        "upload_video",
        "text",
    ]
    large = replace(ending, video=ending.video.model_copy(update={"size": 20 * 2**20}))
    assert "through this thread I can hand over 9.9 MB" in reasons(large, providers["runcomfy"])
    assert reasons(large, providers["runninghub"]) == ""


class Noon(Clock):
    """It is always noon."""

    def now(self) -> float:
        return 43_200.0


@pytest.mark.parametrize(
    ("query", "lasting"),
    [
        ("", True),
        (f"?ex={43_200 + 3_601:x}&is=1&hm=2", True),
        (f"?ex={43_200 + 3_599:x}&is=1&hm=2", False),
        ("?ex=1&is=1&hm=2", False),
        ("?ex=soon", True),
    ],
)
def test_the_end_of_a_signed_link_is_read(query: str, lasting: bool) -> None:
    nothing: Any = None
    incoming = Incoming(nothing, nothing, "", nothing, Noon())
    assert incoming.lasts(VIDEO.model_copy(update={"url": VIDEO.url + query}), 3600.0) is lasting


@given(st.text(max_size=1100), st.floats(0.1, 5), st.text(max_size=30), st.floats(0, 100), st.integers(0, 5000))
def test_whatever_is_asked_is_a_request_or_reasons(
    text: str, speed: float, voice: str, seconds: float, side: int
) -> None:
    facts = replace(CLIP, seconds=seconds, width=side, height=side)
    for provider in load_providers(Http(httpx.AsyncBaseTransport()), {}).values():
        found = fit(replace(TEXT, text=text, speed=speed, voice=voice), provider, Seen(facts, None))
        assert (found.request is None) == bool(found.problems)
        assert all(map(reason, found.problems))
        if request := mended(replace(TEXT, text=text, speed=speed, voice=voice), provider, Seen(facts, None)).request:
            assert_fits(request, provider)


def test_names_are_listed_as_people_write_them() -> None:
    assert [listed(["a", "b", "c"][:n]) for n in range(4)] == ["nothing", "a", "a and b", "a, b and c"]


def test_a_voice_is_taken_by_its_shown_title_and_one_that_several_have_is_asked_back() -> None:
    runcomfy = load_providers(Http(httpx.AsyncBaseTransport()), {})["runcomfy"]
    by_title = fit(replace(TEXT, voice="sunny · english"), runcomfy).request
    assert by_title
    assert by_title.voice == "en:genshin_vindi2"
    kling = load_providers(Http(httpx.AsyncBaseTransport()), {})["kling_gateway"]
    (problem,) = fit(replace(TEXT, voice="genshin_vindi2"), kling).problems
    said = reason(problem)
    assert said.startswith("several of its voices are called that: ")
    assert "· English" in said
    assert "· Chinese" in said


def wrong_in_every_way() -> tuple[Ask, Seen]:
    clip = replace(
        CLIP, seconds=75.0, width=640, height=360, formats=frozenset({"webm", "mkv"}), video_codec="vp9",
        frames_per_second=240.0, turned=True,
    )  # fmt: skip
    sound = replace(RECORDING, formats=frozenset({"ogg", "opus"}), audio_codec="opus", seconds=90.0, sound_seconds=90.0)
    audio = AUDIO.model_copy(update={"name": "voice-message.ogg"})
    return replace(SPOKEN, audio=audio, video=VIDEO.model_copy(update={"name": "clip.webm"})), Seen(clip, sound)


def test_a_card_about_many_providers_fits_a_message_and_keeps_what_is_done_and_for_how_much(
    providers: dict[str, Provider],
) -> None:
    ask, seen = wrong_in_every_way()
    ways = {provider.label: mended(ask, provider, seen) for provider in providers.values()}
    first = ways["RunComfy"].request
    assert first
    priced = first.model_copy(update={"price_usd": Decimal("0.05")})
    fixes = frozenset(problem.fix for problem in ways["RunComfy"].problems if problem.fix)
    reasons_of_all = {label: way.problems for label, way in ways.items()}
    offer = Offer(ask, seen, providers["runcomfy"], priced, fixes, reasons_of_all)
    text = card(offer, rest=True)
    assert len(text) <= 2000
    assert "For RunComfy I can use a part of the clip" in text
    assert "for about $0.05" in text
    for label in ways:
        assert f"**{label}**" in text
    assert len(against(reasons_of_all, MOST_CHARS)) <= MOST_CHARS


def offered(ask: Ask, provider: Provider, clip: MediaFacts) -> Offer:
    """What can be done for a provider that the wish doesn't fit."""
    found = mended(ask, provider, seen := Seen(clip, None))
    assert found.request
    fixes = frozenset(problem.fix for problem in found.problems if problem.fix)
    return Offer(ask, seen, provider, found.request, fixes, {provider.label: found.problems})


@pytest.mark.parametrize("rest", [True, False])
def test_the_part_that_was_chosen_stays_chosen_when_something_else_is_agreed_to(
    providers: dict[str, Provider], rest: bool
) -> None:
    chosen = Fixes(frozenset({"trim"}), part=(9.0, 4.0), rest=rest)
    long, clip = replace(TEXT, text="This is a sentence. " * 10, fixes=chosen), replace(CLIP, seconds=40.0)
    offer = offered(long, providers["runcomfy"], clip)
    agreed = replace(long, fixes=offer.agreed(rest=offer.rest))
    made = fit(agreed, providers["runcomfy"], Seen(clip, None)).request
    assert made
    assert made.sections == offer.request.sections
    assert made.sections[0].clip.start == 9.0
    assert made.whole_seconds == (40.0 if rest else None)


@pytest.mark.parametrize("rest", [True, False])
@pytest.mark.parametrize("text", [TEXT.text, "This is a sentence. " * 10])
def test_only_of_a_clip_that_is_too_long_it_is_said_that_its_rest_cannot_stay(
    providers: dict[str, Provider], text: str, rest: bool
) -> None:
    ask, too_long = replace(TEXT, text=text, fixes=Fixes(rest=rest)), "too long for its rest to stay"
    assert too_long not in card(offered(ask, providers["runcomfy"], replace(CLIP, seconds=40.0)), rest=rest)
    assert too_long in card(offered(ask, providers["runcomfy"], replace(CLIP, seconds=301.0)), rest=rest)


def test_what_was_agreed_to_is_stored_with_the_request(providers: dict[str, Provider]) -> None:
    fixes = Fixes(frozenset({"trim"}), part=(3.0, 4.0), rest=False)
    found = fit(replace(TEXT, fixes=fixes), providers["runcomfy"], Seen(replace(CLIP, seconds=12.0), None))
    assert found.request
    assert Request.model_validate_json(found.request.model_dump_json()).fixes == fixes
    before = {**found.request.model_dump(mode="json", exclude={"fixes"}), "part": [3.0, 4.0]}
    assert Request.model_validate(before).fixes is None  # in an older row


def test_a_long_text_is_divided_at_sentences_and_nothing_of_it_is_lost() -> None:
    text = "One sentence here. Another, rather longer, sentence there! Is it all? Yes."
    parts = divided(text, 40)
    assert parts == ["One sentence here.", "Another, rather longer, sentence there!", "Is it all? Yes."]
    assert divided("x" * 90, 40) == ["x" * 40, "x" * 40, "x" * 10]
    assert divided("你好。" * 20, 30) == ["你好。" * 10] * 2


def test_no_part_of_a_long_text_is_too_short_to_be_spoken() -> None:
    sentence = "This is said so that there is something to say."
    parts = divided(" ".join([sentence] * 4) + " No!", 192)
    assert parts == [f"{sentence} {sentence}", f"{sentence} {sentence} No!"]
    long = "word " * 37 + "end."
    assert [len(part) > 30 for part in divided(f"{long} No!", 190, least=28)] == [True, True]


@given(st.lists(st.text("abc de,.!", min_size=1, max_size=60), max_size=12), st.integers(5, 80), st.integers(0, 30))
def test_a_text_in_parts_has_all_its_words_and_no_part_is_too_long(lines: list[str], most: int, least: int) -> None:
    text = " ".join(lines)
    parts = divided(text, most, least)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(0 < len(part) <= most for part in parts)


@pytest.mark.parametrize(("seconds", "fixes"), [(0.04, ["repeat"]), (0.00005, [None])])
def test_a_clip_of_nearly_nothing_is_not_offered_to_be_repeated(
    seconds: float, fixes: list[str | None], providers: dict[str, Provider]
) -> None:
    found = fit(TEXT, providers["runcomfy"], Seen(replace(CLIP, seconds=seconds), None))
    assert [problem.fix for problem in found.problems] == fixes


def test_a_long_text_is_not_spoken_over_a_clip_of_nearly_nothing(providers: dict[str, Provider]) -> None:
    long, words = replace(TEXT, text="A sentence of some length, and more of it. " * 10), "too little to be repeated"
    assert words not in reasons(long, providers["runcomfy"], replace(CLIP, seconds=0.5))
    assert words in reasons(long, providers["runcomfy"], replace(CLIP, seconds=0.04))


def test_a_small_file_of_countless_large_pictures_is_refused_before_an_encoder_sees_it(
    providers: dict[str, Provider],
) -> None:
    bomb = replace(CLIP, width=8000, height=8000, frames_per_second=100.0, seconds=30.0, size=69_000)
    for provider in providers.values():
        assert "3000 pictures of 8000×8000 are too much for me to change" in reasons(TEXT, provider, bomb)
        assert mended(TEXT, provider, Seen(bomb, None)).request is None
    phone = replace(CLIP, width=3840, height=2160, frames_per_second=60.0, seconds=60.0)
    assert "too much for me" not in reasons(TEXT, providers["runcomfy"], phone)
