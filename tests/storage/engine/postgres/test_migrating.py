"""The schema on PostgreSQL: made at the first start, changed by one command, and checked before anybody works on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from storage.engine.database import StorageError
from storage.engine.opening import migrate_database, open_existing
from storage.engine.postgres import migrating
from storage.engine.postgres.database import open_database
from storage.engine.schema import migrations, serves_from
from storage.jobs.workers import Workers
from tests.conftest import GUILD
from tests.storage.engines import Schema
from tests.storage.plain import open_jobs, plain_jobs
from tests.welcome import welcome

KNOWN = migrations()
NEWEST = max(KNOWN)
EXPANDS = f"-- serves: {NEWEST}\nALTER TABLE guilds ADD COLUMN of_a_later_version TEXT NOT NULL DEFAULT 'x';"
CONTRACTS = "ALTER TABLE guilds DROP COLUMN of_a_later_version;"


@pytest.fixture
async def url(postgres: Mapping[Schema, str]) -> AsyncIterator[str]:
    """The address of a database that nothing is in, not even a schema."""
    address = postgres["newest schema"]
    name = f"{urlsplit(address).path[1:]}_bare"  # one for each process of the tests
    async with one(address) as server:
        await server.execute(f"CREATE DATABASE {name}")
        yield urlsplit(address)._replace(path=f"/{name}").geturl()
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def one(url: str) -> Any:
    """A connection of somebody else's."""
    return asyncpg.create_pool(url, min_size=0, max_size=1)


def knowing(patch: pytest.MonkeyPatch, *later: str) -> None:
    """Have the bot be a version that knows these migrations, too."""
    steps = {**KNOWN, **dict(enumerate(later, NEWEST + 1))}
    patch.setattr(migrating, "migrations", lambda: steps)


async def schema_of(url: str) -> tuple[int, int]:
    async with one(url) as connection:
        row = await connection.fetchrow("SELECT version, serves_from FROM engine_schema")
    return row["version"], row["serves_from"]


async def test_of_several_first_starts_at_once_each_finds_the_whole_schema(url: str) -> None:
    async def start() -> int:
        async with one(url) as pool, pool.acquire() as connection:
            return await migrating.ensure_schema(connection)

    assert await asyncio.gather(*(start() for _ in range(5))) == [NEWEST] * 5
    assert await schema_of(url) == (NEWEST, serves_from(KNOWN, NEWEST))


async def test_who_asks_for_a_database_that_exists_makes_none(url: str) -> None:
    with pytest.raises(StorageError, match="there is no database of Mouthpiece"):
        async with open_existing(Path(), url):
            pass
    async with one(url) as connection:
        assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    assert await migrate_database(Path(), url) == NEWEST
    async with open_existing(Path(), url) as database:
        assert await open_jobs(plain_jobs(database)) == []


