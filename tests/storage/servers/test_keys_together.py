"""Many keys that are needed at the same time, and one that is needed again and again."""

from __future__ import annotations

import asyncio

import pytest

from storage.engine.database import Database, Transaction
from storage.engine.encryption import CannotUnseal, MasterKeys
from storage.engine.key_rotation import reseal
from storage.servers.guilds import Guilds
from storage.servers.keys import Keys
from tests.conftest import GUILD, MEMBER, OTHER_GUILD

MASTER = MasterKeys.generate("first")


@pytest.fixture
async def keys(database: Database) -> Keys:
    for guild_id in (GUILD, OTHER_GUILD):
        await Guilds(database).join(guild_id, 0.0)
    return Keys(database, MasterKeys.parse(MASTER))


async def save(keys: Keys, secret: str, guild_id: int = GUILD, provider: str = "runcomfy") -> int:
    await keys.put(guild_id, provider, {"api_key": secret}, hint="", added_by=MEMBER, now=1.0)
    info = await keys.current(guild_id, provider)
    assert info
    return info.id


async def change(database: Database, sql: str) -> None:
    async def work(tx: Transaction) -> None:
        await tx.row(sql)

    await database.write(work, guild_id=None)


async def test_keys_that_are_needed_at_the_same_time_are_read_together(
    keys: Keys, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await save(keys, "first"), await save(keys, "second", OTHER_GUILD)
    queries, rows = list[str](), database.rows

    async def counted(sql: str, **parameters: object) -> object:
        queries.append(sql)
        return await rows(sql, **parameters)

    monkeypatch.setattr(database, "rows", counted)
    wanted = ((GUILD, first), (OTHER_GUILD, second), (GUILD, first), (OTHER_GUILD, first), (GUILD, 99))
    found = await asyncio.gather(*(keys.open(*each) for each in wanted))
    assert found == [{"api_key": "first"}, {"api_key": "second"}, {"api_key": "first"}, None, None]
    assert len(queries) == 1


async def test_one_that_gives_up_waiting_takes_nothing_from_the_others(keys: Keys) -> None:
    key_id = await save(keys, "canary")
    one, other = (asyncio.ensure_future(keys.open(GUILD, key_id)) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    assert await other == {"api_key": "canary"}


async def test_a_key_that_is_gone_is_not_used_once_more(keys: Keys) -> None:
    key_id = await save(keys, "canary")
    assert await keys.open(GUILD, key_id)
    await keys.remove(GUILD, "runcomfy", by=MEMBER, now=2.0)
    assert await keys.open(GUILD, key_id) is None


@pytest.mark.parametrize("theft", ["UPDATE keys SET guild_id = 1002", "UPDATE keys SET provider = 'kling'"])
async def test_a_row_that_was_moved_after_it_was_opened_is_refused(keys: Keys, database: Database, theft: str) -> None:
    key_id = await save(keys, "canary")
    assert await keys.open(GUILD, key_id)
    await change(database, theft)
    with pytest.raises(CannotUnseal):
        await keys.open(OTHER_GUILD if "guild" in theft else GUILD, key_id)


async def test_a_key_under_another_master_key_is_opened_with_that(keys: Keys, database: Database) -> None:
    key_id = await save(keys, "canary")
    assert await keys.open(GUILD, key_id)
    await reseal(database, MasterKeys.parse(f"{MasterKeys.generate('second')},{MASTER}"))
    with pytest.raises(CannotUnseal):
        await keys.open(GUILD, key_id)
