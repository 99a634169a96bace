"""`python -m tests.app.faulty run`: the bot's own process, whose worker can't read its jobs."""

from __future__ import annotations

import sqlite3
import sys
from typing import Any

import pytest

from bot import __main__ as program
from storage.jobs.jobs import Jobs


async def unreadable(_: Any) -> Any:
    raise sqlite3.OperationalError("disk I/O error")


if __name__ == "__main__":
    pytest.MonkeyPatch().setattr(Jobs, "open_jobs", unreadable)
    sys.exit(program.main())
