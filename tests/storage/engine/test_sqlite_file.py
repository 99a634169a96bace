"""SQLite's file: one process at a time, migrations forward only, and what is said of one that can't be used."""

from __future__ import annotations

import fcntl
import json
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest

from storage.engine import sqlite_lock
from storage.engine.database import StorageError, Transaction
from storage.engine.schema import migrations
from storage.engine.sqlite import migrate, open_database
from storage.engine.sqlite_file import told_apart
from storage.engine.sqlite_lock import is_owned
from storage.jobs.workers import Workers, end_earlier_lives
from tests.conftest import GUILD
from tests.storage.jobs.test_jobs import enqueue
from tests.storage.plain import plain_jobs
from tests.welcome import welcome


async def test_the_settings_that_durability_rests_on_are_in_force(tmp_path: Path) -> None:
    async def work(tx: Transaction) -> list[object]:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        return [value for pragma in pragmas for value in (await tx.row(f"PRAGMA {pragma}") or ())]

    async with open_database(tmp_path / "bot.db") as database:
        assert await database.write(work, guild_id=None) == ["wal", 2, 1]


async def test_a_second_bot_on_the_same_file_is_refused(tmp_path: Path) -> None:
    async with open_database(tmp_path / "bot.db"):
        with pytest.raises(StorageError, match="already running"):
            async with open_database(tmp_path / "bot.db"):
                pass
    async with open_database(tmp_path / "bot.db"):
        pass


async def test_whoever_looks_whether_a_bot_is_at_work_makes_nothing(tmp_path: Path) -> None:
    assert not is_owned(tmp_path / "bot.db")
    assert list(tmp_path.iterdir()) == []
    async with open_database(tmp_path / "bot.db"):
        assert is_owned(tmp_path / "bot.db")
        assert is_owned(tmp_path / "bot.db")
    assert not is_owned(tmp_path / "bot.db")


async def test_a_bot_that_starts_while_somebody_looks_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_lock, "PAUSES", (0.0,))
    lookers, real = [1], fcntl.flock

    def flock(file: Any, how: int) -> None:
        if lookers and lookers.pop():
            raise BlockingIOError
        real(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    async with open_database(tmp_path / "bot.db"):
        assert is_owned(tmp_path / "bot.db")


async def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    async with open_database(tmp_path / "data" / "bot.db"):
        assert stat.S_IMODE((tmp_path / "data" / "bot.db").stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 9999")
    with pytest.raises(StorageError, match="newer version"):
        migrate(path)


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    path.write_bytes(b"not a database at all, but long enough to look at" * 40)
    with pytest.raises(StorageError, match="not a database"):
        migrate(path)


def test_a_full_disk_is_called_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect

    def small(*given: Any, **how: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*given, **how)
        connection.execute("PRAGMA max_page_count = 2")  # SQLite says of it what it says of a full disk
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    with pytest.raises(StorageError, match=r"is full, so make room"):
        migrate(tmp_path / "bot.db")


async def test_a_file_that_cannot_be_opened_is_not_called_no_database(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    async with open_database(path):
        pass
    (tmp_path / "bot.db-wal").mkdir()  # in the place of a file that SQLite needs beside its own
    with pytest.raises(StorageError, match=r"can't be opened, so check that the bot may write"):
        migrate(path)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_IOERR_SHMSIZE, "can't be read or written"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "is damaged"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "can't be opened"),
        (sqlite3.SQLITE_BUSY, "in use by another program"),
    ],
)
def test_each_kind_of_sqlites_errors_is_told_by_what_to_do(tmp_path: Path, code: int, words: str) -> None:
    error = sqlite3.OperationalError("its own words")
    error.sqlite_errorcode = code
    with pytest.raises(StorageError, match=f"{words}.*: its own words"), told_apart(tmp_path / "bot.db"):
        raise error


def test_an_existing_file_is_copied_before_it_is_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bot.db"
    migrate(path)
    known = dict(migrations())
    newest = max(known)
    later = {**known, newest + 1: "CREATE TABLE later (x TEXT) STRICT;"}
    monkeypatch.setattr("storage.engine.sqlite.migrations", lambda: later)
    migrate(path)
    copy = tmp_path / f"bot.db.before-{newest + 1}"
    with closing(sqlite3.connect(path)) as now, closing(sqlite3.connect(copy)) as before:
        assert now.execute("PRAGMA user_version").fetchone()[0] == newest + 1
        assert before.execute("PRAGMA user_version").fetchone()[0] == newest


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bot.db"
    migrate(path)
    newest = max(migrations())
    statements = "CREATE TABLE later (x TEXT) STRICT; CREATE TABLE guilds (again TEXT) STRICT;"
    broken = {**migrations(), newest + 1: statements}
    monkeypatch.setattr("storage.engine.sqlite.migrations", lambda: broken)
    with pytest.raises(sqlite3.OperationalError):
        migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == newest
        assert not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'later'").fetchall()


