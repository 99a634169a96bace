"""The words of a job: harmless whatever people type, and honest about money."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.costs import begun, micros
from bot.domain.edits import ClipEdit
from bot.domain.job import Job
from bot.domain.request import Media, Request, Section
from bot.domain.results import Smaller
from bot.net.client import Http
from bot.providers import load_providers
from bot.providers.base import Provider
from bot.words import job_card, result_message
from bot.words.english import QUOTE_CHARS, ZERO_WIDTH_SPACE, dollars, quoted
from bot.words.failures import FAILURES
from bot.words.links import home, link
from storage.jobs.job import Position, State

VIDEO = Media(url="https://cdn.example/v.mp4", name="v.mp4", size=1000)
SECTION = Section(text="Hello", clip=ClipEdit(seconds=5.0, width=1280, height=720, most_bytes=1000))


@pytest.fixture(scope="module")
def providers() -> dict[str, Provider]:
    return load_providers(Http(httpx.AsyncBaseTransport()), {})


def a_job(state: State = "queued", text: str = "Hello there", **values: Any) -> Job:
    request = Request(flow="text", mode="text", video=VIDEO, text=text, voice="en:genshin_vindi2")
    job = Job(
        id=7, guild_id=1, interaction_id=2, member_id=42, provider="runcomfy", request=request,
        fallbacks=(), key_id=1, created_at=1000.0, deadline_at=4600.0, channel_id=3, card_id=4, thread_id=4,
        state=state, position=Position("text"), handle=None, remote=None, submitted_at=None, yields={}, failure=None,
        detail=None, cost_usd=None, counted_at=1000.0,
        milliseconds=5000, micros=140_000, ended_at=None, delivering_at=None, reply_id=None, closed_at=None,
    )  # fmt: skip
    return replace(job, **values)


@given(st.text(max_size=400))
def test_a_persons_text_mentions_nobody_and_breaks_no_card(text: str) -> None:
    shown = quoted(text)
    assert "@everyone" not in shown
    assert "<@" not in shown
    assert "\n" not in shown
    assert len(shown) <= 5 * QUOTE_CHARS


@pytest.mark.parametrize(
    "text", ["@everyone", "<@42>", "<@&1>", "# big", "**bold**", "`code`", "> quote", "||spoiler||"]
)
def test_markdown_and_mentions_are_shown_as_typed_not_obeyed(text: str) -> None:
    shown = quoted(text)
    assert shown != text
    assert shown.replace("\\", "").replace(ZERO_WIDTH_SPACE, "") == text


def test_the_card_says_who_speaks_what_and_for_whom(providers: dict[str, Provider]) -> None:
    card = job_card.card(a_job(), providers, None)
    assert "Hello there" in card
    assert "Sunny" in card
    assert "<@42>" in card
    assert a_job().code in card
    assert "Nothing has been charged yet" in card


def test_the_card_counts_the_providers_line(providers: dict[str, Provider]) -> None:
    running = a_job("running", remote="r", submitted_at=1010.0)
    assert "RunComfy's line: **2nd**" in job_card.card(running, providers, 2)
    assert "**11th**" in job_card.card(running, providers, 11)
    assert "<t:1010:R>" in job_card.card(running, providers, None)


COST = Decimal("0.05")
FAILED = a_job("failed", failure="provider_failed", remote="r", charge="unclear")
UNKNOWN = a_job("unknown", failure="unknown_outcome", charge="unclear")


@pytest.mark.parametrize(
    ("job", "sentence"),
    [
        (a_job("failed", failure="bad_key", charge="free"), "Nothing was charged."),
        (a_job("failed", failure="bad_key", charge="paid"), "RunComfy charges for the steps that were done before."),
        (FAILED, "Whether RunComfy charges for it is not known. It counts"),
        (
            replace(FAILED, cost_usd=COST),
            "RunComfy charged at least $0.05. Whether it charges for the last step too is not known. It counts",
        ),
        (
            replace(FAILED, has_unnamed_costs=True),
            "RunComfy charges for the steps that were done before. Whether it charges for the last step too is not "
            "known. It counts",
        ),
        (replace(FAILED, charge="paid", cost_usd=COST), "RunComfy charged at least $0.05."),
        (replace(FAILED, charge="paid", cost_usd=COST, spent_micros=50_000), "RunComfy charged $0.05."),
        (a_job("cancelled", failure="cancelled", charge="free"), "Nothing was charged."),
        (a_job("cancelled", failure="cancelled", charge="free", remote="r"), "RunComfy should not charge"),
        (
            UNKNOWN,
            "Whether RunComfy charges for it is not known. It counts against your limits until a moderator settles",
        ),
        (replace(UNKNOWN, failure="result_missing"), "RunComfy most likely charges for it. It counts"),
        (
            replace(UNKNOWN, failure="result_missing", charge="paid", cost_usd=COST, spent_micros=50_000),
            "RunComfy says that it charged $0.05. It counts against your limits until a moderator settles it.",
        ),
        (replace(UNKNOWN, charge="paid", settled_at=9.0), "RunComfy charges for it as for any video."),
        (replace(UNKNOWN, charge="free", settled_at=9.0, counted_at=None, spent_micros=0), "Nothing was charged."),
    ],
)
def test_every_outcome_says_whether_it_cost_anything(job: Job, sentence: str, providers: dict[str, Provider]) -> None:
    assert sentence in result_message.notice(job, providers)


@pytest.mark.parametrize("changed", [{"refunded_at": 9.0}, {"counted_at": None}])
def test_what_does_not_count_is_not_said_to_count(changed: dict[str, Any], providers: dict[str, Provider]) -> None:
    assert "It counts" in job_card.outcome(FAILED, providers)
    assert "It counts" not in job_card.outcome(replace(FAILED, **changed), providers)


@pytest.mark.parametrize(
    ("amount", "written"),
    [("0.050000", "$0.05"), ("0.0462", "$0.0462"), ("0.1", "$0.10"), ("10", "$10.00"), ("1E-6", "$0.000001")],
)
def test_money_is_written_in_cents_and_finer_only_where_it_is_finer(amount: str, written: str) -> None:
    assert dollars(Decimal(amount)) == written
    assert f"for {written}." in job_card.status(
        a_job("succeeded", closed_at=1.0, cost_usd=Decimal(amount), spent_micros=micros(Decimal(amount))), {}, None
    )


@pytest.mark.parametrize("failure", FAILURES)
def test_every_failure_has_a_sentence_with_the_code_and_one_ping(failure: str, providers: dict[str, Provider]) -> None:
    words = result_message.notice(a_job("failed", failure=failure), providers)
    assert words.count("<@") == 1
    assert a_job().code in words
    assert "{" not in words


def test_the_result_is_labelled_as_made_by_ai() -> None:
    words = result_message.delivery(a_job("succeeded"))
    assert "AI-generated" in words
    assert words.startswith("<@42>")
    assert job_card.result_file(a_job()).startswith("ai-generated-")


def test_a_kept_video_is_said_to_be_kept_until_a_day_and_thrown_away_afterwards(providers: dict[str, Provider]) -> None:
    job = a_job("succeeded", failure="kept", kept_until=86_400.5)
    assert "kept for you until <t:86400:D>: `/lipsync jobs` hands it out" in result_message.notice(job, providers)
    assert "thrown away" in result_message.notice(replace(job, kept_until=None), providers)


@pytest.mark.parametrize("server", [None, "The **Club**"])
def test_a_smaller_copy_says_what_is_kept_and_what_it_lacks(server: str | None) -> None:
    job = a_job("succeeded", kept_until=86_400.0)
    smaller = Smaller(10 * 2**20, 23 * 2**20 - 1, credentials_lost=True)
    words = result_message.delivery(job, smaller, ("It came back without sound.",), server=server)
    assert "takes up to 10 MB, so this is a smaller copy; the full video (23 MB) is kept until <t:86400:D>" in words
    assert "content credentials are in the full video only" in words
    assert "⚠️ It came back without sound." in words
    assert ("`/lipsync jobs`" in words) == (server is not None)
    assert words.endswith(job.code)
    assert "**Club**" not in words


def test_a_direct_message_is_linked_to_for_its_own_member_only() -> None:
    job = a_job("succeeded", reply_id=9, reply_channel_id=77)
    assert link(job, own=True) == "https://discord.com/channels/@me/77/9"
    assert link(job) == home(job) == "https://discord.com/channels/1/4"
    assert link(replace(job, reply_channel_id=3)) == "https://discord.com/channels/1/3/9"
    assert link(replace(job, reply_channel_id=None)) == "https://discord.com/channels/1/4/9"


def test_a_job_without_a_thread_is_shown_where_its_card_is() -> None:
    job = a_job(thread_id=None)
    assert home(job) == "https://discord.com/channels/1/3/4"
    assert home(replace(job, card_id=None)) == "https://discord.com/channels/1/3"


@given(st.text(max_size=3000))
def test_a_thread_name_is_never_too_long(text: str) -> None:
    request = Request(flow="text", mode="text", video=VIDEO, text=text, voice="en:AOT")
    assert 1 <= len(job_card.thread_name(a_job(), request)) <= 100


def test_a_provider_that_was_removed_from_the_bot_still_has_a_name() -> None:
    assert "runcomfy" in job_card.outcome(a_job("failed", failure="no_key"), {})


@pytest.mark.parametrize("name", ["video_source", "audio_message", "2:video_source", "12:audio_message"])
def test_what_handing_over_yields_cost_nothing_in_any_part(name: str) -> None:
    assert not begun(a_job(yields={name: "https://x/upload.mp4"}))
    assert begun(a_job(yields={name: "https://x/upload.mp4", "2:session_id": "1"}))


def test_parts_of_a_video_come_with_what_went_wrong_and_what_is_kept(providers: dict[str, Provider]) -> None:
    job = a_job("failed", failure="provider_failed", kept_until=86_400.0)
    smaller = Smaller(10 * 2**20, 23 * 2**20, credentials_lost=False)
    words = result_message.fragment(job, providers, smaller)
    assert "could not make this video" in words
    assert "What was made before is attached." in words
    assert "this is a smaller copy; the full video (23 MB) is kept until <t:86400:D>" in words
    assert "AI-generated" in words
    assert words.endswith(job.code)
    assert "What was made of it is kept until <t:86400:D>" in result_message.notice(job, providers)
    assert "kept" not in result_message.notice(replace(job, kept_until=None), providers)


def test_handing_files_over_is_free(providers: dict[str, Provider]) -> None:
    handed = a_job(yields={"video_source": "https://x/upload.mp4"})
    assert "Nothing has been charged yet" in job_card.status(handed, providers, None)
    paid = a_job(yields={"session_id": "1"})
    assert "Nothing has been charged yet" not in job_card.status(paid, providers, None)


@pytest.mark.parametrize(
    ("state", "failure", "told"),
    [
        ("failed", "provider_failed", True),
        ("unknown", "unknown_outcome", True),
        ("cancelled", "cancelled", False),
        ("succeeded", "kept", False),
        ("succeeded", "result_lost", False),
    ],
)
def test_only_a_text_that_failed_in_a_later_part_says_which_part_it_was(
    state: State, failure: str, told: bool, providers: dict[str, Provider]
) -> None:
    request = a_job().request.model_copy(update={"sections": (SECTION,) * 3})
    job = a_job(state, failure=failure, kept_until=86_400.0, position=Position("text", 2), request=request)
    assert ("It stopped at part 2 of 3." in job_card.outcome(job, providers)) == told
    assert ("of 3" in job_card.outcome(job, providers)) == told
    assert "of 3" not in job_card.outcome(replace(job, position=Position("text", 1)), providers)
