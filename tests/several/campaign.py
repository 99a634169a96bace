"""Processes of one bot die, freeze and are stopped while jobs are under way: `python -m tests.several.campaign`.

A gateway, two workers and a process for media share one PostgreSQL and one bucket. Each is killed, frozen past its
lease (anywhere, or at the seam between the commit and the request), or asked to stop, and another takes its place, in
the same folder or in an empty one; and what lies in a folder vanishes under one that lives. Discord and the providers
outlive them and keep their own books, against which the rows are held at the end: nothing lost, paid twice, or posted
twice.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from bot.domain.voices import voices_of
from bot.sandbox.emulators.runware import RunwareEmulator
from tests.bucket import serving, settings_of
from tests.files.test_vanishing import empty
from tests.postgres import running
from tests.several.books import violations
from tests.several.fleet import LEASE, TEXT, Fleet, open_fleet
from tests.storage.engines import create

EVENTS = ("kill", "kill folder", "vanish", "freeze", "seam", "stop", "gateway")
ROLES = ("worker", "worker", "media")
EDITED = 0.3  # of what is asked for
VOICES = {name: next(iter(voices_of(name))) for name in ("runcomfy", "runware")}  # of which lost requests are looked up
PATIENCE = 120.0


@dataclass
class Campaign:
    """What is done to the processes, and what came of it. `without` is a rule that is taken out."""

    fleet: Fleet
    random: Random
    without: str = ""
    events: Counter[str] = field(default_factory=Counter)
    _at_work: dict[Process, str] = field(default_factory=dict)  # with the role of each; one that is frozen isn't
    ended: int = 0  # so many by themselves
    _gateway: Process | None = None
    _frozen: dict[Process, float] = field(default_factory=dict)  # until when
    _asked: int = 0

    async def run(self, count: int) -> list[str]:
        """So many events; what must never be, and is, at the end."""
        for role in ROLES:
            await self._begin(role)
        self._gateway = await self.fleet.gateway()
        for _ in range(count):
            await self._replace_ended()
            await self._ask()
            await asyncio.sleep(self.random.uniform(0.2, 1.5))
            event = self.random.choice(EVENTS)
            self.events[event] += 1
            if event == "gateway":
                self._gateway.kill()
                self._gateway = await self.fleet.gateway()
            else:
                await self._happen(event)
            self._wake()
        await self._finish()
        return await violations(self.fleet)

    async def _ask(self) -> None:
        for _ in range(self.random.randint(1, 2)):
            self._asked += 1
            provider = self.random.choice(sorted(VOICES))
            ask = self.fleet.ask_for_edit if self.random.random() < EDITED else self.fleet.ask
            await ask(text=f"{TEXT}, number {self._asked}", voice=VOICES[provider], provider=provider)

    async def _begin(self, role: str, after: Process | None = None, **settings: str) -> Process:
        (process,) = await self.fleet.working(1, role, after, WITHOUT=self.without, **settings)
        self._at_work[process] = role
        return process

    async def _happen(self, event: str) -> None:
        """One of them ends or freezes, and another takes its place; or its files vanish."""
        process = self.random.choice(
            [one for one, role in self._at_work.items() if event != "seam" or role == "worker"]
        )
        role, same_folder = self._at_work[process], False
        if event == "vanish":
            empty(self.fleet.file(process, "files"))
            return
        if event == "seam":  # the newcomer freezes, and the other goes on
            process = await self._begin(role, FREEZE="1")
            self._frozen[process] = time.monotonic() + self.random.uniform(3.0, 6.0) * LEASE
        elif event == "freeze":
            process.send_signal(signal.SIGSTOP)
            self._frozen[process] = time.monotonic() + self.random.uniform(1.0, 4.0) * LEASE
        elif event == "stop":
            process.terminate()
        else:
            process.kill()
            await process.wait()
            same_folder = True
        if event == "kill folder":
            shutil.rmtree(self.fleet.folders[process])
        del self._at_work[process]
        if event != "seam":
            await self._begin(role, process if same_folder else None)

    async def _replace_ended(self) -> None:
        """Others take the place of those that have ended themselves, as their lease was lost."""
        for process, role in list(self._at_work.items()):
            if process.returncode is not None:
                self.ended += 1
                del self._at_work[process]
                await self._begin(role, process)
        if self._gateway and self._gateway.returncode is not None:
            self.ended += 1
            self._gateway = await self.fleet.gateway()

    def _wake(self, *, all_of_them: bool = False) -> None:
        for worker, until in list(self._frozen.items()):
            if all_of_them or time.monotonic() > until:
                worker.send_signal(signal.SIGCONT)
                del self._frozen[worker]

    async def _finish(self) -> None:
        """Wake whoever is frozen, each at its time, and wait until nothing is left to be done, if that ever is."""

        async def is_over() -> bool:
            self._wake()
            await self._replace_ended()
            return not self._frozen and all(job.closed_at is not None for job in await self.fleet.jobs())

        try:
            await self.fleet.until(is_over, PATIENCE)
        except TimeoutError:  # what isn't finished then is found
            self._wake(all_of_them=True)


def take_handles_twice() -> None:
    """Let the provider take a second request under the handle of the first, as one might that doesn't say so."""
    do = RunwareEmulator._do

    async def forgetful(emulator: RunwareEmulator, *given: Any) -> Any:
        emulator._used.clear()
        return await do(emulator, *given)

    RunwareEmulator._do = forgetful  # type: ignore[assignment, method-assign]


async def run(count: int, seed: int, without: str) -> int:
    """Run a campaign on a PostgreSQL of its own; 0 without violations."""
    take_handles_twice()
    keys = {"runcomfy": "rc-1", "runware": "rw-1"}
    with running() as address, serving() as bucket, tempfile.TemporaryDirectory(prefix="mouthpiece-several-") as folder:
        url = await create(address, "campaign")
        async with open_fleet(url, Path(folder), keys=keys, files=settings_of(bucket, "campaign")) as fleet:
            campaign = Campaign(fleet, Random(seed), without)
            found = await campaign.run(count)
            states = Counter(job.state for job in await fleet.jobs())
            print(f"{campaign.events.total()} events {dict(campaign.events)}, {states.total()} jobs {dict(states)}")
            print(f"{campaign.ended} processes ended themselves and were started again")
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
