"""Who is taken, who is named in a refusal, and what is offered: case by case, without a bot around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.asking.answers import NeedsFixes
from bot.asking.approval import APPROVAL_SECONDS
from bot.asking.candidates import NEEDED_SECONDS, Chooser
from bot.asking.inspect import Inspector
from bot.asking.prices import Prices
from bot.asking.server import Server
from bot.domain.ask import Ask, Asker, Place
from bot.domain.media_facts import MediaFacts, Seen
from bot.domain.request import Media
from bot.preflight.fit import Candidate
from bot.providers.base import Provider
from bot.words.refusals.asks import NothingFits
from bot.words.refusals.files import FileRemoved
from bot.words.refusals.keys import KeyMissing, KeySwitchedOff, NoKey, UnknownProvider
from storage.people.reports import Reports
from storage.servers.guilds import Policy
from storage.servers.key_info import SealedKey
from tests.jobs.steps.alone import named
from tests.scripted import Keyed
from tests.words.test_job_card import a_job

VIDEO = Media(url="https://cdn.example/v.mp4", name="v.mp4", size=1000)
AUDIO = Media(url="https://cdn.example/a.mp3", name="a.mp3", size=1000)
CLIP = MediaFacts(
    frozenset({"mp4"}), 6.0, 1280, 720, has_sound=True, size=1000, digest="d-clip", video_codec="h264",
    frames_per_second=30.0,
)  # fmt: skip
RECORDING = MediaFacts(frozenset({"mp3"}), 6.0, 0, 0, has_sound=True, size=1000, digest="d-sound", sound_seconds=6.0)
SEEN = Seen(CLIP, RECORDING)
ASK = Ask(Place(1, 2, "#studio"), Asker(3), 4, VIDEO, audio=AUDIO)


def key(provider: str, off_reason: str | None = None, number: int = 1) -> SealedKey:
    off_at = 1.0 if off_reason else None
    return SealedKey(number, 1, provider, "6789", 9, 0.0, off_reason, off_at, "first", b"")


class Speaking(Keyed):
    """Has the voices that a test says."""

    speaks: Sequence[str] = ()

    @property
    def voices(self) -> Mapping[str, Any]:
        return dict.fromkeys(self.speaks)


class KnownReports(Reports):
    """These files were removed."""

    def __init__(self) -> None:
        self.removed: set[str | None] = set()

    async def removed_among(self, guild_id: int, digests: Sequence[str | None]) -> bool:
        assert guild_id == 1
        return bool(self.removed & set(digests))


class GivenPrices(Prices):
    """The prices that a test gives; the order is reversed, which shows that it is followed."""

    def __init__(self) -> None:
        self.given: dict[str, Decimal] = {}

    async def in_order(self, server: Server, found: list[Candidate]) -> list[Candidate]:
        assert isinstance(server, Server)
        priced = {one.provider.name: self.given.get(one.provider.name) for one in found}
        return [
            replace(one, request=one.request.model_copy(update={"price_usd": priced[one.provider.name]}))
            for one in reversed(found)
        ]


class Knowing(Inspector):
    """How long links last."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []
        self.ending: set[str] = set()
        self.asked_for_room: list[Ask] = []

    async def check_room(self, ask: Ask) -> None:
        self.asked_for_room.append(ask)

    def lasts(self, media: Media, seconds: float) -> bool:
        self.asked.append((media.name, seconds))
        return media.name not in self.ending

    async def look(self, ask: Ask, folder: Path) -> Seen:
        assert (ask.guild_id, folder) == (1, Path("there"))
        return SEEN


@dataclass
class Choosing:
    """The chooser, and what it stands on; `first`, `second` and `third` want keys."""

    reports: KnownReports = field(default_factory=KnownReports)
    prices: GivenPrices = field(default_factory=GivenPrices)
    inspector: Knowing = field(default_factory=Knowing)

    def __post_init__(self) -> None:
        self.providers: dict[str, Provider] = {name: named(name, Keyed) for name in ("first", "second", "third")}
        self.chooser = Chooser(self.reports, self.providers, self.prices, self.inspector)

    async def names(self, server: Server, **asked: Any) -> list[str]:
        """Who is tried, in order."""
        return [one.provider.name for one in await self.found(server, **asked)]

    async def found(self, server: Server, **asked: Any) -> list[Candidate]:
        found = await self.chooser.candidates(replace(ASK, **asked), server, SEEN)
        assert isinstance(found, list)
        return found