def test_keys_and_open_jobs_of_the_first_release_live_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bot.db"
    every = dict(migrations())
    with monkeypatch.context() as older:
        older.setattr("storage.engine.sqlite.migrations", lambda: {1: every[1]})
        migrate(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(
            """INSERT INTO guilds (id, joined_at) VALUES (1, 0.0);
               INSERT INTO keys VALUES (1, 'runcomfy', 'first', x'00', '0001', 5, 9.0);
               INSERT INTO keys VALUES (1, 'runware', 'first', x'01', '0002', 5, 8.0);
               INSERT INTO jobs (guild_id, interaction_id, member_id, provider, request, created_at, deadline_at,
                                 channel_id, stage)
               VALUES (1, 2, 3, 'runcomfy', '{"mode": "text", "text": "Hi"}', 1.0, 2.0, 4, 'text');"""
        )
    migrate(path)
    with closing(sqlite3.connect(path)) as connection:
        keys = connection.execute("SELECT provider, place, hint FROM keys ORDER BY place").fetchall()
        assert keys == [("runware", 1, "0002"), ("runcomfy", 2, "0001")]
        provider, request, fallbacks = connection.execute(
            """SELECT keys.provider, jobs.request, jobs.fallbacks FROM jobs JOIN keys ON keys.id = jobs.key_id"""
        ).fetchone()
        assert (provider, fallbacks) == ("runcomfy", "[]")
        assert json.loads(request) == {"mode": "text", "text": "Hi", "flow": "text"}


def test_jobs_from_before_the_limits_are_kept_whole_and_count_from_when_they_were_asked_for(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bot.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for number in range(1, 5):
            old.executescript(f"BEGIN;\n{migrations()[number]}\nPRAGMA user_version = {number};\nCOMMIT;")
        old.execute("INSERT INTO guilds (id, joined_at) VALUES (1, 5.0)")
        request = '{"flow": "text", "mode": "text", "video": {"url": "u", "name": "v.mp4", "size": 1, "seconds": 4.5}}'
        for job, state, cost, failure, ended in (
            (7, "running", None, None, None),
            (8, "succeeded", "0.14", None, 20.0),
            (9, "failed", None, "no_key", 20.0),
            (10, "unknown", None, "unknown_outcome", 20.0),
        ):
            old.execute(
                """INSERT INTO jobs (id, guild_id, interaction_id, member_id, provider, request, created_at,
                     deadline_at, channel_id, state, stage, handle, remote, cost_usd, failure, ended_at)
                   VALUES (?, 1, ?, 2, 'runcomfy', ?, 10.0, 99.0, 3, ?, 'text', 'h', 'r', ?, ?, ?)""",
                (job, job, request, state, cost, failure, ended),
            )
            old.execute("INSERT INTO job_events VALUES (1, ?, 10.0, 'none', 'queued', 'text', '')", (job,))
        old.execute("DELETE FROM jobs WHERE id = 10")
        old.execute("DELETE FROM job_events WHERE job_id = 10")
    migrate(path)
    with closing(sqlite3.connect(path)) as new:
        rows = new.execute(
            "SELECT id, state, counted_at, milliseconds, micros, request FROM jobs ORDER BY id"
        ).fetchall()
        assert rows == [
            (7, "running", 10.0, 4500, 0, request),
            (8, "succeeded", 10.0, 4500, 140_000, request),
            (9, "failed", None, 4500, 0, request),
        ]
        spent = new.execute("SELECT id, spent_micros FROM jobs ORDER BY id").fetchall()
        assert spent == [(7, None), (8, 140_000), (9, 0)]
        assert new.execute("SELECT count(*) FROM job_events").fetchone() == (3,)
        assert new.execute("PRAGMA foreign_key_check").fetchall() == []
        assert new.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert new.execute("SELECT seq FROM sqlite_sequence WHERE name = 'jobs'").fetchone() == (10,)
        assert new.execute("SELECT count(*) FROM rules").fetchone() == (0,)
    assert path.with_name(f"bot.db.before-{max(migrations())}").exists()


def test_videos_that_were_too_large_before_they_could_be_fetched_can_be_fetched_for_their_week(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for number in range(1, 6):
            old.executescript(f"BEGIN;\n{migrations()[number]}\nPRAGMA user_version = {number};\nCOMMIT;")
        old.execute("INSERT INTO guilds (id, joined_at) VALUES (1, 5.0)")
        for job, failure in ((7, "result_too_large"), (8, None)):
            old.execute(
                """INSERT INTO jobs (id, guild_id, interaction_id, member_id, provider, request, created_at,
                     deadline_at, channel_id, state, stage, failure, ended_at, closed_at)
                   VALUES (?, 1, ?, 2, 'runcomfy', '{}', 10.0, 99.0, 3, 'succeeded', 'text', ?, 20.0, 30.0)""",
                (job, job, failure),
            )
    migrate(path)
    with closing(sqlite3.connect(path)) as new:
        rows = new.execute("SELECT id, failure, kept_until FROM jobs ORDER BY id").fetchall()
    assert rows == [(7, "kept", 30.0 + 7 * 86_400), (8, None, None)]


def test_what_stays_of_a_request_and_its_voice_are_read_from_older_rows(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    requests = {
        7: '{"flow": "text", "mode": "text", "text": "Hi", "voice": "en:one"}',
        8: '{"flow": "audio", "mode": "audio", "voice": null}',
        9: "{cut off",
    }
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for number in range(1, 12):
            old.executescript(f"BEGIN;\n{migrations()[number]}\nPRAGMA user_version = {number};\nCOMMIT;")
        old.execute("INSERT INTO guilds (id, joined_at) VALUES (1, 5.0)")
        old.execute("INSERT INTO rules VALUES (1, 'everyone', 0, 'jobs', 'day', 3)")
        for job, request in requests.items():
            old.execute(
                """INSERT INTO jobs (id, guild_id, interaction_id, member_id, provider, request, created_at,
                     deadline_at, channel_id, state, stage, counted_at)
                   VALUES (?, 1, ?, 2, 'runcomfy', ?, 10.0, 99.0, 3, 'queued', 'text', 10.0)""",
                (job, job, request),
            )
    migrate(path)
    with closing(sqlite3.connect(path)) as new:
        rows = new.execute("SELECT request, bare_request, voice FROM jobs ORDER BY id").fetchall()
        assert rows == [
            (requests[7], '{"flow":"text","mode":"text"}', "en:one"),
            (requests[8], '{"flow":"audio","mode":"audio"}', None),
            (requests[9], '{"flow":"","mode":"text"}', None),
        ]
        assert new.execute("SELECT period, most FROM rules").fetchall() == [("day", 3)]


def test_no_two_migrations_have_one_number() -> None:
    folder = Path(__file__).parents[3] / "storage" / "engine" / "migrations"
    numbers = sorted(int(file.name[:4]) for file in folder.glob("*.sql"))
    assert numbers == list(range(1, len(numbers) + 1))


ENDED = {
    # What a row said of its money until then, and whether its provider charges for it.
    "free": ("failed", "bad_key", None, 0, None, 0, None),
    "a free video": ("succeeded", None, 1.0, 0, "0", 0, None),
    "a video": ("succeeded", None, 1.0, 50_000, None, None, None),
    "named": ("failed", "provider_failed", 1.0, 50_000, "0.05", 50_000, None),
    "failed": ("failed", "provider_failed", 1.0, 50_000, None, None, None),
    "cancelled after its first step": ("cancelled", "cancelled", 1.0, 50_000, None, None, None),
    "cancelled by the provider": ("cancelled", "cancelled_by_provider", 1.0, 50_000, None, None, None),
    "unknown": ("unknown", "gone", 1.0, 50_000, "0.01", None, None),
    "settled as charged": ("unknown", "gone", 1.0, 50_000, None, None, 5.0),
    "settled as free": ("unknown", "gone", None, 50_000, None, 0, 5.0),
}
CHARGES = ["free", "free", "paid", "paid", "unclear", "paid", "unclear", "unclear", "paid", "free"]


def test_what_older_rows_say_of_their_money_is_kept_as_whether_the_provider_charges(tmp_path: Path) -> None:
    path = tmp_path / "bot.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as old:
        for number in range(1, 16):
            old.executescript(f"BEGIN;\n{migrations()[number]}\nPRAGMA user_version = {number};\nCOMMIT;")
        old.execute("INSERT INTO guilds (id, joined_at) VALUES (1, 5.0)")
        insert = """INSERT INTO jobs (id, guild_id, interaction_id, member_id, provider, request, created_at,
                      deadline_at, channel_id, stage, ended_at, state, failure, counted_at, micros, cost_usd,
                      spent_micros, settled_at)
                    VALUES (?, 1, ?, 2, 'runware', '{}', 1.0, 99.0, 3, 'text', ?, ?, ?, ?, ?, ?, ?, ?)"""
        for job, row in enumerate(ENDED.values()):
            old.execute(insert, (job, job, 20.0, *row))
        for job, cost in ((98, None), (99, "0.01")):
            old.execute(insert, (job, job, None, "queued", None, 1.0, 0, cost, None, None))
    migrate(path)
    with closing(sqlite3.connect(path)) as new:
        found = new.execute("SELECT charge, has_unnamed_costs FROM jobs ORDER BY id").fetchall()
    assert found == [*((charge, 0) for charge in CHARGES), (None, 0), (None, 1)]


async def test_whoever_worked_on_the_file_has_ended_when_another_works_on_it(tmp_path: Path) -> None:
    async with open_database(tmp_path / "bot.db") as database:
        workers = Workers(database)
        await workers.begin(inf)
        await welcome(database, GUILD)
        job = await enqueue(plain_jobs(database, workers.life))
    async with open_database(tmp_path / "bot.db") as database:
        assert await database.rows("SELECT id FROM workers")
        await end_earlier_lives(database)
        assert not await database.rows("SELECT id FROM workers")
        assert await plain_jobs(database).get(GUILD, job.id) == replace(job, owner=None)
