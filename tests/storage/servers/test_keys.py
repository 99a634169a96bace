"""Provider keys: sealed, bound to their server and provider, and never in the file in the clear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from storage.engine.database import Database, Transaction
from storage.engine.encryption import CannotUnseal, MasterKeys
from storage.engine.sqlite import open_database
from storage.servers.guilds import Guilds
from storage.servers.keys import Keys
from tests.conftest import GUILD, MEMBER, OTHER_GUILD

SECRET = {"api_key": "rc-canary-0123456789"}


def master() -> MasterKeys:
    return MasterKeys.parse(MasterKeys.generate("first"))


async def read(keys: Keys, guild_id: int = GUILD, provider: str = "runcomfy") -> Mapping[str, str] | None:
    """The server's current key for this provider, in the clear."""
    info = await keys.current(guild_id, provider)
    return await keys.open(guild_id, info.id) if info else None


async def save(keys: Keys, guild_id: int = GUILD, provider: str = "runcomfy") -> None:
    await keys.put(guild_id, provider, SECRET, hint="6789", added_by=MEMBER, now=1.0)


@pytest.fixture
async def keys(database: Database) -> Keys:
    await Guilds(database).join(GUILD, 0.0)
    await Guilds(database).join(OTHER_GUILD, 0.0)
    return Keys(database, master())


async def test_a_key_comes_back_as_it_was_saved(keys: Keys) -> None:
    await save(keys)
    assert await read(keys) == SECRET


async def test_a_key_belongs_to_one_server_and_one_provider(keys: Keys) -> None:
    await save(keys)
    assert await read(keys, OTHER_GUILD) is None
    assert await read(keys, provider="runware") is None


@pytest.mark.parametrize(
    "theft",
    ["UPDATE keys SET guild_id = 1002", "UPDATE keys SET provider = 'runware'", "UPDATE keys SET master_id = 'other'"],
)
async def test_a_row_moved_by_hand_cannot_be_opened(database: Database, theft: str) -> None:
    await Guilds(database).join(GUILD, 0.0)
    await Guilds(database).join(OTHER_GUILD, 0.0)
    text = f"{MasterKeys.generate('first')},{MasterKeys.generate('other')}"
    await save(Keys(database, MasterKeys.parse(text)))

    async def work(tx: Transaction) -> None:
        await tx.row(theft)

    await database.write(work, guild_id=None)
    thief = Keys(database, MasterKeys.parse(text))
    row = await database.row("SELECT guild_id, provider FROM keys")
    assert row
    with pytest.raises(CannotUnseal):
        await read(thief, row["guild_id"], row["provider"])


async def test_a_missing_master_key_is_named_and_touches_nothing(database: Database) -> None:
    await Guilds(database).join(GUILD, 0.0)
    ours = master()
    await save(Keys(database, ours))
    stranger = Keys(database, MasterKeys.parse(MasterKeys.generate("second")))
    with pytest.raises(CannotUnseal, match="first"):
        await read(stranger)
    assert await read(Keys(database, ours)) == SECRET


async def test_the_file_never_holds_the_key_in_the_clear(tmp_path: Path) -> None:
    async with open_database(tmp_path / "bot.db") as database:
        await Guilds(database).join(GUILD, 0.0)
        await save(Keys(database, master()))
    contents = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"canary" not in contents
    assert b"runcomfy" in contents


async def test_a_key_that_is_read_with_its_ciphertext_opens_for_its_own_server_only_and_shows_nothing(
    keys: Keys,
) -> None:
    await save(keys)
    (key,) = await keys.sealed(GUILD)
    assert [key.hint, keys.unsealed(key)] == [(await keys.shown(GUILD))[0].hint, SECRET]
    assert str(key.sealed) not in repr(key)
    with pytest.raises(CannotUnseal):
        keys.unsealed(replace(key, guild_id=OTHER_GUILD))


async def test_replacing_and_removing_take_effect_at_once(keys: Keys) -> None:
    await save(keys)
    await keys.put(GUILD, "runcomfy", {"api_key": "rc-newer"}, hint="ewer", added_by=MEMBER, now=2.0)
    assert await read(keys) == {"api_key": "rc-newer"}
    assert [info.hint for info in await keys.shown(GUILD)] == ["ewer"]
    assert await keys.remove(GUILD, "runcomfy", by=MEMBER, now=3.0)
    assert await read(keys) is None
    assert not await keys.remove(GUILD, "runcomfy", by=MEMBER, now=3.0)


async def test_leaving_erases_the_keys_of_that_server_only(keys: Keys) -> None:
    await save(keys)
    await save(keys, provider="runware")
    await save(keys, guild_id=OTHER_GUILD)
    await keys.retire(GUILD, now=5.0)
    assert await keys.shown(GUILD) == []
    assert await read(keys, OTHER_GUILD) == SECRET


@pytest.mark.parametrize("text", ["", "first", "first:", ":AAAA", "first:AAAA", "first:not base64!", "a:b,c:d"])
def test_a_mistyped_master_key_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="master key 1 is not") as caught:
        MasterKeys.parse(text)
    assert "AAAA" not in str(caught.value)
