"""Fifty members ask at once: how many jobs a second are accepted, each told only when it is on the disk?

The baseline is one raw insert of the same row per commit, by one thread, at the same durability. All sides write files
of the same schema in the same folder, in rounds of one after another; a ratio is the median of the rounds' own. Servers
have limits for everyone and for the whole server, in videos and in cents.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from storage.engine.sqlite import migrate, open_database
from storage.jobs.job import NewJob, Position
from storage.jobs.job_row import written
from storage.servers.limits import LimitStore
from tests.bench import Aim, Figures, ratio
from tests.bench.quota import RULES
from tests.storage.plain import PlainText, plain_jobs
from tests.welcome import welcome

SIDES = ("raw", "one", "many")
SERVERS = 10
SYNCS = 50


@dataclass(frozen=True)
class Size:
    """How many jobs each side writes in a round, how many rounds there are, and how many members ask at once."""

    jobs: int
    rounds: int
    at_once: int = 50


FULL = Size(jobs=1000, rounds=5)
AIMS = (
    Aim("jobs accepted a second, 50 at once, against raw inserts", ratio("many", "raw", "ratio"), least=0.75),
    Aim("the same, one at a time", ratio("one", "raw", "ratio"), least=0.25),
)


async def main(size: Size = FULL) -> Figures:
    """Print what each side writes a second; the figures."""
    rounds: list[tuple[float, float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(size.rounds):
            files = [Path(folder, f"{side}-{number}.db") for side in SIDES]
            rounds.append(
                (
                    _insert(files[0], size.jobs),
                    await _accept(files[1], size.jobs, 1),
                    await _accept(files[2], size.jobs, size.at_once),
                )
            )
        fsync = _fsync(Path(folder, "sync"))
    print(f"\njobs on the disk a second (medians of {size.rounds} rounds; an fsync takes {fsync:.2f} ms here)")
    figures: dict[str, dict[str, float]] = {"disk": {"fsync ms": fsync}}
    for side, what in enumerate(("one raw insert per commit", "one at a time", f"{size.at_once} at once")):
        per_second = statistics.median(each[side] for each in rounds)
        ratios = [each[side] / each[0] for each in rounds]
        figures[SIDES[side]] = {"per second": per_second, "ratio": statistics.median(ratios)}
        print(f"{SIDES[side]:5} {what:26} {per_second:6.0f}   {statistics.median(ratios):.2f} "
              f"({min(ratios):.2f} to {max(ratios):.2f})")  # fmt: skip
    return figures


def _insert(path: Path, jobs: int) -> float:
    """Rows a second."""
    migrate(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executemany("INSERT INTO guilds (id, joined_at) VALUES (?, 0.0)", [(id_,) for id_ in range(SERVERS)])
        rows = [_row(_job(number)) for number in range(jobs)]
        columns, values = ", ".join(rows[0]), ", ".join(f":{name}" for name in rows[0])
        insert = f"INSERT INTO jobs ({columns}) VALUES ({values})"  # noqa: S608
        began = time.perf_counter()
        for row in rows:
            connection.execute(insert, row)
        return jobs / (time.perf_counter() - began)


async def _accept(path: Path, jobs: int, at_once: int) -> float:
    """Jobs a second."""
    async with open_database(path) as database:
        for guild_id in range(SERVERS):
            await welcome(database, guild_id)
            for rule in RULES:
                await LimitStore(database).put(guild_id, rule, by=1, now=0.0)
        store, numbers = plain_jobs(database), count()

        async def ask() -> None:
            while (number := next(numbers)) < jobs:
                await store.enqueue(_job(number))

        began = time.perf_counter()
        await asyncio.gather(*[ask() for _ in range(at_once)])
        return jobs / (time.perf_counter() - began)


def _fsync(path: Path) -> float:
    """The median of writing a page to the disk, in ms."""
    took = []
    with path.open("wb") as file:
        for _ in range(SYNCS):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def _job(number: int) -> NewJob[str]:
    return NewJob(
        guild_id=number % SERVERS, interaction_id=number, member_id=number % 500, channel_id=3, provider="p",
        request="{}", position=Position("s"), milliseconds=5000, micros=70_000, created_at=1.0, deadline_at=3600.0,
    )  # fmt: skip


def _row(job: NewJob[str]) -> dict[str, object]:
    values = {name: getattr(job, name) for name in job.__dataclass_fields__}
    return {**written(values, PlainText()), "state": "queued", "counted_at": job.created_at}
