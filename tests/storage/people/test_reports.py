"""The store of reported results."""

from __future__ import annotations

from typing import Any

from storage.engine.database import Database
from storage.jobs.job import Job, NewJob, Position
from storage.people.privacy import Privacy
from storage.people.reporters import MadeReport, Reporters
from storage.people.reports import Reports
from tests.conftest import GUILD, MEMBER, OTHER_GUILD
from tests.storage.plain import plain_jobs, plain_ledger
from tests.welcome import welcome

FIRST, SECOND, THIRD = 41, 42, 43


async def reported_job(database: Database, number: int = 1) -> Job[str]:
    """A job whose result can be reported."""
    await welcome(database, GUILD)
    return (await plain_jobs(database).enqueue(
        NewJob(
            guild_id=GUILD, interaction_id=number, member_id=MEMBER, channel_id=3001, provider="runcomfy", request="",
            position=Position("text"), created_at=1.0, deadline_at=99.0,
        )
    )).job  # fmt: skip


async def file(database: Database, job: Job[str], by: int, now: float, *, hidden: bool = True) -> bool:
    """Report the job's result."""
    message: Any = {"channel_id": 3001, "message_id": 4001}
    return await Reports(database).file(job, **message, hidden=hidden, by=by, now=now)


async def test_what_was_restored_can_be_reported_again_by_others_and_what_was_removed_cannot(
    database: Database,
) -> None:
    job, reports = await reported_job(database), Reports(database)
    assert await file(database, job, FIRST, 5.0)
    assert not await file(database, job, SECOND, 6.0)
    assert await reports.decide(job, "restored", by=7, now=8.0)
    assert not await file(database, job, FIRST, 9.0)
    assert await file(database, job, SECOND, 10.0)
    report = await reports.of(GUILD, job.id)
    assert report
    assert (report.reported_by, report.reported_at, report.decision) == (SECOND, 10.0, None)
    assert (report.decided_by, report.decided_at) == (None, None)
    assert await reports.decide(job, "removed", by=7, now=11.0)
    assert not await file(database, job, THIRD, 12.0)


async def test_what_a_report_could_not_hide_another_one_can(database: Database) -> None:
    job, reports = await reported_job(database), Reports(database)
    assert await file(database, job, FIRST, 5.0, hidden=False)
    assert not await file(database, job, SECOND, 6.0, hidden=False)
    assert not await file(database, job, FIRST, 7.0)
    assert await file(database, job, SECOND, 8.0)
    assert not await file(database, job, THIRD, 9.0)
    report = await reports.of(GUILD, job.id)
    assert report
    assert (report.reported_by, report.reported_at, report.hidden) == (FIRST, 5.0, True)  # to decide it is the same


async def test_a_members_reports_of_the_last_hour_are_counted(database: Database) -> None:
    first, second, third = [await reported_job(database, number) for number in (1, 2, 3)]
    assert await file(database, first, FIRST, 100.0)
    assert await file(database, second, FIRST, 200.0, hidden=False)
    assert await file(database, third, SECOND, 300.0)
    reporters = Reporters(database)
    assert await reporters.counted(GUILD, FIRST, now=3699.0) == [MadeReport(100.0, True), MadeReport(200.0, False)]
    assert await reporters.counted(GUILD, FIRST, now=3700.0) == [MadeReport(200.0, False)]
    assert await reporters.counted(OTHER_GUILD, FIRST, now=3699.0) == []
    assert await reporters.has_reported(GUILD, second.id, FIRST)
    assert not await reporters.has_reported(GUILD, third.id, FIRST)


async def test_who_is_forgotten_gets_no_new_reports_by_that_and_is_nowhere_an_hour_later(database: Database) -> None:
    reporters, privacy = Reporters(database), Privacy(database)
    assert await file(database, await reported_job(database), FIRST, 100.0)
    await privacy.forget(FIRST, now=200.0)
    assert await reporters.counted(GUILD, FIRST, now=200.0) == [MadeReport(100.0, True)]
    await privacy.sweep(now=3700.0, older_than=0.0, left_before=0.0)
    assert await database.rows("SELECT 1 FROM reporters WHERE member_id = :id", id=FIRST) == []
    await privacy.sweep(now=3701.0, older_than=0.0, left_before=0.0)
    assert await database.rows("SELECT 1 FROM forget_requests WHERE member_id = :id", id=FIRST) == []


async def test_who_reported_is_forgotten_with_the_records_of_that_time(database: Database) -> None:
    assert await file(database, await reported_job(database), FIRST, 100.0)
    for older_than, left in ((100.0, 1), (101.0, 0)):
        await Privacy(database).sweep(now=9000.0, older_than=older_than, left_before=0.0)
        assert len(await database.rows("SELECT 1 FROM reporters")) == left


async def test_a_decided_report_names_nobody_once_its_time_is_over(database: Database) -> None:
    job, reports, privacy = await reported_job(database), Reports(database), Privacy(database)
    assert await file(database, job, FIRST, 100.0)
    await privacy.sweep(now=9000.0, older_than=300.0, left_before=0.0)
    undecided = await reports.of(GUILD, job.id)
    assert undecided
    assert (undecided.reported_by, undecided.message_id) == (FIRST, 4001)  # needed to decide, however old it is
    assert await reports.decide(job, "restored", by=7, now=200.0)
    for older_than, left in ((200.0, (FIRST, 7, 3001, 4001)), (201.0, (0, 0, 0, 0))):
        await privacy.sweep(now=9000.0, older_than=older_than, left_before=0.0)
        report = await reports.of(GUILD, job.id)
        assert report
        assert (report.reported_by, report.decided_by, report.channel_id, report.message_id) == left
        assert report.decision == "restored"


async def test_a_decided_report_leads_to_no_message_once_the_videos_person_is_forgotten(database: Database) -> None:
    job, reports = await reported_job(database), Reports(database)
    assert await file(database, job, FIRST, 100.0)
    assert await reports.decide(job, "restored", by=7, now=200.0)
    await database.write(lambda tx: tx.row("UPDATE jobs SET forgotten_at = 201.0"), guild_id=GUILD)
    await Privacy(database).sweep(now=202.0, older_than=0.0, left_before=0.0)
    report = await reports.of(GUILD, job.id)
    assert report
    assert (report.reported_by, report.channel_id, report.message_id) == (FIRST, 0, 0)


async def test_a_report_is_read_as_it_was_filed_until_somebody_decides(database: Database) -> None:
    await welcome(database, GUILD)
    reports, new = Reports(database), NewJob(
        guild_id=GUILD, interaction_id=1, member_id=MEMBER, channel_id=3001, provider="runcomfy", request="",
        position=Position("text"), created_at=1.0, deadline_at=99.0,
    )  # fmt: skip
    job = (await plain_jobs(database).enqueue(new)).job
    assert await reports.file(job, channel_id=3001, message_id=4001, hidden=True, by=MEMBER, now=5.0)
    assert not await reports.file(job, channel_id=3001, message_id=4001, hidden=True, by=MEMBER, now=6.0)
    report, ledger = await reports.of(GUILD, job.id), plain_ledger(database)
    assert report
    assert await ledger.reported(GUILD) == [job]
    assert await ledger.reported(OTHER_GUILD) == []
    assert (report.reported_by, report.message_id, report.hidden, report.decision) == (MEMBER, 4001, True, None)
    assert await reports.decide(job, "restored", by=7, now=8.0)
    assert await ledger.reported(GUILD) == []
