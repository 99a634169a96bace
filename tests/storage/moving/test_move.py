"""Everything goes from SQLite's file to PostgreSQL, whenever the move is killed, and a bot starts on one of them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import pytest

from storage.engine import sqlite, sqlite_database
from storage.engine.backup import reconcile
from storage.engine.database import STOP_IT, Database, StorageError, Transaction
from storage.engine.opening import existing_file, open_database
from storage.engine.postgres.database import connected
from storage.jobs.workers import Workers
from storage.moving import move as moving
from storage.moving.copying import copy_table, tables_in_order
from tests.jobs.old_database import load
from tests.storage.engines import Schema, emptied, nobody_runs

SAID = "Forget me when this is done"  # in the text of a job
MARKS = {"moved_away", "unfinished_move", "moved_here"}


@pytest.fixture
async def url(postgres: Mapping[Schema, str]) -> str:
    """The address of an empty database."""
    async with emptied(postgres["newest schema"]):
        return postgres["newest schema"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An old database with jobs in every state, and a copy of it with the newest schema as `before.db`."""
    load(tmp_path / "bot.db")
    with closing(sqlite3.connect(tmp_path / "bot.db")) as connection, connection:
        connection.execute("INSERT INTO facts (name, value) VALUES ('odd', 'a' || char(0) || 'b')")
    shutil.copy(tmp_path / "bot.db", tmp_path / "before.db")
    sqlite.migrate(tmp_path / "before.db")
    return tmp_path / "bot.db"


async def moved(file: Path, url: str) -> str:
    async with existing_file(file) as source:
        return await moving.move(file, source, url)


