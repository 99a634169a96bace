"""What members are told of their own videos and limits."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.domain.job import Job
from bot.domain.results import Messages
from bot.providers.base import Provider
from bot.words import job_details, limits
from bot.words.english import megabytes
from storage.servers.quota import Pot, Standing

MOST_CHARS = 1900  # of one message, which has at most 2,000
MOST_CHARS_OF_LIMITS = 1400
MOST_UNDER_WAY = 3


def newest(jobs: Sequence[Job], kept: Collection[Job]) -> str:
    """The member's newest jobs, as many as fit; those that are `kept` can be fetched."""
    lines = [job_details.own_short(job, kept=job in kept) for job in jobs]
    while len("\n".join(lines)) > MOST_CHARS:
        lines.pop()
    return "\n".join(["**Your newest videos here**", *lines]) if lines else "You have made nothing here yet."


def usage(
    standings: Sequence[Standing], pots: Sequence[Pot], under_way: Sequence[Job], providers: Mapping[str, Provider]
) -> str:
    """What the member may make, and what of theirs is under way."""
    lines = [job_details.own_line(job, providers) for job in under_way[:MOST_UNDER_WAY]]
    now = "\n".join(["**Under way**", *lines]) if lines else "Nothing of yours is under way."
    return f"**What you may make here**\n{limits.usage(standings, pots)[:MOST_CHARS_OF_LIMITS]}\n\n{now}"


def full_video(job: Job, size: int, sent: Messages) -> str:
    """What stands above the whole video of so many bytes, and how it was sent."""
    said = f"The full video of {job.code} ({megabytes(size)})"
    if sent.count == 1:
        return f"{said}:"
    if sent.lossless:
        return f"{said}, in {sent.count} pieces without loss:"
    return f"{said}, in {sent.count} pieces; where it couldn't be cut as it is, I encoded it anew:"


def erased(records: int, waiting: int, reported: int) -> str:
    """What was erased of a person, what is as soon as it has ended, and what is once its report is decided."""
    said = f"Erased: you are no longer in {records} videos' records."
    if waiting:
        said += f" Still under way, and erased as soon as they end: {waiting}."
    if reported:
        said += f" Reported, and erased once the moderators have decided: {reported}."
    return said
