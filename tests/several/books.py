"""What the providers and Discord have written down, against what the rows say, and what people were told."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from bot.domain.job import Job
from bot.sandbox.runs import Run
from bot.words.answers.restarted import answer
from tests.crash.evidence import usage_of
from tests.several.fleet import Fleet

LOOKED_UP = {"runware"}  # providers that are asked about every request whose answer is lost
ACCEPTED = re.compile(r"\*\*LS-\w+\*\*")
NOT_STARTED = answer("video")


async def violations(fleet: Fleet, told: Mapping[str, str]) -> list[str]:
    """What must never be, and is; `told` says what was answered to whoever asked for each text, if anything."""
    jobs = await fleet.jobs()
    found = [*_told_wrongly({job.request.text or "" for job in jobs}, told), *await _usage_differs(fleet, jobs)]
    posts = Counter(int(message["channel_id"]) for message in fleet.discord.outcomes())
    for job in jobs:
        runs = [run for run in fleet.sandbox.runs.ledger if run.order.text == job.request.text]
        if job.closed_at is None:
            found.append(f"{job.code} is lost in state {job.state}")
        if posts[job.home_id] != 1:
            found.append(f"{job.code} ({job.state}) was posted {posts[job.home_id]} times")
        found += _paid_wrongly(job, runs)
    return found


def _told_wrongly(texts: set[str], told: Mapping[str, str]) -> Iterator[str]:
    for text, said in told.items():
        if ACCEPTED.search(said) and text not in texts:
            yield f"“{text}” was accepted, and is no job"
        if said == NOT_STARTED and text in texts:
            yield f"“{text}” was said not to be started, and is a job"


def _paid_wrongly(job: Job, runs: Iterable[Run]) -> Iterator[str]:
    paid = sum(run.status != "cancelled" for run in runs)
    if paid > 1:
        yield f"{job.code} was paid {paid} times"
    if job.state == "unknown" and job.provider in LOOKED_UP:
        yield f"{job.code} is unknown, and {job.provider} could have been asked"
    if job.state == "succeeded" and not paid:
        yield f"{job.code} is made, and was never paid"
    if paid and (job.counted_at is None or job.charge == "free"):
        yield f"{job.code} is {job.state}, was paid, and counts as free"
    if not paid and job.counted_at is not None and job.state in {"failed", "cancelled"}:
        yield f"{job.code} is {job.state}, was never paid, and counts"


async def _usage_differs(fleet: Fleet, jobs: list[Job]) -> Iterator[str]:
    """What limits count, against the rows."""
    rows = await fleet.database.rows("SELECT hour, jobs, milliseconds, micros FROM usage_hours")
    sums = {row["hour"]: (row["jobs"], row["milliseconds"], row["micros"]) for row in rows}
    counted, used = {hour: one for hour, one in sums.items() if any(one)}, usage_of(jobs)
    return iter([] if counted == used else [f"the limits count {counted}, and the jobs come to {used}"])
