"""Sums of what a server has used: kept as long as a limit may ask for them, and equal to the jobs' own rows."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from storage.engine.database import Database, Transaction
from storage.servers.limit_rules import LONGEST_WINDOW, Rule
from storage.servers.limits import put_rule
from storage.servers.usage import HOUR, Nothing, forget_old_hours, recount, usage_of
from tests.conftest import GUILD, OTHER_GUILD
from tests.welcome import welcome

MONTH = 30 * 86_400.0
ONE = Nothing(counted_at=2.5 * HOUR, milliseconds=5000, micros=70)


async def hours(database: Database) -> list[tuple[int, ...]]:
    rows = await database.rows("SELECT hour, jobs, milliseconds, micros FROM usage_hours ORDER BY hour")
    return [tuple(row) for row in rows]


async def count(database: Database, before: Nothing, after: Nothing, guild_id: int = GUILD) -> None:
    async def work(tx: Transaction) -> None:
        await recount(tx, guild_id, before, after)

    await database.write(work, guild_id=guild_id)


@pytest.fixture(autouse=True)
async def _servers(database: Database) -> None:
    await welcome(database, GUILD)
    await welcome(database, OTHER_GUILD)


async def test_a_job_is_counted_in_the_hour_in_which_it_began(database: Database) -> None:
    await count(database, Nothing(), ONE)
    await count(database, Nothing(), replace(ONE, counted_at=2.999 * HOUR))
    await count(database, Nothing(), replace(ONE, counted_at=3 * HOUR))
    assert await hours(database) == [(2, 2, 10_000, 140), (3, 1, 5000, 70)]


async def test_what_a_job_counts_otherwise_takes_the_place_of_what_it_counted(database: Database) -> None:
    await count(database, Nothing(), ONE)
    for changed in (replace(ONE, micros=90), replace(ONE, milliseconds=7000), replace(ONE, counted_at=9 * HOUR)):
        await count(database, ONE, changed)
        await count(database, changed, ONE)
        assert (await hours(database))[0] == (2, 1, 5000, 70)
    await count(database, ONE, replace(ONE, counted_at=None))
    assert all(row[1:] == (0, 0, 0) for row in await hours(database))


async def test_what_does_not_count_and_what_stays_as_it_is_writes_nothing(database: Database) -> None:
    await count(database, Nothing(), replace(ONE, counted_at=None))
    await count(database, ONE, ONE)
    assert await hours(database) == []


async def test_whole_hours_after_the_first_are_taken_from_the_sums_of_this_server_alone(database: Database) -> None:
    await count(database, Nothing(), ONE)
    await count(database, Nothing(), replace(ONE, counted_at=3 * HOUR))
    await count(database, Nothing(), replace(ONE, counted_at=3 * HOUR), OTHER_GUILD)
    for unit in ("jobs", "cents"):
        await database.write(partial(put_rule, guild_id=GUILD, rule=Rule("server", 0, unit, "hour", 9)), guild_id=GUILD)

    async def used(since: float) -> dict[str, int]:
        found = await usage_of(database, GUILD, None, frozenset(), since + HOUR)
        return {usage.rule.unit: usage.used for usage in found}

    assert await used(1.9 * HOUR) == {"jobs": 2, "cents": 140}
    assert await used(2 * HOUR) == {"jobs": 1, "cents": 70}  # the first hour's rest is counted from the rows
    assert await used(3 * HOUR) == {"jobs": 0, "cents": 0}


async def test_sums_are_kept_until_no_limit_asks_for_them(database: Database) -> None:
    assert LONGEST_WINDOW == MONTH
    now = MONTH + 10.5 * HOUR  # a month's limit asks for hour 10 and those after it
    for hour in (8, 9, 10, 11):
        await count(database, Nothing(), replace(ONE, counted_at=hour * HOUR))

    async def work(tx: Transaction) -> None:
        await forget_old_hours(tx, now)

    await database.write(work, guild_id=None)
    assert [row[0] for row in await hours(database)] == [9, 10, 11]
