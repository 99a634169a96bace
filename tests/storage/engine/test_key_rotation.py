"""A new master key takes over key by key, and may be interrupted anywhere."""

from __future__ import annotations

import json

import pytest

from storage.engine import key_rotation
from storage.engine.database import Database
from storage.engine.encryption import CannotUnseal, MasterKeys
from storage.engine.key_rotation import reseal, verify
from storage.servers.guilds import Guilds
from storage.servers.keys import Keys
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