async def everything(file: Path, url: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Every row of every table in the file and in the other database, without what a move leaves."""
    async with sqlite.open_database(file) as before, connected(url) as after:
        tables = await tables_in_order(before)
        return await _rows(before, tables), await _rows(after, tables)


async def _rows(database: Database, tables: Iterable[str]) -> dict[str, Any]:
    found = {}
    for table in tables:
        rows = [dict(row) for row in await database.rows(f"SELECT * FROM {table}")]  # noqa: S608 - the tables' names
        found[table] = sorted((row for row in rows if row.get("name") not in MARKS), key=str)
    return found


async def starts(file: Path, url: str = "") -> list[str]:
    """The databases that a bot would start on."""
    found = []
    for name, address in [("file", ""), *([("postgres", url)] if url else [])]:
        if address:
            await nobody_runs(address)
        try:
            async with open_database(file, address) as database:
                if await database.row("SELECT 1 FROM jobs"):
                    found.append(name)
        except StorageError as error:
            assert "move-database" in str(error)  # noqa: PT017
    return found


async def test_every_row_is_there_and_ids_go_on_behind_the_last_one(file: Path, url: str, tmp_path: Path) -> None:
    said = await moved(file, url)
    before, after = await everything(tmp_path / "before.db", url)
    assert [row["value"] for row in after["facts"] if row["name"] == "odd"] == ["ab"]
    before["facts"] = [row for row in before["facts"] if row["name"] != "odd"]
    after["facts"] = [row for row in after["facts"] if row["name"] != "odd"]
    assert before == after
    are_open = sum(job["closed_at"] is None for job in before["jobs"])
    assert f"jobs: open jobs {are_open}" in " ".join(said.split())
    async with connected(url) as database, sqlite.open_database(tmp_path / "before.db") as old:
        for row in await old.rows("SELECT name, seq FROM sqlite_sequence WHERE seq > 0"):
            given = await database.write(partial(_next_id, table=row["name"]), guild_id=None)
            assert given == row["seq"] + 1


async def _next_id(tx: Transaction, table: str) -> int:
    row = await tx.row("SELECT nextval(CAST(pg_get_serial_sequence(:name, 'id') AS regclass)) AS id", name=table)
    assert row
    return int(row["id"])


async def test_the_jobs_of_the_process_that_worked_on_the_file_are_free_for_those_that_come(
    file: Path, url: str
) -> None:
    async with sqlite.open_database(file) as database:
        life = Workers(database)
        await life.begin(inf)
        await database.write(partial(_owned, life=life.life), guild_id=None)
    await moved(file, url)
    await nobody_runs(url)
    async with connected(url) as database:
        assert await database.rows("SELECT id FROM workers") == []
        assert await database.rows("SELECT id FROM jobs WHERE owner IS NOT NULL")


async def _owned(tx: Transaction, life: int) -> None:
    await tx.row("UPDATE jobs SET owner = :life", life=life)


async def test_a_bot_starts_on_what_was_moved_and_not_on_the_file(file: Path, url: str) -> None:
    assert await starts(file) == ["file"]
    await moved(file, url)
    assert await starts(file, url) == ["postgres"]
    await nobody_runs(url)
    assert await moved(file, url) == "Everything had been moved already."
    assert await starts(file, url) == ["postgres"]


async def test_nobody_lives_on_in_the_file_and_the_copy_beside_it_is_a_backup(file: Path, url: str) -> None:
    assert SAID.encode() in file.read_bytes()
    await moved(file, url)
    assert SAID.encode() not in file.read_bytes()
    copy = file.with_name("bot.db.before-postgresql")
    shutil.move(copy, file)
    async with open_database(file) as database:
        assert await reconcile(database)


class Killed(Exception):
    """The move ends here."""


def kill(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, at: int, *, first: bool = False) -> None:
    """Let the call of that number be the last thing that is done, or the first that isn't."""
    real, calls = getattr(owner, name), iter(range(1, 1000))

    async def call(*given: Any, **named: Any) -> Any:
        number = next(calls)
        if number == at and first:
            raise Killed
        result = await real(*given, **named)
        if number == at:
            raise Killed
        return result

    monkeypatch.setattr(owner, name, call)


KILLS: Mapping[str, tuple[Any, str, int, bool]] = {
    "the target is marked": (moving, "put_fact", 1, False),
    "one table is copied": (moving, "copy_table", 1, False),
    "ten tables are copied": (moving, "copy_table", 10, False),
    "the target is told that it is moved": (moving, "put_fact", 2, False),
    "the file is marked": (sqlite_database.SqliteDatabase, "write", 2, False),
    "the target is committed": (moving, "_empty", 1, True),
    "the file is emptied": (sqlite_database.SqliteDatabase, "write", 3, False),
}


@pytest.mark.parametrize("point", KILLS)
async def test_killed_anywhere_it_can_be_begun_again_and_no_bot_starts_on_two_databases(
    file: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    owner, name, at, first = KILLS[point]
    with monkeypatch.context() as patched:
        kill(patched, owner, name, at, first=first)
        with pytest.raises(Killed):
            await moved(file, url)
    expected = {"the file is marked": [], "the target is committed": ["postgres"], "the file is emptied": ["postgres"]}
    assert await starts(file, url) == expected.get(point, ["file"])
    await nobody_runs(url)
    await moved(file, url)
    assert await starts(file, url) == ["postgres"]
    before, after = await everything(tmp_path / "before.db", url)
    assert before["jobs"] == after["jobs"]
    assert before["job_events"] == after["job_events"]


async def test_a_bot_does_not_start_on_what_is_half_moved(
    file: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        kill(patched, moving, "copy_table", 3)
        with pytest.raises(Killed):
            await moved(file, url)
    await nobody_runs(url)
    with pytest.raises(StorageError, match="a move to it didn't come to its end"):
        async with open_database(file, url):
            pass


async def test_a_target_that_is_not_empty_is_refused_and_left_as_it_is(file: Path, url: str) -> None:
    async with connected(url) as database:
        await database.write(lambda tx: tx.row("INSERT INTO facts (name, value) VALUES ('a', 'b')"), guild_id=None)
    with pytest.raises(StorageError, match="it isn't empty"):
        await moved(file, url)
    async with connected(url) as database:
        assert [tuple(row) for row in await database.rows("SELECT name, value FROM facts")] == [("a", "b")]
    assert await starts(file) == ["file"]


async def test_what_was_moved_is_not_moved_to_a_second_database(file: Path, url: str) -> None:
    await moved(file, url)
    async with emptied(url):
        pass
    await nobody_runs(url)
    with pytest.raises(StorageError, match="has been moved to another database"):
        await moved(file, url)


async def test_nothing_is_moved_while_a_bot_runs_on_either(file: Path, url: str) -> None:
    async with open_database(file):
        with pytest.raises(StorageError, match=f"a bot is already running on {file}, so {STOP_IT}"):
            await moved(file, url)
    async with open_database(file, url):
        with pytest.raises(StorageError, match="a bot is already running on this database, so stop it"):
            await moved(file, url)
    assert await starts(file, url) == ["file"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DELETE FROM job_events WHERE ctid = (SELECT min(ctid) FROM job_events)", "the rows of job_events"),
        ("UPDATE jobs SET micros = micros + 1 WHERE id = 1", "the sums of jobs"),
        ("UPDATE usage_hours SET milliseconds = milliseconds + 1", "the sums of usage hours"),
    ],
)
async def test_what_comes_out_different_is_not_moved(
    file: Path, url: str, monkeypatch: pytest.MonkeyPatch, change: str, words: str
) -> None:
    async def badly(source: Database, target: Any, table: str) -> None:
        await copy_table(source, target, table)
        if table in change.split():
            await target.execute(change)

    with monkeypatch.context() as patched:
        patched.setattr(moving, "copy_table", badly)
        with pytest.raises(StorageError, match=f"nothing was moved, as these came out different: {words}"):
            await moved(file, url)
    assert await starts(file, url) == ["file"]
    await nobody_runs(url)
    await moved(file, url)


async def test_tables_come_behind_those_that_their_rows_refer_to(file: Path) -> None:
    async with existing_file(file) as source:
        tables = await tables_in_order(source)
    pairs = (("guilds", "jobs"), ("jobs", "job_events"), ("grants", "job_grants"), ("cases", "case_cards"))
    for earlier, later in pairs:
        assert tables.index(earlier) < tables.index(later)


async def test_more_rows_than_one_slice_holds_are_all_moved(
    file: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.moving.copying.SLICE", 3)
    await moved(file, url)
    before, after = await everything(tmp_path / "before.db", url)
    assert before["job_events"] == after["job_events"]
