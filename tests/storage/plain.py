"""Jobs whose requests are any text: the store doesn't care what they mean."""

from __future__ import annotations

import json
from typing import Any

from storage.engine.database import Database
from storage.jobs.claims import Claims
from storage.jobs.corrections import Corrections
from storage.jobs.job import Job, R
from storage.jobs.job_row import COLUMNS
from storage.jobs.jobs import Jobs
from storage.jobs.ledger import Ledger


class PlainText:
    """A request that is written as it is."""

    def read(self, text: str) -> str:
        return text

    def write(self, request: str) -> str:
        return request

    def bare(self, request: str) -> str:
        return json.dumps({name: value for name, value in _read(request).items() if name in {"flow", "mode"}})

    def voice(self, request: str) -> str | None:
        return _read(request).get("voice")


def _read(request: str) -> dict[str, str | None]:
    """What stands in a text that looks like a request of the bot's; nothing in another one."""
    return dict(json.loads(request)) if request.startswith("{") else {}


def plain_jobs(database: Database, life: int | None = None) -> Jobs[str]:
    """The store of jobs of this database, for that life of a process."""
    return Jobs(database, PlainText(), life)


def plain_corrections(database: Database) -> Corrections[str]:
    """How these jobs are put right."""
    return Corrections(database, plain_jobs(database))


def plain_ledger(database: Database) -> Ledger[str]:
    """What is shown of these jobs."""
    return Ledger(database, plain_jobs(database))


def plain_claims(database: Database, jobs: Jobs[str]) -> Claims[str]:
    """What takes these jobs for the life of `jobs`."""
    return Claims(database, jobs)


async def open_jobs(jobs: Jobs[R]) -> list[Job[R]]:
    """Every job whose outcome has not been posted yet."""
    rows = await jobs._database.rows(f"SELECT {COLUMNS} FROM jobs WHERE closed_at IS NULL ORDER BY id")  # noqa: S608
    return jobs.readable(rows, lambda _: None)


async def with_cards_due(database: Database) -> list[int]:
    """The ids of the closed jobs whose cards don't show that yet."""
    rows: Any = await database.rows("SELECT id FROM jobs WHERE card_due = 1 ORDER BY id")
    return [row["id"] for row in rows]
