"""A server's month of 50,000 jobs: how long does accepting one more take, there and in every other server?

The baseline is the same database with 100 jobs in that month. Both have limits for everyone and for the whole server, a
day's and a month's, in videos and in cents, and a log channel whose budget is watched.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from storage.engine.database import Database, Transaction
from storage.engine.sqlite import open_database
from storage.jobs.job import NewJob, Position
from storage.servers.guilds import Guilds
from storage.servers.limit_rules import Rule
from storage.servers.limits import LimitStore
from tests.bench import Aim, Figures, ratio
from tests.storage.plain import plain_jobs
from tests.welcome import welcome

LARGE, OTHER = 1, 2
DAY = 86_400.0
MEMBERS = 500
RULES = [
    Rule("everyone", 0, "jobs", "day", 1_000_000),
    Rule("everyone", 0, "active", "now", 1_000_000),
    Rule("server", 0, "jobs", "month", 1_000_000),
    Rule("server", 0, "cents", "month", 100_000_000),
]


@dataclass(frozen=True)
class Size:
    """How many jobs the large server had in its month, and how many more are accepted."""

    jobs: int
    accepted: int


FULL = Size(jobs=50_000, accepted=200)
AIMS = (
    Aim("accepting a job in a server with 50,000 in its month, against 100", ratio("many", "few", "there"), 3),
    Aim("the same for every other server", ratio("many", "few", "elsewhere"), 2),
)


async def main(size: Size = FULL) -> Figures:
    """Print both sides; the figures."""
    few, many = await _measure(100, size.accepted), await _measure(size.jobs, size.accepted)
    print(f"\naccepting a job in a server with 100 or {size.jobs} in its month, ms (median of {size.accepted})")
    print(f"{'':24} {'there':>8} {'elsewhere':>10}   against the baseline")
    figures = {}
    for side, (there, elsewhere) in (("few", few), ("many", many)):
        print(f"{side:24} {there:8.2f} {elsewhere:10.2f}   {there / few[0]:.2f} and {elsewhere / few[1]:.2f}")
        figures[side] = {"there": there, "elsewhere": elsewhere}
    return figures


async def _measure(jobs: int, accepted: int) -> tuple[float, float]:
    """The median of accepting a job in the large server and in the other one, in ms."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_database(Path(folder, "bot.db")) as database:
            for guild_id in (LARGE, OTHER):
                await welcome(database, guild_id, 1)
                await Guilds(database).log_to(guild_id, 99, by=1, now=0.0)
                for rule in RULES:
                    await LimitStore(database).put(guild_id, rule, by=1, now=0.0)
            await _fill(database, jobs)
            took: dict[int, list[float]] = {LARGE: [], OTHER: []}
            for number in range(accepted):
                for guild_id, times in took.items():
                    began = time.perf_counter()
                    await plain_jobs(database).enqueue(_job(guild_id, 10_000_000 + 2 * number + guild_id))
                    times.append((time.perf_counter() - began) * 1000)
            return statistics.median(took[LARGE]), statistics.median(took[OTHER])


async def _fill(database: Database, jobs: int) -> None:
    async def insert(tx: Transaction) -> None:
        for number in range(jobs):
            await tx.row(
                """INSERT INTO jobs (guild_id, interaction_id, member_id, provider, request, created_at, deadline_at,
                     channel_id, state, stage, failure, counted_at, milliseconds, micros, ended_at, closed_at)
                   VALUES (1, :number, :member, 'p', '{}', :at, :at, 3, 'failed', 's', 'no_key', :at, 5000, 70000, :at,
                     :at)""",
                number=number,
                member=number % MEMBERS,
                at=DAY * 28 * number / jobs,
            )

    await database.write(insert, guild_id=None)


def _job(guild_id: int, number: int) -> NewJob[str]:
    now = DAY * 28
    return NewJob(
        guild_id=guild_id, interaction_id=number, member_id=number % MEMBERS, channel_id=3, provider="p", request="{}",
        position=Position("s"), milliseconds=5000, micros=70_000, created_at=now, deadline_at=now + 3600,
    )  # fmt: skip