async def test_a_start_on_an_older_schema_changes_nothing_and_names_the_command(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await migrate_database(Path(), url) == NEWEST
    knowing(monkeypatch, EXPANDS)
    with pytest.raises(StorageError, match=f"schema is {NEWEST}, .* needs {NEWEST + 1}: run `python -m bot migrate`"):
        async with open_database(url):
            pass
    assert await schema_of(url) == (NEWEST, serves_from(KNOWN, NEWEST))
    assert await migrate_database(Path(), url) == NEWEST + 1
    async with open_database(url):
        pass


async def test_an_older_process_works_on_while_the_schema_grows_and_can_be_started_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_database(url) as database:
        await welcome(database, GUILD, 1)
        assert await open_jobs(plain_jobs(database)) == []
        with monkeypatch.context() as newer:
            knowing(newer, EXPANDS)
            assert await migrate_database(Path(), url) == NEWEST + 1
        await welcome(database, GUILD + 1, 2)
        assert await open_jobs(plain_jobs(database)) == []
    async with open_database(url) as database:
        await welcome(database, GUILD + 2, 3)
    assert await migrate_database(Path(), url) == NEWEST + 1


async def test_a_schema_that_serves_an_older_process_no_more_is_not_worked_on_by_one(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        knowing(newer, EXPANDS, CONTRACTS)
        assert await migrate_database(Path(), url) == NEWEST + 2
    with pytest.raises(StorageError, match=rf"newer version of this bot \(schema {NEWEST + 2}, .* I know {NEWEST}\)"):
        async with open_database(url):
            pass
    with pytest.raises(StorageError, match="newer version"):
        await migrate_database(Path(), url)
    knowing(monkeypatch, EXPANDS)  # one step behind, and not served either
    with pytest.raises(StorageError, match="newer version"):
        async with open_database(url):
            pass
    assert await schema_of(url) == (NEWEST + 2, NEWEST + 2)


async def test_a_schema_is_not_begun_while_a_process_is_at_work_that_it_does_not_serve(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_database(url) as database:
        old = Workers(database)
        await old.begin(3600.0)
        knowing(monkeypatch, EXPANDS, CONTRACTS)
        refused = rf"know schema {NEWEST}, and {NEWEST + 2} serves only those that know {NEWEST + 2}: stop them first"
        with pytest.raises(StorageError, match=refused):
            await migrate_database(Path(), url)
        assert await schema_of(url) == (NEWEST + 1, NEWEST)
        await welcome(database, GUILD, 1)
        await old.end()
    assert await migrate_database(Path(), url) == NEWEST + 2


@pytest.mark.parametrize(
    ("steps", "served"),
    [
        ({1: "", 2: "", 3: ""}, 3),
        ({1: "", 2: "-- serves: 1\n"}, 1),
        ({1: "", 2: "-- A comment.\n-- serves: 1\nSELECT 1;", 3: "-- serves: 2"}, 2),
        ({1: "", 2: "", 3: "-- serves: 1"}, 2),  # a promise that the step before it has broken
        ({1: "", 2: "SELECT '-- serves: 1';"}, 2),
    ],
)
def test_a_schema_serves_whom_each_of_its_steps_serves(steps: Mapping[int, str], served: int) -> None:
    assert serves_from(steps, max(steps)) == served


async def test_of_steps_of_which_one_fails_those_before_it_are_taken_and_the_rest_not_at_all(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await migrate_database(Path(), url)
    with monkeypatch.context() as patch:
        knowing(patch, EXPANDS, "CREATE TABLE later (x TEXT) STRICT; CREATE TABLE guilds (x TEXT) STRICT;")
        with pytest.raises(asyncpg.DuplicateTableError):
            await migrate_database(Path(), url)
    assert await schema_of(url) == (NEWEST + 1, NEWEST)
    async with one(url) as connection:
        assert await connection.fetchval("SELECT to_regclass('later')") is None


async def test_nothing_of_a_new_schema_is_left_when_one_of_its_steps_fails(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        knowing(patch, "CREATE TABLE guilds (x TEXT) STRICT;")
        with pytest.raises(asyncpg.DuplicateTableError):
            async with open_database(url):
                pass
    assert (await schema_of(url))[0] == 0
    async with open_database(url):
        pass


async def test_whoever_reads_the_tables_for_long_has_the_migration_give_up_and_not_everybody_wait(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "_PATIENCE", "SET LOCAL lock_timeout = '50ms'")
    await migrate_database(Path(), url)
    knowing(monkeypatch, EXPANDS)
    async with one(url) as connection, connection.acquire() as dumping, dumping.transaction():
        await dumping.execute("SELECT 1 FROM guilds")
        with pytest.raises(StorageError, match="such as pg_dump, uses its tables"):
            await migrate_database(Path(), url)
    assert await migrate_database(Path(), url) == NEWEST + 1


async def test_a_database_from_before_schemas_said_whom_they_serve_is_worked_on(url: str) -> None:
    await migrate_database(Path(), url)
    async with one(url) as connection:
        await connection.execute("ALTER TABLE engine_schema DROP COLUMN serves_from")
    async with open_database(url):
        pass
    assert await migrate_database(Path(), url) == NEWEST
