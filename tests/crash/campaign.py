"""The bot is killed again and again while jobs of every provider are under way: `make crash`.

Each kill is aimed at a point (`points.py`), each point in its turn, and takes the main process alone, or its process
group. Discord and the providers live in this process, outlive the bot and keep their own books. Now and then, and at
the end, the bot may finish what is under way, and is held against what must never be (`checks.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from storage.people.unanswered import ANSWERABLE_SECONDS
from tests.crash.checks import START_SECONDS, is_left, violations, was_never_kept
from tests.crash.doomed import SPEED
from tests.crash.evidence import Death, Evidence, read_rows
from tests.crash.people import OF_EDITS, Command, People
from tests.crash.points import ANY_MOMENT, Aim, Point, aims
from tests.crash.pressing import Presser
from tests.crash.report import Report
from tests.crash.world import Life, World
from tests.providers.samples import all_samples

AT_ONCE = 2  # campaigns, each in a world of its own
REST_AFTER = 10  # kills after which the bot may finish what is under way
LONGEST_LIFE, LONGEST_BLIND_LIFE = 12.0, 2.5  # seconds, of one that is to end at its point, and at any moment
FAULTS = ("cut after", "cut before", "truncate", "answer")
PATIENCE = 120.0
STOP_SECONDS = 25.0  # for a bot that is asked to stop


class Campaign:
    """Many lives of one bot."""

    def __init__(self, world: World, random: Random) -> None:
        self._world = world
        self._random = random
        self._people = People(world, [sample.provider.name for sample in all_samples()], random)
        self._deaths: list[Death] = []
        self.report = Report()

    async def run(self, kills: int) -> None:
        """So many lives that end suddenly, and some that don't; then every button is pressed."""
        await self._world.prepare()
        await self.rest()
        for number, aim in enumerate(aims(self._random, kills), 1):
            await self.live(aim)
            if number % REST_AFTER == 0 or number == kills:
                await self.rest()
        await self.press()

    async def live(self, aim: Aim) -> None:
        """One life with commands and faults, which ends at its aim; at the latest when it has lasted too long."""
        if self._random.random() < 0.3:
            kind: Any = self._random.choice(FAULTS)
            self._world.sandbox.faults.add(kind, path="/*/*", status=self._random.choice((429, 500, 503)), body="{}")
        is_blind = aim.point.kind == ANY_MOMENT
        seconds = self._random.uniform(0.1, LONGEST_BLIND_LIFE) if is_blind else LONGEST_LIFE
        life = await self._world.start(aim)
        people: set[asyncio.Task[None]] = set()
        until = time.monotonic() + seconds
        while not life.over.done() and (left := until - time.monotonic()) > 0:
            wish = self._random.choice(OF_EDITS) if aim.point.kind == "edit" else self._people.any_wish()
            people.add(asyncio.ensure_future(self._people.wish(wish)))
            await asyncio.wait({life.over}, timeout=min(left, self._random.uniform(0.2, 1.5)))
        life.kill()
        await self._end(life, people)
        self._deaths.append(Death(self._world.now(), self._world.waiting()))
        self.report.killed(aim, "at any moment" if is_blind else self._world.hit(aim))

    async def rest(self) -> None:
        """A life in which everything is finished; the bot is asked to stop then, and everything is looked at."""
        life, ready_at = await self._calm()
        await self._stop(life)
        await self._look(ready_at)

    async def press(self) -> None:
        """A life in which every button is pressed, and what comes of it is finished."""
        life, ready_at = await self._calm()
        presser = Presser(self._world, self._people)
        await presser.try_all()
        await self._finished()
        await presser.take_all_away()
        await self._finished()
        await self._stop(life)
        self.report.pressed += presser.pressed
        self.report.found(presser.dead)
        await self._look(ready_at)

    async def _calm(self) -> tuple[Life, float]:
        """A life without faults, when nothing is left to do; since when the bot was ready."""
        self._world.sandbox.faults.clear()
        life = await self._world.start(Aim(Point(ANY_MOMENT)))
        ready_at = self._world.now()
        await self._finished()
        return life, ready_at

    async def _finished(self) -> None:
        """Wait until every job is closed and shown, and as long as it may take to answer what was left."""
        with suppress(TimeoutError):  # what isn't finished then is found
            async with asyncio.timeout(PATIENCE):
                quiet = 0
                while quiet < 3:
                    await asyncio.sleep(0.2)
                    quiet = 0 if self._world.under_way() else quiet + 1
        until = time.monotonic() + START_SECONDS / SPEED
        while time.monotonic() < until and any(map(self._may_be_answered, self._people.commands)):
            await asyncio.sleep(0.05)

    def _may_be_answered(self, command: Command) -> bool:
        return is_left(command) and command.at + ANSWERABLE_SECONDS > self._world.now()

    async def _stop(self, life: Life) -> None:
        """Ask the bot to stop, and see that it does."""
        life.process.terminate()
        await asyncio.wait({life.over}, timeout=STOP_SECONDS)
        if not life.over.done():
            self.report.found([f"the bot did not stop within {STOP_SECONDS:g} s"])
            life.kill()
        elif code := life.over.result():
            self.report.found([f"the bot has ended with exit code {code}"])
        await self._end(life, set())

    async def _end(self, life: Life, people: set[asyncio.Task[None]]) -> None:
        await life.over
        self.report.found(await life.children_left())
        for task in people:
            task.cancel()
        for failed in await asyncio.gather(*people, return_exceptions=True):
            if isinstance(failed, Exception):
                raise failed

    async def _look(self, ready_at: float) -> None:
        """Hold everything against what must never be."""
        world = self._world
        jobs, usage, undecided = await read_rows(world.database)
        evidence = Evidence(
            jobs=jobs,
            usage=usage,
            undecided=undecided,
            messages=world.messages,
            runs=list(world.sandbox.runs.ledger),
            books=world.books,
            files=[entry.relative_to(world.folder) for entry in world.folder.rglob("*")],
            commands=self._people.commands,
            deaths=self._deaths,
            ready_at=ready_at,
            now=world.now(),
        )
        self.report.jobs = Counter(job.state for job in jobs)
        self.report.found(violations(evidence))
        left = [command for command in self._people.commands if is_left(command)]
        self.report.unanswered = sum(was_never_kept(command, self._deaths) for command in left)
        kills = self.report.kills.total()
        print(f"{kills} kills, {len(jobs)} jobs, {len(self.report.violations)} violations", file=sys.stderr, flush=True)


async def run(kills: int, seed: int) -> Report:
    """Run campaigns side by side, with so many kills in all."""
    whole = Report()
    shares = [share for share in (-(-kills // AT_ONCE), kills // AT_ONCE) if share]
    for report in await asyncio.gather(*(_campaign(share, f"{seed}/{number}") for number, share in enumerate(shares))):
        whole.add(report)
    return whole


async def _campaign(kills: int, seed: str) -> Report:
    with tempfile.TemporaryDirectory(prefix="mouthpiece-crash-") as name:
        folder, notes = Path(name, "data"), Path(name)
        folder.mkdir()
        world = World(folder, notes)
        async with world.discord, world.sandbox:
            campaign = Campaign(world, Random(seed))
            await campaign.run(kills)
            return campaign.report


def main() -> int:
    """Run a campaign; 0 without violations."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    given = parser.parse_args()
    print(f"seed {given.seed}: replay with `python -m tests.crash.campaign --kills {given.kills} --seed {given.seed}`")
    report = asyncio.run(run(given.kills, given.seed))
    print(*report.lines(), sep="\n")
    return bool(report.violations)


if __name__ == "__main__":
    sys.exit(main())
