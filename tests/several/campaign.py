"""Processes of one bot die, freeze and are stopped while jobs are under way: `python -m tests.several.campaign`.

A gateway, two workers and a process for media share one PostgreSQL and one bucket. Each is killed, frozen past its
lease (anywhere, or at the seam between the commit and the request), or asked to stop, and another takes its place, in
the same folder or in an empty one; what lies in a folder vanishes under one that lives; and PostgreSQL crashes under
all of them. Discord and the providers outlive them and keep their own books, against which the rows are held at the
end: nothing lost, paid twice, or posted twice.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from bot.sandbox.emulators.runware import RunwareEmulator
from tests.bucket import serving, settings_of
from tests.postgres import Cluster, installed
from tests.several.events import EVENTS, Campaign
from tests.several.fleet import open_fleet
from tests.storage.engines import create


def take_handles_twice() -> None:
    """Let the provider take a second request under the handle of the first, as one might that doesn't say so."""
    do = RunwareEmulator._do

    async def forgetful(emulator: RunwareEmulator, *given: Any) -> Any:
        emulator._used.clear()
        return await do(emulator, *given)

    RunwareEmulator._do = forgetful  # type: ignore[assignment, method-assign]


async def run(count: int, seed: int, without: str, kinds: Sequence[str] = EVENTS) -> int:
    """Run a campaign on a PostgreSQL of its own; 0 without violations."""
    take_handles_twice()
    keys = {"runcomfy": "rc-1", "runware": "rw-1"}
    with ExitStack() as stack:
        server = Cluster.fresh(stack.enter_context(installed()), "data")
        stack.enter_context(server.started())
        bucket = stack.enter_context(serving())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="mouthpiece-several-"))
        url = await create(server.address, "campaign")
        async with open_fleet(url, Path(folder), keys=keys, files=settings_of(bucket, "campaign")) as fleet:
            campaign = Campaign(fleet, server, Random(seed), without, kinds)
            found = await campaign.run(count)
            states = Counter(job.state for job in await fleet.jobs())
            print(f"{campaign.events.total()} events {dict(campaign.events)}, {states.total()} jobs {dict(states)}")
            print(f"{campaign.ended} processes ended themselves, and {campaign.refused} commands were refused")
            print(*found or ["nothing lost, paid twice or posted twice"], sep="\n")
    return bool(found)


def main() -> int:
    """Run a campaign; 0 without violations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=40)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--without", choices=("fence", "window"), default="")
    given = parser.parse_args()
    print(f"seed {given.seed}: the same order of events with --events {given.events} --seed {given.seed}")
    return asyncio.run(run(given.events, given.seed, given.without))


if __name__ == "__main__":
    sys.exit(main())
