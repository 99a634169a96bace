"""What the stages of each section yield is kept apart, and put together in the order of the sections."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.edits import ClipEdit
from bot.domain.request import Section
from bot.domain.sections import is_made, own_name, request_here, results, stored_yields, yields_here
from storage.jobs.job import Position, State
from tests.words.test_job_card import a_job

EDIT = ClipEdit(seconds=5.0, width=1280, height=720, most_bytes=1000)
SECTIONS = tuple(Section(text=text, clip=EDIT) for text in ("one", "two"))
YIELDS = {"1:audio_id": "a", "2:audio_id": "b", "12:audio_id": "c", "audio_id": "d"}


@pytest.mark.parametrize(("section", "text"), [(0, "Hello there"), (1, "one"), (2, "two")])
def test_a_stage_gets_the_text_of_its_section(section: int, text: str) -> None:
    request = a_job().request.model_copy(update={"sections": SECTIONS})
    assert request_here(a_job(request=request, position=Position("text", section))).text == text


@pytest.mark.parametrize(
    ("section", "found"),
    [(1, {"audio_id": "a"}), (2, {"audio_id": "b"}), (3, {}), (12, {"audio_id": "c"}), (0, YIELDS)],
)
def test_a_stage_is_given_what_its_own_section_has_yielded(section: int, found: dict[str, str]) -> None:
    assert yields_here(a_job(yields=YIELDS, position=Position("text", section))) == found


def test_what_a_stage_yields_is_kept_under_its_sections_number() -> None:
    assert stored_yields({"audio_id": "a"}, Position("text", 3)) == {"3:audio_id": "a"}
    assert stored_yields({"audio_id": "a"}, Position("text")) == {"audio_id": "a"}
    assert [own_name(name) for name in ("3:audio_id", "audio_id")] == ["audio_id", "audio_id"]


def test_what_was_made_comes_in_the_order_of_the_sections() -> None:
    yields = {"10:video_url": "ten", "2:video_url": "two", "2:audio_url": "x", "1:video_url": "one"}
    assert results(yields) == ["one", "two", "ten"]
    assert results({"video_url": "whole", "audio_url": "x"}) == ["whole"]


@pytest.mark.parametrize(
    ("state", "values", "made"),
    [
        ("succeeded", {}, True),
        ("succeeded", {"failure": "kept", "yields": {"video_url": "x"}}, False),
        ("failed", {"failure": "x", "yields": {"1:video_url": "x"}}, True),
        ("failed", {"failure": "x", "yields": {"1:audio_url": "x"}}, False),
        ("running", {}, False),
    ],
)
def test_a_video_is_made_when_all_of_it_is_or_what_came_before_a_failure(
    state: State, values: dict[str, Any], made: bool
) -> None:
    assert is_made(a_job(state, **values)) is made
