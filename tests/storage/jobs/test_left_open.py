"""What was left open is read some at a time by the one process that has it all, and nothing is written for that."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.job import RequestCodec
from storage.engine.database import Database, Transaction
from storage.engine.encryption import MasterKeys
from storage.jobs import claims
from storage.jobs.damaged import Damaged
from storage.stores import Stores
from tests.conftest import GUILD, OTHER_GUILD
from tests.storage.jobs.test_jobs import enqueue
from tests.storage.plain import plain_claims, plain_jobs
from tests.welcome import welcome


@pytest.fixture(autouse=True)
async def _servers(database: Database) -> None:
    await welcome(database, GUILD)
    await welcome(database, OTHER_GUILD)


async def test_every_job_is_read_once_a_few_at_a_time_and_nothing_is_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = plain_jobs(database)
    left = [await enqueue(jobs, number, guild_id) for number, guild_id in enumerate([GUILD, OTHER_GUILD] * 4)]

    async def write(*_: Any) -> None:
        raise AssertionError("something was written")

    monkeypatch.setattr(database, "_transact", write)
    monkeypatch.setattr(claims, "SLICE", 3)
    read = [found async for found, _ in plain_claims(database, jobs).left_open()]
    assert [len(found) for found in read] == [3, 3, 2]
    assert sorted((job for found in read for job in found), key=lambda job: job.id) == left


async def test_what_is_closed_is_left_out_unless_its_card_is_due(database: Database) -> None:
    jobs = plain_jobs(database)
    for number, card_id in enumerate((None, 5)):
        job = await jobs.amend(await enqueue(jobs, number), now=2.0, card_id=card_id)
        await jobs.close(await jobs.move(job, "failed", now=2.0, failure="f"), reply_id=1, now=2.0)
    ((read, _),) = [found async for found in plain_claims(database, jobs).left_open()]
    assert [job.card_id for job in read] == [5]


async def test_rows_that_cannot_be_read_are_told_apart_and_end_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = plain_jobs(database)
    left = [await enqueue(jobs, number) for number in range(3)]

    async def spoil(tx: Transaction) -> None:
        await tx.row("UPDATE jobs SET yields = 'no JSON' WHERE id <= :last", last=left[1].id)

    await database.write(spoil, guild_id=GUILD)
    monkeypatch.setattr(claims, "SLICE", 2)
    read = [found async for found in plain_claims(database, jobs).left_open()]
    assert read == [([], [Damaged(job.id, GUILD, "queued", None) for job in left[:2]]), ([left[2]], [])]


async def test_jobs_have_an_owner_only_where_other_processes_can_have_some(database: Database) -> None:
    stores: Stores[Any] = Stores.on(database, MasterKeys.parse(MasterKeys.generate("first")), RequestCodec())
    assert stores.jobs.life == (None if database.is_alone else stores.workers.life)