BOTH = Server(keys=(key("first"), key("second", number=2)))


async def test_everyone_with_a_key_is_tried_in_the_order_of_prices() -> None:
    assert await Choosing().names(BOTH) == ["second", "first"]


async def test_a_provider_that_was_asked_for_is_the_only_one() -> None:
    assert await Choosing().names(BOTH, provider="first") == ["first"]


async def test_a_provider_without_a_key_that_wants_none_can_always_be_asked_for() -> None:
    choosing = Choosing()
    choosing.providers["free"] = named("free")
    assert await choosing.names(Server(), provider="free") == ["free"]
    assert await choosing.names(BOTH) == ["free", "second", "first"]


async def test_a_key_of_a_provider_that_this_version_does_not_know_is_passed_over() -> None:
    assert await Choosing().names(Server(keys=(key("gone"), key("gone", "bad_key"), key("first")))) == ["first"]
    with pytest.raises(NoKey):
        await Choosing().names(Server(keys=(key("gone"), key("gone", "bad_key"))))


async def test_without_any_key_the_server_is_told_so() -> None:
    with pytest.raises(NoKey):
        await Choosing().names(Server())
    with pytest.raises(NoKey):
        await Choosing().names(Server(), provider="first")


async def test_a_provider_that_nobody_knows_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownProvider) as refused:
        await Choosing().names(BOTH, provider="x" * 60)
    assert str(refused.value) == f"I don't know a provider called “{'x' * 50}”. I know: First, Second and Third."


async def test_a_provider_without_a_key_is_told_with_those_that_have_one() -> None:
    with pytest.raises(KeyMissing, match=r"no key for Third\. It has keys for: First and Second"):
        await Choosing().names(BOTH, provider="third")


FIRST_OFF = Server(keys=(key("first", "out_of_credit"), key("second", number=2)))
ALL_OFF = Server(keys=(key("first", "out_of_credit"), key("second", "bad_key", number=2)))
FIRST_SAID = "First (its account is out of credit)"
SECOND_SAID = "Second (the provider doesn't accept it)"


async def test_a_switched_off_key_is_passed_over_while_another_works() -> None:
    assert await Choosing().names(FIRST_OFF) == ["second"]
    assert await Choosing().names(FIRST_OFF, provider="second") == ["second"]


@pytest.mark.parametrize(
    ("server", "provider", "said"),
    [
        (FIRST_OFF, "first", FIRST_SAID),
        (ALL_OFF, "first", FIRST_SAID),
        (ALL_OFF, "second", SECOND_SAID),
        (ALL_OFF, None, f"{FIRST_SAID} and {SECOND_SAID}"),
        (ALL_OFF, "third", f"{FIRST_SAID} and {SECOND_SAID}"),
    ],
)
async def test_a_switched_off_key_is_named_where_it_was_asked_for_and_all_where_none_works(
    server: Server, provider: str | None, said: str
) -> None:
    with pytest.raises(KeySwitchedOff) as refused:
        await Choosing().names(server, provider=provider)
    assert str(refused.value).startswith(f"This server's key is switched off: {said}. Nothing was charged.")


@pytest.mark.parametrize("digest", ["d-clip", "d-sound"])
async def test_a_file_that_was_removed_is_not_used_again(digest: str) -> None:
    choosing = Choosing()
    choosing.reports.removed = {digest}
    with pytest.raises(FileRemoved):
        await choosing.names(BOTH)


@pytest.mark.parametrize(("approval", "seconds"), [("off", 0.0), ("always", APPROVAL_SECONDS)])
async def test_links_must_last_for_two_hours_after_a_moderators_yes(approval: Any, seconds: float) -> None:
    choosing = Choosing()
    await choosing.names(replace(BOTH, policy=Policy(approval=approval)))
    assert NEEDED_SECONDS == 7200
    assert choosing.inspector.asked == [("v.mp4", 7200 + seconds), ("a.mp3", 7200 + seconds)]


