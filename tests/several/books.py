"""What the providers and Discord have written down, against what the rows say."""

from __future__ import annotations

from collections import Counter

from tests.several.fleet import Fleet


async def violations(fleet: Fleet) -> list[str]:
    """What must never be, and is."""
    jobs, found = await fleet.jobs(), list[str]()
    paid = Counter(run.order.text for run in fleet.sandbox.runs.ledger if run.order.text)
    posts = Counter(int(message["channel_id"]) for message in fleet.discord.outcomes())
    for job in jobs:
        runs, told = paid[job.request.text or ""], posts[job.home_id]
        if job.closed_at is None:
            found.append(f"{job.code} is lost in state {job.state}")
        if runs > 1:
            found.append(f"{job.code} was paid {runs} times")
        if told != 1:
            found.append(f"{job.code} ({job.state}) was posted {told} times")
        if (job.state == "succeeded") > runs or (job.state in {"failed", "cancelled"} and runs):
            found.append(f"{job.code} is {job.state}, and was paid {runs} times")
    return found
