"""A statement that goes through everything is told apart from one that finds what it wants."""

from __future__ import annotations

import pytest

from storage.engine.database import Database
from storage.jobs.jobs import Jobs
from tests.storage.plain import plain_jobs
from tests.storage.scans import noted_statements, scans


@pytest.mark.parametrize(
    ("statement", "is_scan"),
    [
        ("SELECT id FROM jobs WHERE provider = :provider", True),
        ("SELECT count(*) FROM jobs", True),
        ("SELECT id FROM jobs WHERE id = :id", False),
        ("SELECT id FROM jobs WHERE closed_at IS NULL", False),
        ("SELECT id FROM guilds WHERE left_at IS NULL", False),
        ("SELECT job_id FROM job_grants JOIN grants ON grants.id = grant_id WHERE until_at > :now", True),
        ("SELECT sum(jobs) FROM usage_hours WHERE hour > :hour", False),
        ("SELECT id FROM cases WHERE subject_id = :id", True),
    ],
)
def test_a_scan_of_a_table_that_grows_is_found(statement: str, *, is_scan: bool) -> None:
    assert bool(scans({statement})) is is_scan


async def test_what_a_store_asks_for_is_noted_and_what_a_test_asks_for_is_not(
    database: Database, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    if engine != "sqlite":
        return
    asked, jobs = noted_statements(monkeypatch), plain_jobs(database)
    assert isinstance(jobs, Jobs)
    await jobs.get(1, 2)
    await database.rows("SELECT count(*) FROM jobs")
    (statement,) = asked
    assert "WHERE id = :id" in statement or "AND id = :id" in statement
