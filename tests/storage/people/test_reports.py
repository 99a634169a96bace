"""The store of reported results."""

from __future__ import annotations

from storage.engine.database import Database
from storage.jobs.job import NewJob, Position
from storage.people.reports import Reports
from tests.conftest import GUILD, MEMBER, OTHER_GUILD
from tests.storage.plain import plain_jobs, plain_ledger
from tests.welcome import welcome


async def test_a_report_is_read_as_it_was_filed_until_somebody_decides(database: Database) -> None:
    await welcome(database, GUILD)
    reports, new = Reports(database), NewJob(
        guild_id=GUILD, interaction_id=1, member_id=MEMBER, channel_id=3001, provider="runcomfy", request="",
        position=Position("text"), created_at=1.0, deadline_at=99.0,
    )  # fmt: skip
    job = await plain_jobs(database).enqueue(new)
    assert await reports.file(job, channel_id=3001, message_id=4001, hidden=True, by=MEMBER, now=5.0)
    assert not await reports.file(job, channel_id=3001, message_id=4001, hidden=True, by=MEMBER, now=6.0)
    report, ledger = await reports.of(GUILD, job.id), plain_ledger(database)
    assert report
    assert await ledger.reported(GUILD) == [job]
    assert await ledger.reported(OTHER_GUILD) == []
    assert (report.reported_by, report.message_id, report.hidden, report.decision) == (MEMBER, 4001, True, None)
    assert await reports.decide(job, "restored", by=7, now=8.0)
    assert await ledger.reported(GUILD) == []
