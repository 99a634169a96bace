"""What a stage keeps for later jobs, as the stages themselves say it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.costs import begun
from bot.domain.edits import ClipEdit
from bot.domain.flows import HANDED_OVER, Stage
from bot.domain.job import Job
from bot.domain.request import Media, Request, Section
from bot.domain.reuse import is_passed_over, own_yields, reusable
from storage.jobs.job import Position

REQUEST = Request(flow="audio", mode="audio", video=Media(url="https://x/v.mp4", name="v.mp4", size=1, digest="d1"))
UPLOAD, UPLOAD_SOUND = (Stage(name, "Preparing the files") for name in HANDED_OVER)
SURVEY = Stage("survey", "Surveying", yields=("survey", "area"), kept_seconds=100.0)
VOICE = Stage("voice", "Speaking", yields=("voice_url",))
MAKE = Stage("make", "Making", uses_kept=True)
STAGES = (UPLOAD, UPLOAD_SOUND, SURVEY, VOICE, MAKE)
FOUND = {"survey": "s1", "area": "a1"}
# What a job took over, as rows have it that were written before they said which names that were.
BEFORE = {"session_id": "1", "face_id": "0", "face_start": "0", "face_end": "5000", "session_reused": "1000.0"}


def a_job(**values: Any) -> Job:
    job = Job(
        id=7, guild_id=1, interaction_id=2, member_id=42, provider="sixth", request=REQUEST,
        fallbacks=(), key_id=1, created_at=1000.0, deadline_at=4600.0, channel_id=3, card_id=4, thread_id=4,
        state="queued", position=MAKE.position, handle=None, remote=None, submitted_at=None, yields={}, failure=None,
        detail=None, cost_usd=None, counted_at=1000.0,
        milliseconds=5000, micros=140_000, ended_at=None, delivering_at=None, reply_id=None, closed_at=None,
    )  # fmt: skip
    return replace(job, **values)


EARLIER = a_job(yields={**FOUND, "video_source": "u1", "voice_url": "w1", "video_url": "v1"})


def begins_with(
    earlier: Job | None = EARLIER, request: Request = REQUEST, key_id: int = 1, now: float = 1050.0
) -> dict[str, str]:
    return reusable(earlier, "sixth", STAGES, request, key_id, now)


def passed_over(yields: dict[str, str]) -> list[str]:
    return [stage.name for stage in STAGES if is_passed_over(a_job(position=stage.position, yields=yields), STAGES)]


def test_a_job_begins_with_what_an_earlier_one_has_found_in_the_same_clip() -> None:
    began = begins_with()
    assert {name: began[name] for name in FOUND} == FOUND
    assert "voice_url" not in began
    assert passed_over(began) == ["upload_video", "survey"]


@pytest.mark.parametrize(
    "other",
    [
        {"earlier": None},
        {"earlier": replace(EARLIER, provider="fifth")},
        {"earlier": replace(EARLIER, yields={"survey": "s1"})},
        {"key_id": 2},
        {"now": 1100.0},
        {"request": REQUEST.model_copy(update={"video": REQUEST.video.model_copy(update={"digest": "d2"})})},
        {"request": REQUEST.model_copy(update={"clip": ClipEdit(seconds=2.0, width=2, height=2, most_bytes=1)})},
        {
            "request": REQUEST.model_copy(
                update={"sections": (Section(text="One", clip=ClipEdit(seconds=2.0, width=2, height=2, most_bytes=1)),)}
            )
        },
    ],
)
def test_what_is_too_old_or_another_clips_or_accounts_is_left(other: Any) -> None:
    assert begins_with(**other) == {}


def test_what_was_taken_over_grows_no_younger() -> None:
    second = a_job(created_at=1090.0, yields=begins_with(now=1090.0))
    assert begins_with(second, now=1099.0)
    assert not begins_with(second, now=1100.0)


def test_what_was_taken_over_cost_this_job_nothing() -> None:
    began = begins_with()
    assert not begun(a_job(yields=began))
    assert begun(a_job(yields={**began, "voice_url": "w2"}))
    assert begun(EARLIER)


def test_without_what_was_taken_over_a_job_keeps_what_it_has_paid_for() -> None:
    left = own_yields({**begins_with(), "voice_url": "w2"})
    assert left == {"voice_url": "w2"}
    assert passed_over(left) == ["voice"]


def test_a_row_that_does_not_say_what_was_taken_over_is_understood() -> None:
    assert own_yields({**BEFORE, "audio_url": "w"}) == {"audio_url": "w"}
    assert not begun(a_job(provider="runninghub", yields=BEFORE))
    assert begun(a_job(provider="runninghub", yields={**BEFORE, "audio_url": "w"}))
    assert begun(a_job(yields={name: value for name, value in BEFORE.items() if name != "session_reused"}))


def test_a_section_is_never_passed_over() -> None:
    stages = [replace(stage, section=2) for stage in STAGES]
    job = a_job(position=Position("survey", 2), yields={f"2:{name}": value for name, value in FOUND.items()})
    assert not is_passed_over(job, stages)
