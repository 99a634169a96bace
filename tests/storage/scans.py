"""Which statements of the stores would go through every row of a table that grows for as long as the bot runs."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

import storage
from storage.engine.database import Row
from storage.engine.sqlite_database import SqliteDatabase, SqliteTransaction
from tests.fresh_database import make_database

Rows = Callable[..., Awaitable[Sequence[Row]]]
STORES = tuple(str(Path(storage.__file__).parent / folder) for folder in ("jobs", "people", "servers"))
ENGINE = str(Path(storage.__file__).parent / "engine")
GROWS = {  # with what is done, or with who has come: the others hold what is set, or what waits
    *("jobs", "job_events", "job_grants", "reports", "reporters", "removed_files", "usage_hours"),
    *("cases", "case_cards", "attestations", "direct_messages"),
}
PARTIAL = {  # of which each holds a few rows of many
    *("jobs_open", "jobs_to_do", "jobs_card_due", "jobs_held", "jobs_unsettled", "jobs_under_way"),
    *("jobs_remembered", "jobs_half_forgotten", "jobs_kept"),
    *("reports_undecided", "reports_told", "reports_with_persons", "cases_due", "cases_open"),
}


def noted_statements(patch: pytest.MonkeyPatch) -> set[str]:
    """Those that stores give to SQLite from now on; what a test asks for itself is not among them."""
    asked: set[str] = set()
    for queries in (SqliteTransaction, SqliteDatabase):
        patch.setattr(queries, "rows", _noting(asked, queries.rows))
    return asked


def _noting(asked: set[str], rows: Rows) -> Rows:
    async def noting(self: Any, sql: str, **parameters: object) -> Sequence[Row]:
        frame = sys._getframe(1)
        while frame.f_back and frame.f_code.co_filename.startswith(ENGINE):  # where `row` asks for `rows`
            frame = frame.f_back
        if frame.f_code.co_filename.startswith(STORES):
            asked.add(sql)
        return await rows(self, sql, **parameters)

    return noting


def scans(statements: set[str]) -> list[str]:
    """What SQLite says that it would do for them, where that is to go through all there is."""
    return [f"{step}: {' '.join(sql.split())}" for sql in sorted(statements) for step in _steps(sql) if _is_scan(step)]


def _is_scan(step: str) -> bool:
    found = re.match(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?", step)
    return found is not None and found[1] in GROWS and found[2] not in PARTIAL


@cache
def _steps(sql: str) -> list[str]:
    return [step for *_, step in _empty().execute(f"EXPLAIN QUERY PLAN {sql}", _Anything())]


@cache
def _empty() -> sqlite3.Connection:
    with TemporaryDirectory() as folder:
        connection = sqlite3.connect(":memory:", check_same_thread=False)
        connection.create_function("engine_now", 0, lambda: 0.0)
        with sqlite3.connect(make_database(Path(folder, "empty.db"))) as file:
            file.backup(connection)
        file.close()
        return connection


class _Anything(dict[str, None]):
    def __missing__(self, name: str) -> None:
        return None
