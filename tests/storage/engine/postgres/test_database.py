"""PostgreSQL: one writer per server at a time, and every write once, wherever the connection is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from storage.engine import opening
from storage.engine.database import Database, StorageError, Transaction, Unsettled
from storage.engine.postgres import commit_keys
from storage.engine.postgres.database import PostgresDatabase, connected, open_database
from tests.conftest import GUILD, OTHER_GUILD
from tests.storage.engine.postgres.proxy import Proxy
from tests.storage.engines import Schema, emptied
from tests.welcome import welcome


@pytest.fixture
async def url(postgres: Mapping[Schema, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty database, and no pause between attempts."""
    monkeypatch.setattr("storage.engine.postgres.database.PAUSES", (0.0,) * 7)
    async with emptied(postgres["newest schema"]):
        return postgres["newest schema"]


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    """An empty database."""
    async with connected(url) as opened:
        yield opened


@pytest.fixture
async def proxy(url: str, tmp_path: Path) -> AsyncIterator[Proxy]:
    """Stands between the database and who asks it for its address."""
    async with Proxy(url, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def beside(url: str) -> AsyncIterator[Any]:
    """A connection of somebody else's."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def put(database: Database, name: str, runs: list[str]) -> None:
    async def work(tx: Transaction) -> None:
        runs.append(name)
        await tx.row("INSERT INTO facts (name, value) VALUES (:name, 'x')", name=name)

    await database.write(work, guild_id=GUILD)


async def names(database: Database) -> list[str]:
    return [row["name"] for row in await database.rows("SELECT name FROM facts ORDER BY name")]


@pytest.mark.parametrize(("arrives", "runs"), [(True, ["a", "b"]), (False, ["a", "b", "b"])])
async def test_a_write_whose_commit_got_no_answer_is_made_exactly_once(
    proxy: Proxy, *, arrives: bool, runs: list[str]
) -> None:
    ran: list[str] = []
    async with connected(proxy.url) as database:
        await put(database, "a", ran)
        proxy.cut_at_commit(arrives=arrives)
        await put(database, "b", ran)
        assert await names(database) == ["a", "b"]
    assert ran == runs


async def test_a_commit_that_nothing_can_be_found_out_about_is_called_that(proxy: Proxy) -> None:
    ran: list[str] = []
    async with connected(proxy.url) as database:
        proxy.cut_at_commit(arrives=True, for_good=True)
        with pytest.raises(Unsettled):
            await put(database, "a", ran)
    assert ran == ["a"]


async def test_a_transaction_is_waited_for_before_it_is_said_whether_it_was_committed(url: str) -> None:
    key = uuid4()
    async with beside(url) as writer, asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        await writer.execute("BEGIN")
        await commit_keys.begin(writer, key, GUILD)
        settled = asyncio.create_task(commit_keys.settle(pool, key))
        while not await pool.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            assert not settled.done()
        await writer.execute("COMMIT")
        assert await settled is True


async def test_a_transaction_that_was_said_not_to_be_committed_never_is(url: str) -> None:
    key = uuid4()
    async with beside(url) as writer, asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        assert [await commit_keys.settle(pool, key) for _ in range(2)] == [False, False]
        with pytest.raises(asyncpg.UniqueViolationError):
            await commit_keys.begin(writer, key, GUILD)


async def test_keys_of_commits_are_thrown_away_a_day_later(url: str) -> None:
    async with beside(url) as writer:
        for days in (0, 2):
            await writer.execute(
                "INSERT INTO engine_commits (key, committed, at) VALUES ($1, TRUE, now() - $2 * interval '1 day')",
                UUID(int=days),
                days,
            )
        async with connected(url) as database:
            await put(database, "a", [])
        assert await writer.fetchval("SELECT count(*) FROM engine_commits WHERE key = $1", UUID(int=0)) == 1
        assert await writer.fetchval("SELECT count(*) FROM engine_commits WHERE key = $1", UUID(int=2)) == 0


async def test_a_write_that_loses_its_connection_half_way_is_made_again(database: Database) -> None:
    runs = 0

    async def work(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        await tx.row("INSERT INTO facts (name, value) VALUES ('a', 'x')")
        if runs == 1:
            await tx.row("SELECT pg_terminate_backend(pg_backend_pid())")
        await tx.row("INSERT INTO facts (name, value) VALUES ('b', 'x')")

    await database.write(work, guild_id=GUILD)
    assert (runs, await names(database)) == (2, ["a", "b"])


async def test_connections_that_were_lost_meanwhile_are_made_again(database: Database, url: str) -> None:
    await put(database, "a", [])
    assert await names(database) == ["a"]
    async with beside(url) as other:
        await other.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
        assert await names(database) == ["a"]
        await put(database, "b", [])
    assert await names(database) == ["a", "b"]


async def test_of_two_writes_that_wait_for_each_other_both_are_made(database: Database) -> None:
    for name in ("a", "b"):
        await put(database, name, [])
    both = asyncio.Barrier(2)
    runs: list[str] = []

    async def cross(first: str, second: str) -> None:
        async def work(tx: Transaction) -> None:
            runs.append(first)
            await tx.row("UPDATE facts SET value = value || :first WHERE name = :first", first=first)
            if len(runs) <= 2:
                await both.wait()
            await tx.row("UPDATE facts SET value = value || :first WHERE name = :second", first=first, second=second)

        await database.write(work, guild_id=None)

    await asyncio.gather(cross("a", "b"), cross("b", "a"))
    values = [row["value"] for row in await database.rows("SELECT value FROM facts ORDER BY name")]
    assert [sorted(value) for value in values] == [["a", "b", "x"]] * 2
    assert len(runs) == 3


async def test_a_server_whose_writes_are_held_up_holds_up_no_other(database: Database, url: str) -> None:
    async with beside(url) as somebody:
        await somebody.execute("SELECT pg_advisory_lock($1)", GUILD)
        waiting = [asyncio.create_task(put(database, f"n{number}", [])) for number in range(20)]
        await welcome(database, OTHER_GUILD)
        assert not any(task.done() for task in waiting)
        await somebody.execute("SELECT pg_advisory_unlock($1)", GUILD)
        await asyncio.gather(*waiting)
    assert len(await names(database)) == 20


async def test_several_bots_work_on_the_same_database_unless_one_is_to_be_alone(url: str) -> None:
    async with open_database(url), open_database(url):
        with pytest.raises(StorageError, match="a bot is already running"):
            async with open_database(url, alone=True):
                pass
    async with open_database(url, alone=True):
        with pytest.raises(StorageError, match="for itself alone is already running"):
            async with open_database(url):
                pass
    for alone in [False, True] * 10:  # whoever leaves lets go before that is over
        async with open_database(url, alone=alone):
            pass


async def test_a_server_that_is_too_old_is_called_that(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.engine.postgres.setup.OLDEST", 999)
    with pytest.raises(StorageError, match="999 or newer is needed"):
        async with open_database(url):
            pass


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("newest_", "another_"), "no such database, so create it"),
        (("host=/", "host=/nowhere/"), "can't be used now"),
        (("postgresql://", "postgresql://bot:pass@local:port/"), "no address of a PostgreSQL database"),
    ],
)
async def test_each_reason_why_it_cannot_be_used_is_told_by_what_to_do(
    url: str, change: tuple[str, str], words: str
) -> None:
    with pytest.raises(StorageError, match=words):
        async with open_database(url.replace(*change)):
            pass


async def test_every_number_is_stored_in_eight_bytes(url: str) -> None:
    async with beside(url) as other:
        rows = await other.fetch(
            """SELECT DISTINCT data_type FROM information_schema.columns JOIN information_schema.tables
                 USING (table_schema, table_name)
               WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name NOT LIKE 'engine_%'"""
        )
    assert {row["data_type"] for row in rows} == {"bigint", "double precision", "text", "bytea"}


async def test_the_moment_is_told_by_the_servers_clock(database: Database) -> None:
    before = time.time()
    now = await database.now()
    assert now
    assert before - 1.0 <= now <= time.time() + 1.0


@pytest.mark.parametrize(("seconds", "words"), [(3.5, "ahead of"), (-3.5, "behind"), (1.0, ""), (-1.0, "")])
async def test_a_server_with_another_time_is_not_worked_on(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, words: str
) -> None:
    async def now(_: Database) -> float:
        return time.time() + seconds

    monkeypatch.setattr(PostgresDatabase, "now", now)
    refused = pytest.raises(StorageError, match=f"the clock of its machine is . s {words} this one's")
    with refused if words else nullcontext():
        async with opening.open_database(tmp_path / "bot.db", url):
            pass


async def test_a_slow_answer_is_no_other_time(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100.0, 160.0])
    monkeypatch.setattr(opening, "time", SimpleNamespace(time=lambda: next(moments)))

    async def now(_: Database) -> float:
        return 130.0

    monkeypatch.setattr(PostgresDatabase, "now", now)
    async with opening.open_database(tmp_path / "bot.db", url):
        pass


async def test_a_file_has_the_clock_of_its_machine(tmp_path: Path) -> None:
    async with opening.open_database(tmp_path / "bot.db") as database:
        before = time.time()
        assert before <= await database.now() <= time.time()
