"""What there is to look at when the bot has ended: its rows and files, and what Discord and the providers have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bot.domain.job import Job, Jobs, RequestCodec
from bot.net.client import Http
from bot.providers import load_providers
from bot.sandbox.runs import Run
from storage.engine.sqlite import open_database
from storage.servers.usage import HOUR
from tests.crash.people import Command, words_on
from tests.discord_server.state import COMPONENTS_V2, Json

Usage = Mapping[int, tuple[int, int, int]]  # by the hour: jobs, milliseconds, micros
providers = load_providers(Http(httpx.AsyncBaseTransport()), {})


@dataclass(frozen=True, slots=True)
class Death:
    """When the bot was killed, by its own clock, and the interactions that it had written down as waiting."""

    at: float
    waiting: Collection[int]


@dataclass(frozen=True)
class Evidence:
    """Everything at one moment. `books` says for which job each run was accepted, by the run's id; `deaths` are the
    bot's, oldest first; `ready_at` is when its last life began, and `now` when that has ended, by its clock.
    """

    jobs: Sequence[Job]
    usage: Usage
    undecided: Collection[tuple[str, int]]  # what moderators have to decide: kinds of cases, each with its job's id
    messages: Sequence[Json]
    runs: Sequence[Run]
    books: Mapping[str, str]
    files: Sequence[Path]  # relative to the bot's folder
    commands: Sequence[Command]
    deaths: Sequence[Death]
    ready_at: float
    now: float
    orphans: Sequence[str] = field(default_factory=tuple)

    @property
    def outcomes(self) -> list[Json]:
        """The messages that end jobs: the only ones that name a person in their own words."""
        return [message for message in self.messages if "<@" in message["content"]]

    @property
    def cards(self) -> dict[int, str]:
        """The words on every message that is made of components, by its id."""
        return {
            int(message["id"]): "\n".join(words_on(message))
            for message in self.messages
            if message["flags"] & COMPONENTS_V2
        }

    def runs_for(self, job: Job) -> list[Run]:
        """What providers have in their books for the job."""
        return [run for run in self.runs if self.books.get(run.id, "").partition("/")[0] == str(job.id)]


async def read_rows(database_path: Path) -> tuple[list[Job], Usage, list[tuple[str, int]]]:
    """Every job, what the server is said to have used by the hour, and what its moderators have to decide."""
    async with open_database(database_path) as database:
        jobs = Jobs(database, RequestCodec())
        ids = await database.rows("SELECT id, guild_id FROM jobs ORDER BY id")
        found = [await jobs.get(row["guild_id"], row["id"]) for row in ids]
        cases = await database.rows("SELECT kind, subject_id FROM undecided")
        hours = await database.rows("SELECT hour, jobs, milliseconds, micros FROM usage_hours")
    usage = {row["hour"]: (row["jobs"], row["milliseconds"], row["micros"]) for row in hours}
    return [job for job in found if job], usage, [(row["kind"], row["subject_id"]) for row in cases]


def usage_of(jobs: Sequence[Job]) -> Usage:
    """What jobs have used, as their rows have it."""
    used: dict[int, tuple[int, int, int]] = {}
    for job in jobs:
        if job.counted_at is not None:
            before = used.get(hour := int(job.counted_at // HOUR), (0, 0, 0))
            used[hour] = (before[0] + 1, before[1] + job.milliseconds, before[2] + job.micros)
    return used
