"""What the providers and Discord have written down, against what the rows say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.several.fleet import Fleet

LOOKED_UP = {"runware"}  # providers that are asked about every request whose answer is lost


async def violations(fleet: Fleet, accepted: Iterable[str]) -> list[str]:
    """What must never be, and is; `accepted` are the texts that were said to be on their way."""
    jobs, found = await fleet.jobs(), list[str]()
    paid = Counter(run.order.text for run in fleet.sandbox.runs.ledger if run.order.text)
    posts = Counter(int(message["channel_id"]) for message in fleet.discord.outcomes())
    found += [f"“{text}” was accepted, and is no job" for text in {*accepted} - {job.request.text for job in jobs}]
    for job in jobs:
        runs, told = paid[job.request.text or ""], posts[job.home_id]
        if job.closed_at is None:
            found.append(f"{job.code} is lost in state {job.state}")
        if job.state == "unknown" and job.provider in LOOKED_UP:
            found.append(f"{job.code} is unknown, and {job.provider} could have been asked")
        if runs > 1:
            found.append(f"{job.code} was paid {runs} times")
        if told != 1:
            found.append(f"{job.code} ({job.state}) was posted {told} times")
        if (job.state == "succeeded") > runs or (job.state in {"failed", "cancelled"} and runs):
            found.append(f"{job.code} is {job.state}, and was paid {runs} times")
    return found
