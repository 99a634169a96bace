"""Every process is replaced in turn, gateways too, while commands arrive: nobody is to notice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.several.books import ACCEPTED, violations
from tests.several.fleet import TEXT, Fleet

ROLES = ("worker", "worker", "media", "gateway", "HTTP gateway")
LEASE_SECONDS = 20.0  # the product's own
EDITED_EVERY = 25  # commands
MOST_WAITING = 100  # commands: a machine that can't do as many gets no more
ANSWERED_SECONDS = 60.0
MORE = 4  # jobs between two replacements
ACKNOWLEDGED_SECONDS = 3.0  # in which Discord wants to hear that a command has arrived
LONGEST_UNOWNED = 2.0  # seconds
UNOWNED = """SELECT jobs.id FROM jobs LEFT JOIN workers ON workers.id = jobs.owner AND alive_until > engine_now()
             WHERE closed_at IS NULL AND workers.id IS NULL"""


@dataclass(frozen=True)
class Restarted:
    """What came of it: how many commands there were, and how many a second came; the longest time without an
    acknowledgement, and that for which a job had no owner, in seconds; and what must never be, and is.
    """

    commands: int
    a_second: float
    unacknowledged: float
    unowned: float
    violations: list[str]


async def restart(fleet: Fleet, roles: Sequence[str], a_second: float) -> Restarted:
    """Replace the processes of these roles in turn, the new one first, under so many commands a second, and wait until
    every job is over.
    """
    fleet.settings["LEASE"] = str(LEASE_SECONDS)
    old = [(role, await begin(fleet, role)) for role in ROLES]
    began = time.monotonic()
    all_asked, all_over = asyncio.Event(), asyncio.Event()
    asking = asyncio.create_task(_ask_steadily(fleet, a_second, all_asked))
    watching = asyncio.create_task(_longest_unowned(fleet, all_over))
    for role, process in old:
        if role not in roles:
            continue
        await _until_more_are_asked_for(fleet)
        await begin(fleet, role)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60.0) == 0
        assert len(await fleet.lives()) == len(ROLES)  # it has left nothing to wait for
    all_asked.set()
    took = time.monotonic() - began
    told = await asking
    await fleet.over()
    all_over.set()
    unowned = await watching
    return Restarted(len(told), len(told) / took, fleet.longest_wait, unowned, await _wrong(fleet, told, unowned))


async def begin(fleet: Fleet, role: str) -> asyncio.subprocess.Process:
    """A process of that role, which works."""
    if role == "gateway":
        return await fleet.gateway()
    if role == "HTTP gateway":
        return await fleet.http_gateway()
    (process,) = await fleet.working(1, role)
    return process


async def _wrong(fleet: Fleet, told: dict[str, str], unowned: float) -> list[str]:
    found = await violations(fleet, told)
    found += [f"“{text}” was answered with {said!r}" for text, said in told.items() if not ACCEPTED.search(said)]
    found += [f"{job.code} is {job.state}" for job in await fleet.jobs() if job.state != "succeeded"]
    if fleet.longest_wait > ACKNOWLEDGED_SECONDS:
        found.append(f"a command was acknowledged after {fleet.longest_wait:.1f} s")
    if unowned > LONGEST_UNOWNED:
        found.append(f"a job had no owner for {unowned:.1f} s")
    return found


async def _ask_steadily(fleet: Fleet, a_second: float, stop: asyncio.Event) -> dict[str, str]:
    """Ask for so many videos a second until `stop`, whether or not those before are answered; the answers by text."""
    asking, at_once = dict[str, asyncio.Task[str]](), asyncio.Semaphore(MOST_WAITING)

    async def answer(text: str, *, edited: bool) -> str:
        try:
            return await fleet.asked(edited=edited, text=text, seconds=ANSWERED_SECONDS)
        except TimeoutError:
            return ""
        finally:
            at_once.release()

    began = time.monotonic()
    while not stop.is_set():
        await at_once.acquire()
        number = len(asking)
        text = f"{TEXT}, number {number}"
        asking[text] = asyncio.create_task(answer(text, edited=number % EDITED_EVERY == EDITED_EVERY - 1))
        await asyncio.sleep(began + (number + 1) / a_second - time.monotonic())
    return {text: await task for text, task in asking.items()}


async def _until_more_are_asked_for(fleet: Fleet) -> None:
    """Wait until so many jobs have come that some are under way and some new."""
    before = len(await fleet.jobs())

    async def more() -> bool:
        return len(await fleet.jobs()) >= before + MORE

    await fleet.until(more)


async def _longest_unowned(fleet: Fleet, stop: asyncio.Event) -> float:
    """For how many seconds at most an open job belonged to no process that lives, until `stop`."""
    since, longest = dict[int, float](), 0.0
    while not stop.is_set():
        unowned = [row["id"] for row in await fleet.database.rows(UNOWNED)]
        now = time.monotonic()
        since = {job_id: since.get(job_id, now) for job_id in unowned}
        longest = max([longest, *(now - began for began in since.values())])
        await asyncio.sleep(0.05)
    return longest
