"""A database that is only looked at: beside a bot, and without one, nothing of it is locked or changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import asyncpg
import pytest

from storage.engine.backup import backup, may_have_missed, reconcile
from storage.engine.database import StorageError
from storage.engine.opening import open_reader
from storage.engine.schema import migrations
from storage.engine.sqlite import open_database
from storage.engine.sqlite_file import bears_a_second_checkpointer
from tests.conftest import GUILD
from tests.fresh_database import make_database
from tests.storage.engine.postgres.test_history import put_back
from tests.storage.engines import Schema, emptied
from tests.welcome import welcome

NEWEST = max(migrations())


async def test_it_is_read_beside_a_bot_that_writes(tmp_path: Path) -> None:
    path = make_database(tmp_path / "bot.db")
    async with open_database(path) as database, open_reader(path) as reader:
        await welcome(database, GUILD)
        assert await reader.row("SELECT id FROM guilds") is not None
        assert (await reader.schema(), await reader.damage(), await reader.history()) == (NEWEST, "", None)
        assert not await may_have_missed(reader)


async def test_nothing_can_be_written_and_a_file_without_a_bot_stays_as_it_is(tmp_path: Path) -> None:
    path = make_database(tmp_path / "bot.db")
    before = path.read_bytes()
    async with open_reader(path) as reader:
        with pytest.raises(StorageError):
            await reader.rows("DELETE FROM guilds")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


async def test_what_a_killed_bot_had_not_yet_put_into_the_file_is_read(tmp_path: Path) -> None:
    path, killed = make_database(tmp_path / "bot.db"), tmp_path / "killed"
    killed.mkdir()
    async with open_database(path) as database:
        await welcome(database, GUILD)
        for file in (path, path.with_name("bot.db-wal")):
            (killed / file.name).write_bytes(file.read_bytes())
    async with open_reader(killed / "bot.db") as reader:
        assert await reader.row("SELECT id FROM guilds") is not None


async def test_what_is_no_database_or_damaged_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no database at"):
        open_reader(tmp_path / "none.db")
    (tmp_path / "text.db").write_bytes(b"not a database at all, but long enough to look at" * 40)
    with pytest.raises(StorageError, match="is not a database of this bot"):
        async with open_reader(tmp_path / "text.db"):
            pass
    path = make_database(tmp_path / "bot.db")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StorageError, match="is damaged"):
        async with open_reader(path):
            pass
    path.write_bytes(whole[:-4096] + bytes(4096))
    async with open_reader(path) as reader:
        assert "Page" in await reader.damage()


async def test_a_backup_is_known_before_a_start_and_not_after(tmp_path: Path) -> None:
    path = make_database(tmp_path / "bot.db")
    backup(path, tmp_path / "copy.db")
    async with open_reader(tmp_path / "copy.db") as reader:
        assert await may_have_missed(reader)
    async with open_database(tmp_path / "copy.db") as copy:
        await reconcile(copy)
    async with open_reader(tmp_path / "copy.db") as reader:
        assert not await may_have_missed(reader)


async def test_on_postgres_too_beside_a_bot(postgres: Mapping[Schema, str], tmp_path: Path) -> None:
    url = postgres["newest schema"]
    async with emptied(url) as database:
        await reconcile(database)
        async with open_reader(tmp_path, url) as reader:
            assert (await reader.schema(), await reader.damage()) == (NEWEST, "")
            assert not await may_have_missed(reader)
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await reader.rows("DELETE FROM facts")
        await put_back(url)
        async with open_reader(tmp_path, url) as reader:
            assert await may_have_missed(reader)


@pytest.mark.parametrize(
    ("version", "bears"),
    [("3.40.1", False), ("3.44.6", True), ("3.46.1", False), ("3.50.4", False), ("3.50.7", True), ("3.51.2", False),
     ("3.51.3", True), ("3.53.0", True)],
)  # fmt: skip
def test_it_is_known_which_sqlite_bears_a_second_checkpointer(version: str, bears: bool) -> None:
    assert bears_a_second_checkpointer(version) == bears