@pytest.mark.parametrize(
    ("ending", "reachable"), [(None, [True, True]), ("v.mp4", [False, True]), ("a.mp3", [True, False])]
)
async def test_a_file_whose_link_ends_too_soon_is_handed_over(ending: str | None, reachable: list[bool]) -> None:
    choosing = Choosing()
    choosing.inspector.ending = {ending} if ending else set()
    (one,) = await choosing.found(BOTH, provider="first")
    assert one.request.audio
    assert [one.request.video.reachable, one.request.audio.reachable] == reachable


async def test_a_file_that_is_used_again_is_handed_over() -> None:
    (one,) = await Choosing().found(BOTH, provider="first", earlier=a_job())
    assert one.request.audio
    assert (one.request.video.reachable, one.request.audio.reachable) == (False, False)


async def test_where_nothing_fits_and_something_can_be_done_the_least_is_offered_first_by_price() -> None:
    choosing = Choosing()
    seen = Seen(replace(CLIP, seconds=30.0), RECORDING)
    answer = await choosing.chooser.candidates(ASK, BOTH, seen)
    assert isinstance(answer, NeedsFixes)
    offer = answer.offer
    assert (offer.ask.video.digest, offer.seen, offer.provider.name) == ("d-clip", seen, "second")
    assert "trim" in offer.fixes
    assert offer.request.clip
    assert offer.request.clip.seconds <= 10.0
    assert list(offer.against) == ["First", "Second"]
    assert all(problems and all(problem.fix for problem in problems) for problems in offer.against.values())


async def test_for_whom_less_has_to_give_way_is_offered_though_others_are_cheaper() -> None:
    choosing = Choosing()
    first = choosing.providers["first"]
    (flow,) = first.flows
    longer = replace(flow, limits=replace(flow.limits, video_seconds=(2, 60), containers=frozenset({"mov"})))
    first.flows = (longer,)  # type: ignore[misc]
    answer = await choosing.chooser.candidates(ASK, BOTH, Seen(replace(CLIP, seconds=30.0), RECORDING))
    assert isinstance(answer, NeedsFixes)
    assert answer.offer.provider.name == "first"
    assert "trim" not in answer.offer.fixes


async def test_where_nothing_can_be_done_all_reasons_are_told() -> None:
    seen = Seen(replace(CLIP, width=0, height=0), RECORDING)
    with pytest.raises(NothingFits) as refused:
        await Choosing().chooser.candidates(ASK, BOTH, seen)
    assert "**First**" in str(refused.value)
    assert "**Second**" in str(refused.value)


async def test_what_cant_help_is_refused_before_anything_is_fetched() -> None:
    text = replace(ASK, audio=None, text="Hello", voice="x")
    with pytest.raises(NothingFits):
        await Choosing().chooser.look(text, BOTH, Path("there"))
    with pytest.raises(NoKey):
        await Choosing().chooser.look(ASK, Server(), Path("there"))


async def test_what_may_help_one_of_them_is_looked_into() -> None:
    choosing = Choosing()
    assert await choosing.chooser.look(ASK, BOTH, Path("there")) == SEEN
    first = choosing.providers["first"]
    (flow,) = first.flows
    first.flows = (replace(flow, mode="text"),)  # type: ignore[misc]
    assert await choosing.chooser.look(ASK, BOTH, Path("there")) == SEEN


async def test_what_the_same_files_would_meet_is_told_without_them() -> None:
    choosing = Choosing()
    await choosing.chooser.look_at_nothing(ASK, BOTH)
    assert choosing.inspector.asked_for_room == [ASK]
    with pytest.raises(NothingFits):
        await choosing.chooser.look_at_nothing(replace(ASK, audio=None, text="Hello", voice="x"), BOTH)
    with pytest.raises(NoKey):
        await choosing.chooser.look_at_nothing(ASK, Server())


def test_for_each_provider_an_english_voice_is_chosen_where_there_is_one() -> None:
    choosing = Choosing()
    assert choosing.chooser.voices(BOTH) == [None]
    assert choosing.chooser.voices(Server()) == [None]
    speaking: dict[str, list[str]] = {"first": ["ar:a", "en:b", "en:c"], "second": ["zh:a"], "third": ["zh:z", "en:b"]}
    for name, voices in speaking.items():
        one = named(name, Speaking)
        assert isinstance(one, Speaking)
        one.speaks, choosing.providers[name] = voices, one
    server = Server(keys=tuple(key(name) for name in speaking))
    assert choosing.chooser.voices(server) == ["en:b", "zh:a"]
