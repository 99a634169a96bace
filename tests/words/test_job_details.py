"""A job in lists, for its member and for moderators: what is said of a video that didn't arrive."""

from __future__ import annotations

import pytest

from bot.words import job_details
from storage.people.reports import Decision, Report
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


@pytest.mark.parametrize(("decision", "by"), [(None, "Reported by"), ("restored", "restored by")])
def test_a_report_of_somebody_who_was_forgotten_mentions_nobody(decision: Decision | None, by: str) -> None:
    report = Report(
        guild_id=1, job_id=1, reported_by=0, reported_at=5.0, channel_id=0, message_id=0, hidden=True,
        decision=decision, decided_by=0, decided_at=6.0,
    )  # fmt: skip
    said = job_details.everything(a_job(), {}, report, kept=False)
    assert f"{by} somebody who was forgotten" in said
    assert "<@0>" not in said
