"""A new master key takes over key by key, and may be interrupted anywhere."""

from __future__ import annotations

import json

import pytest

from storage.engine import key_rotation
from storage.engine.database import Database
from storage.engine.encryption import LOST, CannotUnseal, MasterKeys
from storage.engine.key_rotation import reseal, verify
from storage.servers.cases import Cases
from storage.servers.guilds import Guilds
from storage.servers.keys import Keys
from storage.servers.lost_keys import give_up_lost
from tests.conftest import GUILD, OTHER_GUILD

OLD, NEW = MasterKeys.generate("old"), MasterKeys.generate("new")
BOTH = MasterKeys.parse(f"{NEW},{OLD}")


@pytest.fixture
async def filled(database: Database) -> Database:
    keys = Keys(database, MasterKeys.parse(OLD))
    for guild in (GUILD, OTHER_GUILD):
        await Guilds(database).join(guild, 0.0)
        for provider in ("runcomfy", "runware"):
            secret = {"api_key": f"{guild}-{provider}"}
            await keys.put(guild, provider, secret, hint="0001", added_by=1, now=1.0)
    return database


async def opened(database: Database, master: MasterKeys) -> list[str]:
    rows = await database.rows("SELECT guild_id, provider, master_id, sealed FROM keys ORDER BY id")
    plains = [master.unseal(row["master_id"], row["sealed"], row["guild_id"], row["provider"]) for row in rows]
    return [json.loads(plain)["api_key"] for plain in plains]


async def test_after_it_the_new_key_alone_opens_everything(filled: Database) -> None:
    before = await opened(filled, BOTH)
    assert await reseal(filled, BOTH) == 4
    assert await opened(filled, MasterKeys.parse(NEW)) == before
    assert await reseal(filled, BOTH) == 0


async def test_killed_half_way_both_keys_still_open_everything_and_it_can_be_finished(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await opened(filled, BOTH)
    one, left = key_rotation._reseal_one, [2]

    async def dies(*given: object) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        await one(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(key_rotation, "_reseal_one", dies)
        with pytest.raises(KeyboardInterrupt):
            await reseal(filled, BOTH)
    assert await opened(filled, BOTH) == before
    assert await reseal(filled, BOTH) == 2
    assert await opened(filled, MasterKeys.parse(NEW)) == before


async def test_without_the_old_key_nothing_is_changed(filled: Database) -> None:
    with pytest.raises(CannotUnseal, match="old"):
        await verify(filled, MasterKeys.parse(NEW))
    with pytest.raises(CannotUnseal, match="old"):
        await reseal(filled, MasterKeys.parse(NEW))
    assert len(await opened(filled, MasterKeys.parse(OLD))) == 4


async def test_what_cant_be_opened_is_switched_off_and_nothing_else(filled: Database) -> None:
    keys = Keys(filled, MasterKeys.parse(NEW))
    await keys.put(GUILD, "alad", {"api_key": "mine"}, hint="0002", added_by=1, now=2.0)
    assert await give_up_lost(filled, MasterKeys.parse(NEW)) == (4, 2)
    assert await verify(filled, MasterKeys.parse(NEW)) == 1
    assert [(key.provider, key.off_reason) for key in await keys.shown(GUILD)] == [
        ("runcomfy", LOST), ("runware", LOST), ("alad", None),
    ]  # fmt: skip
    assert await give_up_lost(filled, MasterKeys.parse(NEW)) == (0, 0)
    assert await reseal(filled, MasterKeys.parse(NEW)) == 0


async def test_a_key_that_was_given_up_works_again_once_its_master_key_is_found(filled: Database) -> None:
    await give_up_lost(filled, MasterKeys.parse(NEW))
    assert await reseal(filled, BOTH) == 4
    keys = Keys(filled, MasterKeys.parse(NEW))
    (key, _) = await keys.shown(GUILD)
    assert await keys.open(GUILD, key.id) == {"api_key": f"{GUILD}-runcomfy"}


async def test_a_saved_key_takes_the_place_of_one_that_was_given_up(filled: Database) -> None:
    await give_up_lost(filled, MasterKeys.parse(NEW))
    keys = Keys(filled, MasterKeys.parse(NEW))
    await keys.put(GUILD, "runware", {"api_key": "mine"}, hint="0002", added_by=1, now=2.0)
    assert [(key.hint, key.off_reason) for key in await keys.shown(GUILD)] == [("0001", LOST), ("0002", None)]
    assert [case.subject_id for case in await Cases(filled).to_tell(GUILD)] == [(await keys.shown(GUILD))[0].id]


async def test_moderators_are_told_of_a_lost_key_also_where_they_knew_it_as_switched_off(filled: Database) -> None:
    keys = Keys(filled, MasterKeys.parse(NEW))
    (key, _) = await keys.shown(GUILD)
    await keys.switch_off(GUILD, key.id, reason="bad_key", now=1.0)
    await give_up_lost(filled, MasterKeys.parse(NEW))
    assert {case.since > 1.0 for case in await Cases(filled).to_tell(GUILD)} == {True}
    assert [case.since for case in await Cases(filled).decided(GUILD)] == [1.0]
