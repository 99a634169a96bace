"""What is erased is erased in slices, and wholly."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from storage.engine.database import Database, Row
from storage.people import erasure
from storage.people.privacy import Privacy
from tests.conftest import GUILD, MEMBER, OTHER_GUILD
from tests.storage.people.test_privacy import JobFiles
from tests.welcome import welcome


@pytest.fixture
async def files(database: Database, monkeypatch: pytest.MonkeyPatch) -> JobFiles:
    """Seven jobs of one member, in one of the two servers, and slices of three."""
    for guild in (GUILD, OTHER_GUILD):
        await welcome(database, guild, MEMBER)
    monkeypatch.setattr(erasure, "SLICE", 3)
    files = JobFiles(database)
    for _ in range(7):
        await files.job()
    return files


async def left(database: Database) -> int:
    rows: Sequence[Row] = await database.rows("SELECT count(*) AS count FROM jobs WHERE forgotten_at IS NULL")
    return int(rows[0]["count"])


async def test_no_transaction_erases_more_jobs_than_a_slice(files: JobFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    database = files.database
    seen, write = [7], database.write

    async def watched(*given: object, **named: object) -> object:
        written: object = await write(*given, **named)  # type: ignore[arg-type]
        seen.append(await left(database))
        return written

    monkeypatch.setattr(database, "write", watched)
    erased, waiting, undecided = await Privacy(database).forget(MEMBER, now=20.0)
    assert sorted(erased) == [1, 2, 3, 4, 5, 6, 7]
    assert (waiting, undecided) == (0, 0)
    assert sorted(set(seen)) == [0, 1, 4, 7]


async def test_what_was_asked_for_before_the_bot_died_is_erased_by_the_next_sweep(
    files: JobFiles, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def died(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr("storage.people.privacy.erase_slice", died)
        with pytest.raises(ConnectionError):
            await Privacy(database).forget(MEMBER, now=20.0)
    assert await left(database) == 7
    erased, _ = await Privacy(database).sweep(now=30.0, older_than=0.0, left_before=0.0)
    assert len(erased) == 7
    assert "secret" not in await files.everything()


async def test_a_server_that_left_long_ago_is_erased_slice_by_slice(files: JobFiles, database: Database) -> None:
    await files.job(guild=OTHER_GUILD)
    await database.write(lambda tx: tx.row("UPDATE guilds SET left_at = 5.0 WHERE id = :id", id=GUILD), guild_id=GUILD)
    assert await Privacy(database).sweep(now=30.0, older_than=0.0, left_before=6.0) == ([], 1)
    assert [row["guild_id"] for row in await database.rows("SELECT guild_id FROM jobs")] == [OTHER_GUILD]
    assert {row["guild_id"] for row in await database.rows("SELECT guild_id FROM job_events")} == {OTHER_GUILD}


async def test_a_server_that_came_back_keeps_what_it_has(files: JobFiles, database: Database) -> None:
    await files.job()
    assert not await database.write(lambda tx: erasure.delete_slice(tx, "jobs", GUILD, 6.0), guild_id=GUILD)
    assert await left(database) == 8
