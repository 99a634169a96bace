"""Processes of one bot die, freeze and are stopped while jobs are under way: `python -m tests.several.campaign`.

A gateway and two workers share one PostgreSQL. Each is killed, frozen past its lease (anywhere, or at the seam between
the commit and the request), or asked to stop, and another takes its place. Discord and the providers outlive them and
keep their own books, against which the rows are held at the end: nothing lost, paid twice, or posted twice.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from bot.domain.voices import voices_of
from bot.sandbox.emulators.runware import RunwareEmulator
from tests.postgres import running
from tests.several.fleet import LEASE, TEXT, Fleet, open_fleet
from tests.storage.engines import create

EVENTS = ("kill", "kill", "freeze", "seam", "stop", "gateway")
VOICES = {name: next(iter(voices_of(name))) for name in ("runcomfy", "runware")}  # of which lost requests are looked up
PATIENCE = 120.0


@dataclass
class Campaign:
    """What is done to the processes, and what came of it. `without` is a rule that is taken out."""

    fleet: Fleet
    random: Random
    without: str = ""
    events: Counter[str] = field(default_factory=Counter)
    _workers: list[Any] = field(default_factory=list)
    _frozen: dict[Any, float] = field(default_factory=dict)  # until when
    _asked: int = 0

    async def run(self, count: int) -> list[str]:
        """So many events; what must never be, and is, at the end."""
        self._workers = await self.fleet.working(2, WITHOUT=self.without)
        gateway = await self.fleet.gateway()
        for _ in range(count):
            await self._ask()
            await asyncio.sleep(self.random.uniform(0.2, 1.5))
            event = self.random.choice(EVENTS)
            self.events[event] += 1
            if event == "gateway":
                gateway.kill()
                gateway = await self.fleet.gateway()
            else:
                await self._happen(event)
            self._wake()
        await self._finish()
        return await violations(self.fleet)

    async def _ask(self) -> None:
        for _ in range(self.random.randint(1, 2)):
            self._asked += 1
            provider = self.random.choice(sorted(VOICES))
            text = f"{TEXT}, number {self._asked}"
            await self.fleet.ask(text=text, voice=VOICES[provider], provider=provider)

    async def _happen(self, event: str) -> None:
        worker = self._workers.pop(self.random.randrange(len(self._workers)))
        if event == "kill":
            worker.kill()
        elif event == "stop":
            worker.terminate()
        elif event == "freeze":
            worker.send_signal(signal.SIGSTOP)
            self._frozen[worker] = time.monotonic() + self.random.uniform(1.0, 4.0) * LEASE
        freezes = {"FREEZE": "1"} if event == "seam" else {}
        if event == "seam":  # the newcomer freezes, and the other goes on
            self._workers.append(worker)
        self._workers += await self.fleet.working(1, WITHOUT=self.without, **freezes)
        if event == "seam":
            self._frozen[self._workers.pop()] = time.monotonic() + self.random.uniform(3.0, 6.0) * LEASE

    def _wake(self, *, all_of_them: bool = False) -> None:
        for worker, until in list(self._frozen.items()):
            if all_of_them or time.monotonic() > until:
                worker.send_signal(signal.SIGCONT)
                del self._frozen[worker]

    async def _finish(self) -> None:
        """Wake whoever is frozen, each at its time, and wait until nothing is left to be done, if that ever is."""

        async def is_over() -> bool:
            self._wake()
            return not self._frozen and all(job.closed_at is not None for job in await self.fleet.jobs())

        try:
            await self.fleet.until(is_over, PATIENCE)
        except TimeoutError:  # what isn't finished then is found
            self._wake(all_of_them=True)


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
    with running() as address, tempfile.TemporaryDirectory(prefix="mouthpiece-several-") as folder:
        url = await create(address, "campaign")
        async with open_fleet(url, Path(folder), keys={"runcomfy": "rc-1", "runware": "rw-1"}) as fleet:
            campaign = Campaign(fleet, Random(seed), without)
            found = await campaign.run(count)
            states = Counter(job.state for job in await fleet.jobs())
            print(f"{campaign.events.total()} events {dict(campaign.events)}, {states.total()} jobs {dict(states)}")
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
