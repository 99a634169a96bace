"""A job in lists, for its member and for moderators: what is said of a video that didn't arrive."""

from __future__ import annotations

import pytest

from bot.words import job_details
from tests.words.test_job_card import a_job


@pytest.mark.parametrize("failure", ["result_lost", "kept"])
def test_a_video_that_was_made_and_did_not_arrive_is_no_video(failure: str) -> None:
    job = a_job("succeeded", failure=failure, kept_until=86_400.0)
    assert job_details.own_short(job, kept=False).startswith("- ⚠️")
    assert "no video: " in job_details.own_short(job, kept=False)
    assert job_details.line(job, {}).startswith("- ⚠️")
    assert job_details.title(job, {}) == f"⚠️ {job.code} · runcomfy · no video"


def test_the_full_video_is_said_to_be_kept_only_while_it_is() -> None:
    job = a_job("succeeded", kept_until=86_400.0)
    assert "posted as a smaller copy; the full video is kept until <t:86400:D>" in job_details.own_short(job, kept=True)
    assert "✅" in job_details.own_short(job, kept=False)
    assert "kept" not in job_details.own_short(job, kept=False)
    lost = a_job("succeeded", failure="kept", kept_until=86_400.0)
    assert "kept for you until <t:86400:D>" in job_details.everything(lost, {}, None, kept=True)
    assert "was thrown away by now" in job_details.everything(lost, {}, None, kept=False)
