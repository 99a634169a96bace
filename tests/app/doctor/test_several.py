"""What can be ill where several processes share a database on PostgreSQL and a bucket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from bot.app.parts import FILES_MARK
from bot.files.depot import Depot
from bot.words.admin import doctor as words
from bot.words.admin.finding import Level
from storage.engine.backup import reconcile
from storage.engine.database import Database
from storage.engine.encryption import MasterKeys
from storage.engine.installation import Installation as Facts
from storage.jobs.workers import Workers
from storage.servers.keys import Keys
from tests.app.doctor.conftest import KEY, ClockOf, Installation
from tests.bucket import SECRET, bucket_at
from tests.storage.engine.postgres.test_history import put_back
from tests.storage.engine.test_backup import enqueue
from tests.storage.engines import Schema, emptied
from tests.storage.plain import plain_jobs
from tests.welcome import welcome

ILL, WARNING = Level.ILL, Level.WARNING


@pytest.fixture
async def shared(installation: Installation, postgres: Mapping[Schema, str]) -> AsyncIterator[Database]:
    """The database of an installation of several processes, of which one is at work."""
    url = postgres["newest schema"]
    async with emptied(url) as database:
        await reconcile(database)
        await welcome(database, installation.discord.state.guild_id)
        keys = Keys(database, MasterKeys.parse(installation.master))
        await keys.put(installation.discord.state.guild_id, "runcomfy", {"k": KEY}, hint="nary", added_by=1, now=1.0)
        await Workers(database).begin(60.0)
        installation.set(DATABASE_URL=url)
        yield database


@pytest.mark.usefixtures("shared")
async def test_what_is_well_is_said_to_be_well(installation: Installation) -> None:
    assert await installation.look() == []


@pytest.mark.usefixtures("shared")
async def test_a_process_that_hears_no_commands_needs_no_way_in_for_them(installation: Installation) -> None:
    installation.set(ROLES="worker")
    installation.set(DISCORD_GATEWAY_URL="ws://127.0.0.1:9")
    assert await installation.look() == []


async def test_no_process_is_at_work(installation: Installation, shared: Database) -> None:
    await shared.write(lambda tx: tx.row("DELETE FROM workers"), guild_id=None)
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("at work", WARNING, words.START_BOT)


async def test_a_job_that_no_process_takes(installation: Installation, shared: Database) -> None:
    jobs = plain_jobs(shared)  # of nobody
    await welcome(shared, 1001)
    await enqueue(jobs, 1)
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("free jobs", ILL, words.ADD_WORKERS)
    assert found.what.startswith("1 open job has no process that works on it; the oldest was asked for ")


async def test_a_job_that_is_taken_meanwhile_is_none_of_those(installation: Installation, shared: Database) -> None:
    await welcome(shared, 1001)
    await enqueue(plain_jobs(shared), 1)

    class Taken(ClockOf):
        async def sleep(self, _: float) -> None:
            await shared.write(lambda tx: tx.row("UPDATE jobs SET owner = (SELECT id FROM workers)"), guild_id=None)

    assert await installation.look(Taken()) == []


@pytest.mark.usefixtures("shared")
async def test_a_clock_that_is_not_the_databases(installation: Installation) -> None:
    installation.patch.setattr("storage.engine.opening.time.time", lambda: 1.0)
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("database clock", ILL, words.SET_CLOCK)


@pytest.mark.usefixtures("shared")
async def test_another_line_of_history(installation: Installation, postgres: Mapping[Schema, str]) -> None:
    await put_back(postgres["newest schema"])
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("history", WARNING, words.OLDER)


async def test_a_schema_that_this_version_is_too_old_for(installation: Installation, shared: Database) -> None:
    async def work(tx: Any) -> int:
        (row,) = await tx.rows("SELECT version FROM engine_schema")
        await tx.row("UPDATE engine_schema SET version = 9999, serves_from = 9999")
        return int(row["version"])

    version = await shared.write(work, guild_id=None)
    try:
        found = await installation.one()
    finally:
        back = "UPDATE engine_schema SET version = :v, serves_from = :v"
        await shared.write(lambda tx: tx.row(back, v=version), guild_id=None)
    assert (found.name, found.level, found.advice) == ("schema", ILL, words.UPDATE_BOT)


async def test_a_server_that_isnt_there(installation: Installation) -> None:
    installation.set(DATABASE_URL="postgresql://bot:canary@127.0.0.1:9/bot")
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("database", ILL, words.SEE_DATABASE)
    assert found.what.startswith("DATABASE_URL: the server can't be used now")
    assert "canary" not in found.what


# The bucket


def use(installation: Installation, settings: Mapping[str, Any], **changed: str) -> None:
    """Keep files there."""
    given = {name.upper(): value for name, value in settings.items()} | changed
    installation.set(**{name: getattr(value, "get_secret_value", lambda v=value: v)() for name, value in given.items()})


async def test_a_bucket_that_is_well_is_left_as_it_is(
    installation: Installation, bucket_address: str, in_bucket: dict[str, Any]
) -> None:
    use(installation, in_bucket)
    assert await installation.look() == []
    assert await bucket_at(bucket_address, in_bucket["files_url"].rpartition("/")[2]).names("") == []


async def test_a_bucket_that_cant_be_used(installation: Installation, in_bucket: dict[str, Any]) -> None:
    use(installation, in_bucket, FILES_URL="s3://nowhere")
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("bucket", ILL, words.CHECK_BUCKET)
    assert SECRET not in found.what


async def test_a_bucket_of_another_database(
    installation: Installation, bucket_address: str, in_bucket: dict[str, Any], shared: Database
) -> None:
    use(installation, in_bucket)
    await Depot(bucket_at(bucket_address, in_bucket["files_url"].rpartition("/")[2])).claim("another")
    await Facts(shared).put(FILES_MARK, "mine")
    found = await installation.one()
    assert (found.name, found.level, found.advice) == ("bucket", ILL, words.CHECK_BUCKET)
    assert "holds the files of another database" in found.what
    await Facts(shared).put(FILES_MARK, "another")
    assert await installation.look() == []
