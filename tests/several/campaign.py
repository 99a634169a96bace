"""Processes of one bot die, freeze and are stopped while jobs are under way: `python -m tests.several.campaign`.

Two gateways, one of which hears commands over HTTP, two workers and a process for media share one PostgreSQL and one
bucket. Each is killed, frozen past its lease, or asked to stop, and another takes its place, in the same folder or in
an empty one. A worker freezes at a seam, before a request or before a write, and wakes when others have gone on, or
just while another one's request for the same stage is under way. What lies in a folder vanishes under one that lives,
and PostgreSQL crashes under all of them. Discord and the providers outlive them and keep their own books, against which
the rows are held at the end: nothing lost, paid twice, posted twice, or counted otherwise than it was paid.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from bot.sandbox.emulators.runware import RunwareEmulator
from bot.sandbox.faults import Faults
from tests.bucket import serving, settings_of
from tests.postgres import Cluster, installed
from tests.several.events import EVENTS, Campaign
from tests.several.fleet import Fleet, open_fleet
from tests.several.people import People
from tests.several.rolling import ROLES, restart
from tests.several.waking import Waking
from tests.storage.engines import create

ENOUGH = 0.95  # of the commands a second that are wanted


def take_handles_twice() -> None:
    """Let the provider take a second request under the handle of the first, as one might that doesn't say so."""
    do = RunwareEmulator._do

    async def forgetful(emulator: RunwareEmulator, *given: Any) -> Any:
        emulator._used.clear()
        return await do(emulator, *given)

    RunwareEmulator._do = forgetful  # type: ignore[assignment, method-assign]


@asynccontextmanager
async def fleet_of_its_own(faults: Faults | None = None) -> AsyncIterator[tuple[Fleet, Cluster]]:
    """No process yet, before a PostgreSQL and a bucket of its own."""
    keys = {"runcomfy": "rc-1", "runware": "rw-1"}
    with ExitStack() as stack:
        server = Cluster.fresh(stack.enter_context(installed()), "data")
        stack.enter_context(server.started())
        bucket = stack.enter_context(serving())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mouthpiece-several-"))
        url, files = await create(server.address, "campaign"), settings_of(bucket, "campaign")
        async with open_fleet(url, Path(folder), keys=keys, files=files, faults=faults) as fleet:
            yield fleet, server


async def run(count: int, seed: int, without: str, kinds: Sequence[str] = EVENTS) -> int:
    """Run a campaign; 0 without violations."""
    take_handles_twice()
    waking = Waking()
    async with fleet_of_its_own(waking) as (fleet, server):
        people = People(fleet, Random(seed))
        campaign = Campaign(fleet, server, Random(seed), people, waking, without, kinds)
        found = await campaign.run(count)
        states = Counter(job.state for job in await fleet.jobs())
        print(f"{campaign.events.total()} events {dict(sorted(campaign.events.items()))}")
        print(f"{states.total()} jobs {dict(states)}; commands {dict(people.answers)}, by {dict(fleet.front.taken)}")
        print(f"{campaign.ended} processes ended themselves; {waking.woken} woke while they were overtaken")
        print(*found or ["nothing lost, paid twice, posted twice or counted wrongly"], sep="\n")
    return bool(found)


async def roll(a_second: float) -> int:
    """Replace every process in turn under so many commands a second; 0 when that many came, and nobody has noticed."""
    async with fleet_of_its_own() as (fleet, _):
        came = await restart(fleet, ROLES, a_second)
        print(f"{len(ROLES)} processes replaced under {came.a_second:.1f} commands a second, {came.commands} in all")
        print(f"acknowledged within {came.unacknowledged:.2f} s; no owner for {came.unowned:.2f} s at most")
        wrong = came.violations + ["not as many came as were asked for"] * (came.a_second < ENOUGH * a_second)
        print(*wrong or ["nobody has noticed"], sep="\n")
    return bool(wrong)


def main() -> int:
    """Run a campaign; 0 without violations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--without", choices=("fence", "owner", "window"), default="")
    parser.add_argument(
        "--rolling", type=float, help="no events: each process is replaced, under so many commands a second"
    )
    given = parser.parse_args()
    if given.rolling:
        return asyncio.run(roll(given.rolling))
    print(f"seed {given.seed}: the same order of events with --events {given.events} --seed {given.seed}")
    return asyncio.run(run(given.events, given.seed, given.without))


if __name__ == "__main__":
    sys.exit(main())
