"""What is done to the processes of a campaign, and to what they stand on."""

from __future__ import annotations

import asyncio
import shutil
import signal
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tests.files.test_vanishing import empty
from tests.postgres import Cluster
from tests.several.books import violations
from tests.several.fleet import LEASE, DidNotStart, Fleet
from tests.several.people import People
from tests.several.waking import Waking

EVENTS = (
    *("kill", "kill folder", "vanish", "freeze", "stop", "database"),
    *("before a request", "before a write", "overtaken"),
)
AT_A_SEAM = {"before a request": "send", "before a write": "write", "overtaken": "send runware"}
LATEST_WRITE = 12  # before which of its writes a process freezes, at most
ROLES = ("worker", "worker", "media", "gateway", "HTTP gateway")
PATIENCE = 300.0
TOLD_EVERY = 25  # events, as it takes long
MOST_STARTS = 5  # in a row of one process


@dataclass
class Campaign:
    """What is done to the processes, and what came of it: events of these `kinds`. `without` is a rule that is taken
    out.
    """

    fleet: Fleet
    server: Cluster
    random: Random
    people: People
    waking: Waking
    without: str = ""
    kinds: Sequence[str] = EVENTS
    events: Counter[str] = field(default_factory=Counter)
    ended: int = 0  # so many processes by themselves
    _at_work: dict[Process, str] = field(default_factory=dict)  # with the role of each; one that is frozen isn't
    _frozen: dict[Process, float] = field(default_factory=dict)  # until when
    _at_seam: set[Process] = field(default_factory=set)  # those that freeze there, or did

    async def run(self, count: int) -> list[str]:
        """So many events; what must never be, and is, at the end."""
        for role in ROLES:
            await self._begin(role)
        for number in range(count):
            if number and number % TOLD_EVERY == 0:
                print(f"after {number} events: {len(await self.fleet.jobs())} jobs", flush=True)
            await self._replace_ended()
            self.people.go_on()
            await asyncio.sleep(self.random.uniform(0.2, 1.5))
            event = self.random.choice(self.kinds)
            victim = self.random.choice(list(self._at_work))
            self.events[event if event == "database" else f"{event}, {self._role_at(event, victim)}"] += 1
            await (self._crash_database() if event == "database" else self._happen(event, victim))
            self._wake()
        await self._finish()
        return await violations(self.fleet, self.people.told)

    def _role_at(self, event: str, victim: Process) -> str:
        """Whom it happens to: what is sent and written there is a worker's."""
        return "worker" if event in AT_A_SEAM else self._at_work[victim]

    async def _crash_database(self) -> None:
        """PostgreSQL ends at once and is started again, while a video is asked for, which may be refused."""
        await asyncio.to_thread(self.server.crash)
        self.people.go_on()
        await asyncio.sleep(self.random.uniform(0.5, 2.0))
        await asyncio.to_thread(self.server.start)
        await asyncio.sleep(LEASE)  # by when whoever has lost the lease knows it

        async def all_live() -> bool:
            await self._replace_ended()
            return len(await self.fleet.lives()) >= len(self._at_work)

        await self.fleet.until(all_live)

    async def _begin(self, role: str, after: Process | None = None, **settings: str) -> Process:
        """A process of that role is at work; one that ends before is started again, as a supervisor does."""
        for _ in range(MOST_STARTS):
            try:
                process = await self._started(role, after, WITHOUT=self.without, **settings)
            except DidNotStart as ended:  # it may have lost its lease on a busy machine, or the database
                self.ended += 1
                after, why = ended.process, ended
            else:
                self._at_work[process] = role
                return process
        raise why

    async def _started(self, role: str, after: Process | None, **settings: str) -> Process:
        if role == "gateway":
            return await self.fleet.gateway(after, **settings)
        if role == "HTTP gateway":
            return await self.fleet.http_gateway(after, **settings)
        (process,) = await self.fleet.working(1, role, after, **settings)
        return process

    async def _happen(self, event: str, victim: Process) -> None:
        """One of them ends or freezes, and another takes its place; or its files vanish; or one that comes to help
        freezes at a seam.
        """
        if event in AT_A_SEAM:
            await self._freeze_at_seam(event)
        elif event == "vanish":
            empty(self.fleet.file(victim, "files"))
        elif event == "freeze":
            victim.send_signal(signal.SIGSTOP)
            self._frozen[victim] = time.monotonic() + self.random.uniform(1.0, 4.0) * LEASE
            await self._begin(self._at_work.pop(victim))
        elif event == "stop":
            victim.terminate()
            await self._begin(self._at_work.pop(victim))
        else:
            victim.kill()
            await victim.wait()
            if event == "kill folder":
                shutil.rmtree(self.fleet.folders[victim])
            await self._begin(self._at_work.pop(victim), victim)

    async def _freeze_at_seam(self, event: str) -> None:
        """A worker freezes there, and wakes when others have gone on; or just while they send the same."""
        nth = f" {self.random.randint(1, LATEST_WRITE)}" if event == "before a write" else ""
        process = await self._begin("worker", FREEZE=AT_A_SEAM[event] + nth)
        del self._at_work[process]
        self._at_seam.add(process)
        leases = 20.0 if event == "overtaken" else self.random.uniform(3.0, 6.0)
        self._frozen[process] = time.monotonic() + leases * LEASE
        if event == "overtaken":
            self.waking.watch(process, self.fleet.file(process, "frozen"))

    async def _replace_ended(self) -> None:
        """Others take the place of those that have ended themselves, as their lease was lost."""
        for process, role in list(self._at_work.items()):
            if process.returncode is not None:
                self.ended += 1
                del self._at_work[process]
                await self._begin(role, process)

    def _wake(self, *, all_of_them: bool = False) -> None:
        for process, until in list(self._frozen.items()):
            if all_of_them or time.monotonic() > until:
                del self._frozen[process]
                if process.returncode is not None:
                    continue
                if process in self._at_seam and not self.fleet.file(process, "frozen").exists():
                    process.terminate()  # it never came there
                else:
                    process.send_signal(signal.SIGCONT)

    async def _finish(self) -> None:
        """Wake whoever is frozen, each at its time, and wait until nothing is left to be done, if that ever is."""

        async def is_over() -> bool:
            self._wake()
            await self._replace_ended()
            return not self._frozen and all(job.closed_at is not None for job in await self.fleet.jobs())

        try:
            await self.people.until_answered()
            await self.fleet.until(is_over, PATIENCE)
        except TimeoutError:  # what isn't finished then is found
            self._wake(all_of_them=True)
