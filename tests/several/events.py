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

from bot.domain.voices import voices_of
from tests.files.test_vanishing import empty
from tests.postgres import Cluster
from tests.several.books import violations
from tests.several.fleet import LEASE, TEXT, Fleet

EVENTS = ("kill", "kill folder", "vanish", "freeze", "seam", "stop", "gateway", "database")
ROLES = ("worker", "worker", "media")
EDITED = 0.3  # of what is asked for
VOICES = {name: next(iter(voices_of(name))) for name in ("runcomfy", "runware")}  # runware looks lost requests up
PATIENCE = 120.0


@dataclass
class Campaign:
    """What is done to the processes, and what came of it: events of these `kinds`. `without` is a rule that is taken
    out.
    """

    fleet: Fleet
    server: Cluster
    random: Random
    without: str = ""
    kinds: Sequence[str] = EVENTS
    events: Counter[str] = field(default_factory=Counter)
    ended: int = 0  # so many processes by themselves
    refused: int = 0  # so many commands while the database was away
    _at_work: dict[Process, str] = field(default_factory=dict)  # with the role of each; one that is frozen isn't
    _gateway: Process | None = None
    _frozen: dict[Process, float] = field(default_factory=dict)  # until when
    _accepted: list[str] = field(default_factory=list)  # what was said to be on its way
    _asked: int = 0

    async def run(self, count: int) -> list[str]:
        """So many events; what must never be, and is, at the end."""
        for role in ROLES:
            await self._begin(role)
        self._gateway = await self.fleet.gateway()
        for _ in range(count):
            await self._replace_ended()
            for _ in range(self.random.randint(1, 2)):
                await self._ask()
            await asyncio.sleep(self.random.uniform(0.2, 1.5))
            event = self.random.choice(self.kinds)
            self.events[event] += 1
            if event == "gateway":
                self._gateway.kill()
                self._gateway = await self.fleet.gateway()
            elif event == "database":
                await self._crash_database()
            else:
                await self._happen(event)
            self._wake()
        await self._finish()
        return await violations(self.fleet, self._accepted)

    async def _ask(self) -> None:
        """One video is asked for, and is on its way."""
        self._asked += 1
        provider, text = self.random.choice(sorted(VOICES)), f"{TEXT}, number {self._asked}"
        ask = self.fleet.ask_for_edit if self.random.random() < EDITED else self.fleet.ask
        await ask(text=text, voice=VOICES[provider], provider=provider)
        self._accepted.append(text)

    async def _crash_database(self) -> None:
        """PostgreSQL ends at once and is started again, while a video is asked for, which may be refused."""
        await asyncio.to_thread(self.server.crash)
        asking = asyncio.create_task(self._ask())
        await asyncio.sleep(self.random.uniform(0.5, 2.0))
        await asyncio.to_thread(self.server.start)
        try:
            await asking
        except (AssertionError, TimeoutError):
            self.refused += 1
        await asyncio.sleep(LEASE)  # by when whoever has lost the lease knows it

        async def all_live() -> bool:
            await self._replace_ended()
            return len(await self.fleet.lives()) > len(self._at_work)

        await self.fleet.until(all_live)

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
            process = await self._begin(role, FREEZE="send")
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
                if worker.returncode is None:  # one that wasn't frozen after all may have ended itself
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
