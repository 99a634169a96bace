"""A copy that can be trusted, and what a bot must do before it works on one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from storage.engine.backup import backup, reconcile
from storage.engine.database import StorageError
from storage.engine.sqlite import open_database
from storage.jobs.job import Job, NewJob, Position
from storage.jobs.jobs import Jobs
from tests.conftest import GUILD, MEMBER
from tests.storage.plain import open_jobs, plain_jobs
from tests.welcome import welcome


async def enqueue(jobs: Jobs[str], number: int) -> Job[str]:
    return (await jobs.enqueue(
        NewJob(guild_id=GUILD, interaction_id=number, member_id=MEMBER, channel_id=1, provider="runcomfy", request="{}",
               position=Position("text"), created_at=1.0, deadline_at=2.0)
    )).job  # fmt: skip


async def test_a_running_bots_database_is_copied_whole_and_for_its_owner_only(tmp_path: Path) -> None:
    async with open_database(tmp_path / "bot.db") as database:
        await welcome(database, GUILD)
        job = await enqueue(plain_jobs(database), 1)
        backup(tmp_path / "bot.db", tmp_path / "copy.db")
        await enqueue(plain_jobs(database), 2)
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    async with open_database(tmp_path / "copy.db") as copy:
        assert await open_jobs(plain_jobs(copy)) == [job]


async def test_open_jobs_of_a_backup_are_marked_once_and_their_ids_are_not_given_again(tmp_path: Path) -> None:
    async with open_database(tmp_path / "bot.db") as database:
        await welcome(database, GUILD)
        assert await reconcile(database) is None
        await enqueue(plain_jobs(database), 1)
        done = await enqueue(plain_jobs(database), 2)
        failed = await plain_jobs(database).move(done, "failed", now=1.0, failure="no_key")
        await plain_jobs(database).close(failed, reply_id=7, now=1.0)
    backup(tmp_path / "bot.db", tmp_path / "copy.db")
    async with open_database(tmp_path / "copy.db") as copy:
        assert await reconcile(copy) == 1
        assert await reconcile(copy) is None
        (left,) = await open_jobs(plain_jobs(copy))
        assert left.restored
        assert (await enqueue(plain_jobs(copy), 3)).id > 1_000_000


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("none.db", "copy.db", "there is no database"),
        ("bot.db", "bot.db", "exists already"),
        ("bot.db", "no/such/x", "no/such/x can't be written: No such file or directory$"),
        ("rubbish.db", "copy.db", "rubbish.db is not a database of this bot"),
    ],
)
async def test_what_cannot_be_copied_is_said_in_words(tmp_path: Path, source: str, target: str, words: str) -> None:
    async with open_database(tmp_path / "bot.db"):
        pass
    (tmp_path / "rubbish.db").write_bytes(b"rubbish" * 1000)
    with pytest.raises(StorageError, match=words):
        backup(tmp_path / source, tmp_path / target)
    assert not (tmp_path / "copy.db").exists()
