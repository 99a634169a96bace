"""Jobs whose requests are any text: the store doesn't care what they mean."""

from __future__ import annotations

import json

from storage.engine.database import Database
from storage.jobs.corrections import Corrections
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


def plain_jobs(database: Database) -> Jobs[str]:
    """The store of jobs of this database."""
    return Jobs(database, PlainText())


def plain_corrections(database: Database) -> Corrections[str]:
    """How these jobs are put right."""
    return Corrections(database, plain_jobs(database))


def plain_ledger(database: Database) -> Ledger[str]:
    """What is shown of these jobs."""
    return Ledger(database, plain_jobs(database))
