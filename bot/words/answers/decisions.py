"""What is answered when a job is cancelled, decided about, reported or deleted."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.job import Job
from bot.providers.base import Provider
from bot.words import job_card
from bot.words.refusals.jobs import NothingToCancel
from storage.jobs.job import OUTCOMES

DELETED = "It is deleted here and from my storage. Copies that others saved are out of my reach."


def cancelled(job: Job, providers: Mapping[str, Provider]) -> str:
    """It will not be made; or how it ended, if it had ended before."""
    if job.state in OUTCOMES:
        return f"{NothingToCancel(job=job.code)}\n{job_card.status(job, providers, None)}"
    return f"{job.code} is cancelled."


def approved(job: Job) -> str:
    """A moderator said yes."""
    return f"{job.code} is approved, and starts now."


def denied(job: Job) -> str:
    """A moderator said no."""
    return f"{job.code} is denied; nothing was charged."


def given_back(job: Job) -> str:
    """It doesn't count against the member's limits any more."""
    return f"{job.code} is given back to <@{job.member_id}>. The whole server's limits go on counting it."


def settled(job: Job, *, charged: bool) -> str:
    """A moderator said what the provider's console shows."""
    counts = "was charged, and goes on counting" if charged else "was not charged, and doesn't count any more"
    return f"{job.code} is settled: it {counts}."


def restored(*, shown: bool) -> str:
    """The moderators found nothing wrong with a result."""
    return "It is shown again." if shown else "I couldn't change the message; it may be gone."


def blocked_too(said: str, job: Job) -> str:
    """The same, and its member is blocked."""
    return f"{said} <@{job.member_id}> is blocked."


def block_reason(job: Job) -> str:
    """Why somebody is blocked whose result was removed; only moderators read it."""
    return f"for {job.code}, which was reported"
