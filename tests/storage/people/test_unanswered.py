"""Who waits for an answer is kept for minutes, and the token for it is never in the clear."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from storage.engine.database import Database
from storage.engine.encryption import MasterKeys
from storage.jobs.workers import Workers
from storage.people.privacy import Privacy
from storage.people.unanswered import ANSWERABLE_SECONDS, AwaitedAnswer, Unanswered
from tests.conftest import GUILD, MEMBER

WAITING = AwaitedAnswer(71, GUILD, MEMBER, 71, "video", 1000.0, token="canary-token")
MASTER = MasterKeys.parse(MasterKeys.generate("first"))


async def test_who_waits_is_read_as_they_were_kept_until_they_have_their_answer(database: Database) -> None:
    store, other = Unanswered(database, MASTER), replace(WAITING, interaction_id=72, asked_at=900.0)
    await store.change([WAITING, other], [])
    assert await store.take() == [other, WAITING]
    await store.change([], [other.interaction_id])
    assert await store.take() == [WAITING]


async def test_a_token_is_in_no_file_and_in_no_repr(database: Database, tmp_path: Path) -> None:
    await Unanswered(database, MASTER).change([WAITING], [])
    assert not [path for path in tmp_path.iterdir() if b"canary-token" in path.read_bytes()]
    assert "canary-token" not in repr(WAITING)


async def test_a_token_whose_master_key_was_replaced_is_left_out(database: Database) -> None:
    await Unanswered(database, MASTER).change([WAITING], [])
    assert await Unanswered(database, MasterKeys.parse(MasterKeys.generate("second"))).take() == []


async def test_a_token_that_was_moved_to_another_row_is_left_out(database: Database) -> None:
    store = Unanswered(database, MASTER)
    await store.change([WAITING], [])
    await database.write(lambda tx: tx.row("UPDATE unanswered SET interaction_id = 73"), guild_id=GUILD)
    assert await store.take() == []


async def test_nobody_is_kept_for_longer_than_they_can_be_answered(database: Database) -> None:
    store, privacy = Unanswered(database, MASTER), Privacy(database)
    end = WAITING.asked_at + ANSWERABLE_SECONDS
    for swept in (store.sweep, lambda *, now: privacy.sweep(now=now, older_than=0.0, left_before=0.0)):
        await store.change([WAITING], [])
        await swept(now=end)
        assert await store.take() == [WAITING]
        await swept(now=end + 1)
        assert await store.take() == []


async def test_a_person_who_has_themselves_erased_waits_for_nothing(database: Database) -> None:
    store, other = Unanswered(database, MASTER), replace(WAITING, interaction_id=72, member_id=MEMBER + 1)
    await store.change([WAITING, other], [])
    await Privacy(database).forget(MEMBER, now=1001.0)
    assert await store.take() == [other]


async def test_whoever_waits_for_a_life_that_is_over_is_left_to_one_other(database: Database) -> None:
    lives = [Workers(database) for _ in range(3)]
    for life in lives:
        await life.begin(60.0)
    one, other, third = [Unanswered(database, MASTER, life.life) for life in lives]
    mine = replace(WAITING, interaction_id=72)
    await one.change([WAITING], [])
    await other.change([mine], [])
    assert (await one.take(), await other.take()) == ([], [])
    await lives[0].end()
    assert await other.take() == [WAITING]
    assert await third.take() == []
