"""What every engine keeps to: transactions that nobody can tear, and values that come back as they were."""

from __future__ import annotations

import asyncio
import sqlite3

import asyncpg
import pytest

from storage.engine.database import Conflict, Database, Transaction
from storage.jobs.job import NewJob, Position
from tests.conftest import GUILD
from tests.storage.plain import plain_jobs
from tests.welcome import welcome


def new_job(number: int) -> NewJob[str]:
    return NewJob(guild_id=GUILD, interaction_id=number, member_id=1, channel_id=1, provider="p", request="{}",
                  position=Position("s"), created_at=1.0, deadline_at=2.0)  # fmt: skip


async def put(database: Database, name: str, *, fail: bool = False) -> None:
    async def work(tx: Transaction) -> None:
        await tx.row("INSERT INTO facts (name, value) VALUES (:name, 'x')", name=name)
        if fail:
            raise RuntimeError("on purpose")

    await database.write(work, guild_id=None)


async def names(database: Database) -> set[str]:
    return {row["name"] for row in await database.rows("SELECT name FROM facts")}


async def test_a_write_is_visible_to_readers_when_it_returns(database: Database) -> None:
    await put(database, "a")
    assert await names(database) == {"a"}


async def test_one_task_that_rolls_back_takes_no_other_tasks_write_with_it(database: Database) -> None:
    calls = [put(database, f"n{i}", fail=i % 2 == 0) for i in range(40)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(result, RuntimeError) for result in results) == 20
    assert await names(database) == {f"n{i}" for i in range(1, 40, 2)}


@pytest.mark.parametrize("steps", range(1, 20))
async def test_cancelling_the_caller_does_not_tear_a_transaction(database: Database, steps: int) -> None:
    async def work(tx: Transaction) -> None:
        for name in ("kept", "too"):
            await tx.row("INSERT INTO facts (name, value) VALUES (:name, 'x')", name=name)

    task = asyncio.create_task(database.write(work, guild_id=None))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await database.drain()
    assert await names(database) == {"kept", "too"}
    await put(database, "next")


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises((sqlite3.OperationalError, asyncpg.ReadOnlySQLTransactionError)):
        await database.rows("DELETE FROM facts")


async def test_moments_ids_and_bytes_come_back_as_they_were(database: Database) -> None:
    guild_id, moment, sealed = 2**63 - 1, 1_795_776_000.123_456, bytes(range(256))

    async def work(tx: Transaction) -> None:
        await tx.row("INSERT INTO guilds (id, joined_at) VALUES (:id, :at)", id=guild_id, at=moment)
        await tx.row(
            """INSERT INTO keys (guild_id, provider, place, master_id, sealed, hint, added_by, added_at)
               VALUES (:id, 'runcomfy', 1, 'm', :sealed, '0001', :id, :at)""",
            id=guild_id,
            at=moment,
            sealed=sealed,
        )

    await database.write(work, guild_id=guild_id)
    row = await database.row("SELECT id, guild_id, sealed, added_by, added_at FROM keys")
    assert row
    assert dict(row) == {
        "id": 1, "guild_id": guild_id, "sealed": sealed, "added_by": guild_id, "added_at": moment
    }  # fmt: skip


async def test_a_text_loses_nothing_but_nul(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await tx.row("INSERT INTO facts (name, value) VALUES ('said', :value)", value="a\0b ' : ; -- é 🎬")

    await database.write(work, guild_id=None)
    assert await database.rows("SELECT 1 FROM facts WHERE value = :value", value="ab ' : ; -- é 🎬")


async def test_sums_are_whole_numbers(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await tx.row("INSERT INTO guilds (id, joined_at) VALUES (:id, 0.0)", id=GUILD)
        for hour in (1, 2):
            await tx.row(
                """INSERT INTO usage_hours (guild_id, hour, jobs, milliseconds, micros)
                   VALUES (:id, :hour, 1, 4000000000, 0)""",
                id=GUILD,
                hour=hour,
            )

    await database.write(work, guild_id=GUILD)
    row = await database.row("SELECT sum(milliseconds) AS used FROM usage_hours WHERE guild_id = :id", id=GUILD)
    assert row
    assert type(row["used"]) is int
    assert row["used"] == 8_000_000_000


async def test_what_a_rule_of_the_schema_refuses_is_told_without_the_row(database: Database) -> None:
    async def work(tx: Transaction) -> None:
        await tx.row(
            """INSERT INTO blocks (guild_id, member_id, reason, blocked_by, blocked_at)
               VALUES (:id, 1, 'my secret words', 1, 0.0)""",
            id=GUILD,
        )

    with pytest.raises(Conflict) as refused:
        await database.write(work, guild_id=GUILD)
    assert "secret" not in str(refused.value)
    assert str(GUILD) not in str(refused.value)


async def test_ids_that_are_skipped_are_given_to_no_row(database: Database) -> None:
    await welcome(database, GUILD)
    jobs = plain_jobs(database)
    first = (await jobs.enqueue(new_job(1))).job
    await database.write(lambda tx: tx.skip_ids("jobs", 1000), guild_id=None)
    assert ((await jobs.enqueue(new_job(2))).job).id > first.id + 1000
