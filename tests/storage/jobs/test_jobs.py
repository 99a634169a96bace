"""The job store: one table of legal moves, walked by these tests and guarded by the schema itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any, get_args

import pytest

from storage.engine.database import Conflict, Database, Transaction
from storage.jobs.damaged import DAMAGED, Damaged
from storage.jobs.job import OUTCOMES, TRANSITIONS, Job, NewJob, Position, State
from storage.jobs.job_events import Stale
from storage.jobs.jobs import Jobs
from storage.people.privacy import Privacy
from storage.servers.case import CaseCard
from storage.servers.cases import Cases
from storage.servers.guilds import Guilds
from storage.servers.log_entries import LogEntries
from tests.conftest import GUILD, MEMBER, OTHER_GUILD
from tests.storage.plain import (
    open_jobs,
    plain_claims,
    plain_corrections,
    plain_jobs,
    plain_ledger,
    with_cards_due,
)
from tests.welcome import welcome

NEEDED: dict[State, dict[str, Any]] = {
    "queued": {"counted_at": 2.0},
    "submitting": {"handle": "h"},
    "running": {"remote": "r", "submitted_at": 2.0},
    "failed": {"failure": "provider_failed"},
    "cancelled": {"failure": "cancelled"},
    "unknown": {"failure": "unknown_outcome"},
}
PATHS: dict[State, tuple[State, ...]] = {
    "held": (),
    "queued": (),
    "submitting": ("submitting",),
    "running": ("submitting", "running"),
    "succeeded": ("submitting", "running", "succeeded"),
    "failed": ("failed",),
    "cancelled": ("cancelled",),
    "unknown": ("submitting", "unknown"),
}


async def enqueue(jobs: Jobs[str], interaction_id: int = 1, guild_id: int = GUILD, *, held: bool = False) -> Job[str]:
    return (await jobs.enqueue(new_job(interaction_id, guild_id), held=held)).job


def new_job(interaction_id: int = 1, guild_id: int = GUILD) -> NewJob[str]:
    return NewJob(
        guild_id=guild_id,
        interaction_id=interaction_id,
        member_id=MEMBER,
        channel_id=3001,
        provider="runcomfy",
        request="{}",
        position=Position("text"),
        created_at=1.0,
        deadline_at=100.0,
    )


@pytest.fixture
async def jobs(database: Database) -> Jobs[str]:
    await welcome(database, GUILD)
    await welcome(database, OTHER_GUILD)
    return plain_jobs(database)


async def job_in(jobs: Jobs[str], state: State) -> Job[str]:
    job = await enqueue(jobs, held=state == "held")
    for step in PATHS[state]:
        job = await jobs.move(job, step, now=2.0, **NEEDED.get(step, {}))
    return job


@pytest.mark.parametrize("to", get_args(State))
@pytest.mark.parametrize("start", get_args(State))
async def test_exactly_the_legal_moves_can_be_made(
    jobs: Jobs[str], database: Database, start: State, to: State
) -> None:
    job = await job_in(jobs, start)
    changes = {**({"handle": "h"} if to == "running" else {}), **NEEDED.get(to, {})}
    if to in TRANSITIONS[start]:
        moved = await jobs.move(job, to, now=3.0, **changes)
        assert (moved.state, moved.ended_at) == (to, 3.0 if to in OUTCOMES else None)
        events = await database.rows("SELECT from_state, to_state FROM job_events ORDER BY at DESC LIMIT 1")
        assert tuple(events[0]) == (start, to)
        return
    with pytest.raises(ValueError, match="no job may move"):
        await jobs.move(job, to, now=3.0, **changes)


@pytest.mark.parametrize("to", get_args(State))
@pytest.mark.parametrize("start", get_args(State))
async def test_the_schema_itself_knows_the_legal_moves(
    jobs: Jobs[str], database: Database, start: State, to: State
) -> None:
    job = await enqueue(jobs)

    async def work(tx: Transaction) -> None:
        await tx.row(
            """INSERT INTO job_events (guild_id, job_id, at, from_state, to_state, stage)
               VALUES (:guild_id, :job_id, 1.0, :start, :to, 'text')""",
            guild_id=GUILD,
            job_id=job.id,
            start=start,
            to=to,
        )

    if to in TRANSITIONS[start]:
        await database.write(work, guild_id=None)
    else:
        with pytest.raises(Conflict):
            await database.write(work, guild_id=None)


async def test_a_move_made_from_an_outdated_row_is_refused(jobs: Jobs[str]) -> None:
    job = await enqueue(jobs)
    await jobs.move(job, "cancelled", now=2.0, failure="cancelled")
    with pytest.raises(Stale):
        await jobs.move(job, "submitting", now=2.0, handle="h")


async def test_of_many_at_once_exactly_one_takes_the_job(jobs: Jobs[str]) -> None:
    job = await enqueue(jobs)
    tries = [jobs.move(job, "submitting", now=2.0, handle=f"h{i}") for i in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Job) for result in results) == 1
    assert sum(isinstance(result, Stale) for result in results) == 19


async def test_one_interaction_makes_one_job(jobs: Jobs[str]) -> None:
    await enqueue(jobs, interaction_id=7)
    with pytest.raises(Conflict):
        await enqueue(jobs, interaction_id=7)


async def test_a_job_cannot_run_without_the_providers_id(jobs: Jobs[str]) -> None:
    job = await job_in(jobs, "submitting")
    with pytest.raises(Conflict):
        await jobs.move(job, "running", now=2.0)


async def test_a_failure_needs_a_reason(jobs: Jobs[str]) -> None:
    with pytest.raises(Conflict):
        await jobs.move(await enqueue(jobs), "failed", now=2.0)


async def test_what_a_stage_yields_is_kept_for_the_next(jobs: Jobs[str]) -> None:
    job = await job_in(jobs, "running")
    job = await jobs.move(
        job, "queued", now=4.0, position=Position("lipsync"), handle=None, remote=None,
        yields={"session_id": "850508686686064678"}, cost_usd=Decimal("0.007"),
    )  # fmt: skip
    again = await jobs.get(GUILD, job.id)
    assert again == job
    assert again.yields == {"session_id": "850508686686064678"}
    assert again.cost_usd == Decimal("0.007")


async def test_another_server_sees_no_job_of_this_one(jobs: Jobs[str]) -> None:
    job = await enqueue(jobs)
    assert await jobs.get(OTHER_GUILD, job.id) is None


async def test_a_job_is_open_until_its_outcome_is_posted(jobs: Jobs[str]) -> None:
    job = await job_in(jobs, "succeeded")
    assert [found.id for found in await open_jobs(jobs)] == [job.id]
    job = await jobs.amend(job, now=5.0, delivering_at=5.0)
    job = await jobs.close(job, reply_id=99, now=6.0)
    assert (job.reply_id, job.closed_at) == (99, 6.0)
    assert await open_jobs(jobs) == []


async def test_a_closed_job_cannot_be_closed_again(jobs: Jobs[str]) -> None:
    job = await jobs.close(await job_in(jobs, "failed"), reply_id=1, now=6.0)
    with pytest.raises(Stale):
        await jobs.close(job, reply_id=2, now=7.0)


async def test_what_is_amended_is_stored_and_given_back_and_told_in_the_log_if_that_is_wanted(
    jobs: Jobs[str], database: Database
) -> None:
    await Guilds(database).log_to(GUILD, 55, by=1, now=0.0)
    job = await enqueue(jobs)
    job = await jobs.amend(job, now=2.0, card_id=7, thread_id=8)
    assert (job.card_id, job.thread_id) == (7, 8)
    assert await jobs.get(GUILD, job.id) == job
    job = await jobs.move(job, "failed", now=3.0, failure="provider_failed")
    job = await jobs.amend(job, now=4.0, kind="kept", failure="kept", kept_until=9.0)
    assert await jobs.get(GUILD, job.id) == job
    told = [(entry.kind, entry.job_id, entry.at) for entry in await LogEntries(database).waiting()]
    assert told[-3:] == [("started", job.id, 1.0), ("failed", job.id, 3.0), ("kept", job.id, 4.0)]


async def test_what_a_move_is_needed_for_is_not_amended(jobs: Jobs[str]) -> None:
    with pytest.raises(ValueError, match=r"^\['cost_usd', 'thread_id'\] can't change without a move$"):
        await jobs.amend(await enqueue(jobs), now=2.0, thread_id=8, cost_usd=Decimal(1))


@pytest.mark.parametrize("card_id", [None, 7])
async def test_only_a_job_that_has_a_card_is_to_show_on_it_how_it_ended(
    jobs: Jobs[str], database: Database, card_id: int | None
) -> None:
    job = await jobs.amend(await enqueue(jobs), now=2.0, card_id=card_id)
    job = await jobs.move(job, "failed", now=3.0, failure="provider_failed")
    job = await jobs.close(job, reply_id=5, reply_channel_id=6, now=4.0)
    assert (job.reply_id, job.reply_channel_id, job.card_due) == (5, 6, card_id is not None)
    assert await jobs.get(GUILD, job.id) == job
    assert await with_cards_due(database) == ([job.id] if card_id else [])
    await jobs.card_shown(job)
    assert await with_cards_due(database) == []


async def test_a_row_that_cant_be_read_is_told_apart_and_keeps_no_other_back(
    jobs: Jobs[str], database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = await enqueue(jobs, 1), await enqueue(jobs, 2)

    async def spoil(tx: Transaction) -> None:
        await tx.row("UPDATE jobs SET yields = 'no JSON' WHERE id = :id", id=broken.id)

    await database.write(spoil, guild_id=GUILD)
    mine = plain_jobs(database, 7)
    claimed, damaged = await plain_claims(database, mine).claim(10)
    assert (claimed, damaged) == ([replace(whole, owner=7)], [Damaged(broken.id, GUILD, "queued", 7)])
    assert "no JSON" not in caplog.text


async def failed(jobs: Jobs[str], interaction_id: int) -> Job[str]:
    return await jobs.move(await enqueue(jobs, interaction_id), "failed", now=2.0, failure="provider_failed")


async def test_files_are_needed_while_a_job_is_open_and_a_while_after_and_while_its_video_is_kept(
    jobs: Jobs[str],
) -> None:
    still_open = await enqueue(jobs, 1)
    closed = await jobs.close(await failed(jobs, 2), reply_id=1, now=10.0)
    kept = await jobs.close(await jobs.amend(await failed(jobs, 3), now=3.0, kept_until=50.0), reply_id=1, now=10.0)
    every = (still_open.id, kept.id)
    assert set(await jobs.with_files(*every, now=49.0, closed_since=10.0)) == {still_open.id, closed.id, kept.id}
    assert set(await jobs.with_files(*every, now=49.0, closed_since=10.1)) == {still_open.id, kept.id}
    assert set(await jobs.with_files(*every, now=50.0, closed_since=10.1)) == {still_open.id}
    assert set(await jobs.with_files(closed.id, closed.id, now=49.0, closed_since=10.0)) == {closed.id}


async def test_a_video_that_was_thrown_away_before_its_time_is_not_kept_any_more(
    jobs: Jobs[str], database: Database
) -> None:
    one, other = [await jobs.amend(await failed(jobs, number), now=3.0, kept_until=50.0) for number in (1, 2)]
    corrections = plain_corrections(database)
    assert await corrections.forget_kept(OTHER_GUILD, one.id) is None
    assert await jobs.get(GUILD, one.id) == one
    assert await corrections.forget_kept(GUILD, one.id) == replace(one, kept_until=None)
    assert await jobs.get(GUILD, one.id) == replace(one, kept_until=None)
    assert await jobs.get(GUILD, other.id) == other


@pytest.mark.parametrize(("state", "to"), [("queued", "failed"), ("submitting", "unknown"), ("running", "unknown")])
async def test_a_job_whose_row_cant_be_read_ends_as_far_as_it_may_have_been_sent(
    jobs: Jobs[str], state: State, to: State
) -> None:
    job = await job_in(jobs, state)
    damaged = Damaged(job.id, GUILD, state, None)
    ended = await jobs.end_damaged(damaged, request="again", failure="internal", now=9.0)
    assert (ended.state, ended.failure, ended.request, ended.position) == (to, "internal", "again", DAMAGED)
    assert (ended.ended_at, ended.cost_usd, ended.spent_micros) == (9.0, None, None)
    assert (ended.charge, ended.counted_at) == ("unclear", job.counted_at)
    assert await jobs.get(GUILD, job.id) == ended
    await jobs.close(ended, reply_id=1, now=10.0)
    with pytest.raises(Stale):
        await jobs.end_damaged(damaged, request="again", failure="internal", now=11.0)


async def test_every_write_about_a_job_names_its_server(
    jobs: Jobs[str], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    transact, named = database._transact, list[int | None]()

    async def noting(work: Any, guild_id: int | None) -> Any:
        named.append(guild_id)
        return await transact(work, guild_id)

    monkeypatch.setattr(database, "_transact", noting)
    corrections = plain_corrections(database)
    unknown = await job_in(jobs, "unknown")
    await corrections.refund(unknown, by=1, now=3.0)
    await corrections.settle(unknown, charged=True, by=1, now=3.0)
    await corrections.forget_kept(GUILD, unknown.id)
    await jobs.card_shown(await jobs.close(await jobs.amend(unknown, now=4.0, kept_until=9.0), reply_id=1, now=4.0))
    damaged = await enqueue(jobs, 2)
    await jobs.end_damaged(Damaged(damaged.id, GUILD, "queued", None), request="{}", failure="internal", now=5.0)
    assert named == [GUILD] * 11


async def test_a_job_waits_for_moderators_only_where_that_is_said(jobs: Jobs[str]) -> None:
    assert ((await jobs.enqueue(new_job(1))).job).state == "queued"
    assert ((await jobs.enqueue(new_job(2), held=True)).job).state == "held"


async def test_who_settled_a_job_is_who_decided_its_case(jobs: Jobs[str], database: Database) -> None:
    unknown, cases = await job_in(jobs, "unknown"), Cases(database)
    (case,) = await cases.to_tell(GUILD)
    await cases.tell(case, "log", CaseCard(11, 4), {}, log_channel_id=None)
    await plain_corrections(database).settle(unknown, charged=True, by=77, now=3.0)
    assert [one.decided_by for one in await cases.decided(GUILD)] == [77]


async def test_a_held_job_whose_row_cant_be_read_is_free(jobs: Jobs[str]) -> None:
    job = (await jobs.enqueue(new_job(), held=True)).job
    ended = await jobs.end_damaged(Damaged(job.id, GUILD, "held", None), request="again", failure="internal", now=9.0)
    assert (ended.charge, ended.spent_micros, ended.counted_at) == ("free", 0, None)


async def test_what_a_job_had_cost_at_its_end_stays_known_when_its_row_cant_be_read_any_more(jobs: Jobs[str]) -> None:
    known: dict[str, Any] = {"charge": "free", "counted_at": None, "spent_micros": 0}
    job = await jobs.move(await job_in(jobs, "running"), "failed", now=8.0, failure="provider_failed", **known)
    ended = await jobs.end_damaged(Damaged(job.id, GUILD, "failed", None), request="again", failure="internal", now=9.0)
    assert (ended.charge, ended.spent_micros, ended.counted_at) == ("free", 0, None)


async def test_a_job_that_can_not_be_told_anywhere_is_closed_without_a_message(jobs: Jobs[str]) -> None:
    job = await jobs.close(await job_in(jobs, "failed"), reply_id=None, now=6.0)
    assert (job.reply_id, job.reply_channel_id, job.closed_at) == (None, None, 6.0)


@pytest.mark.parametrize("state", ["submitting", "running"])
async def test_a_job_that_waits_for_its_next_stage_counts_from_when_it_began(jobs: Jobs[str], state: State) -> None:
    job = await jobs.move(await job_in(jobs, state), "queued", now=50.0)
    assert (job.counted_at, job.ended_at) == (1.0, None)
    assert await jobs.get(GUILD, job.id) == job


async def test_what_is_noted_of_a_move_stands_in_the_jobs_history_and_who_made_it_in_the_log(
    jobs: Jobs[str], database: Database
) -> None:
    await Guilds(database).log_to(GUILD, 55, by=1, now=0.0)
    sent = await jobs.move(await enqueue(jobs), "submitting", now=1.5, handle="h")
    job = await jobs.move(sent, "queued", now=1.75, note="because")
    await jobs.move(job, "cancelled", now=2.0, by=9, failure="cancelled")
    rows = await database.rows("SELECT to_state, note, stage FROM job_events ORDER BY at")
    assert [tuple(row) for row in rows] == [
        ("queued", "", "text"),
        ("submitting", "", "text"),
        ("queued", "because", "text"),
        ("cancelled", "", "text"),
    ]
    (entry,) = [entry for entry in await LogEntries(database).waiting() if entry.kind == "cancelled"]
    assert (entry.actor_id, entry.job_id) == (9, job.id)


async def test_a_job_that_has_not_ended_cannot_be_delivered(jobs: Jobs[str]) -> None:
    with pytest.raises(Conflict):
        await jobs.amend(await enqueue(jobs), now=2.0, delivering_at=2.0)


async def test_codes_are_short_unique_and_unlike_their_neighbours(jobs: Jobs[str]) -> None:
    codes = [(await enqueue(jobs, interaction_id=i)).code for i in range(1, 200)]
    assert len(set(codes)) == len(codes)
    assert all(len(code) == len("LS-7K3QM") for code in codes)
    assert codes[0][:6] != codes[1][:6]


async def spoken(jobs: Jobs[str], interaction_id: int, request: str, *, member_id: int = MEMBER) -> None:
    await jobs.enqueue(
        NewJob(
            guild_id=GUILD,
            interaction_id=interaction_id,
            member_id=member_id,
            channel_id=3001,
            provider="runcomfy",
            request=request,
            position=Position("text"),
            created_at=1.0,
            deadline_at=100.0,
        )
    )


async def test_the_last_voice_is_that_of_the_newest_text_of_this_member_here(jobs: Jobs[str]) -> None:
    assert await plain_ledger(jobs._database).last_voice(GUILD, MEMBER) is None
    await spoken(jobs, 1, '{"mode": "text", "voice": "en:one"}')
    await spoken(jobs, 2, '{"mode": "text", "voice": "en:two"}')
    await spoken(jobs, 3, '{"mode": "audio", "voice": null}')
    await spoken(jobs, 4, '{"mode": "text", "voice": "en:three"}', member_id=MEMBER + 1)
    assert await plain_ledger(jobs._database).last_voice(GUILD, MEMBER) == "en:two"
    assert await plain_ledger(jobs._database).last_voice(OTHER_GUILD, MEMBER) is None


async def test_a_forgotten_job_tells_no_voice(jobs: Jobs[str], database: Database) -> None:
    await spoken(jobs, 1, '{"mode": "text", "voice": "en:one"}')
    (job,) = await open_jobs(jobs)
    job = await jobs.move(job, "failed", now=2.0, failure="provider_failed")
    await jobs.close(job, reply_id=1, now=3.0)
    await Privacy(database).forget(MEMBER, now=4.0)
    assert await plain_ledger(jobs._database).last_voice(GUILD, MEMBER) is None


@pytest.mark.parametrize("is_replaced", [False, True])
async def test_a_job_begins_with_what_its_keys_account_has_only_while_the_key_is_current(
    jobs: Jobs[str], database: Database, *, is_replaced: bool
) -> None:
    async def save(tx: Transaction) -> int:
        row = await tx.row(
            """INSERT INTO keys (guild_id, provider, place, master_id, sealed, hint, added_by, added_at, retired_at)
               VALUES (:guild_id, 'runcomfy', 1, 'm', :sealed, '0001', 1, 0.0, :retired_at) RETURNING id""",
            guild_id=GUILD,
            sealed=b"",
            retired_at=0.5 if is_replaced else None,
        )
        assert row
        return int(row["id"])

    key_id = await database.write(save, guild_id=None)
    job = (await jobs.enqueue(replace(new_job(), key_id=key_id, yields={"session_id": "1"}))).job
    assert (job.key_id, job.yields) == ((None, {}) if is_replaced else (key_id, {"session_id": "1"}))


async def test_a_job_keeps_what_its_command_told_of_the_place(jobs: Jobs[str]) -> None:
    told: dict[str, Any] = {"parent_id": 7, "opens_thread": False, "file_bytes": 52_000_000}
    job = (await jobs.enqueue(replace(new_job(), **told))).job
    stored = await jobs.get(GUILD, job.id)
    assert stored == job
    assert {name: getattr(stored, name) for name in told} == told
