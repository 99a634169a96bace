"""Results that somebody reported, what moderators decided, and the files that can't be used again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from storage.engine.database import Database, Row, Transaction
from storage.jobs.job import Job
from storage.people.erasure import erase_job
from storage.people.reporters import has_reported
from storage.servers import case
from storage.servers.log_entries import note

Decision = Literal["restored", "removed"]


@dataclass(frozen=True, slots=True)
class Report:
    """A reported result. `decision` is None until a moderator has looked."""

    guild_id: int
    job_id: int
    reported_by: int
    reported_at: float
    channel_id: int
    message_id: int
    hidden: bool
    decision: Decision | None
    decided_by: int | None
    decided_at: float | None


_COLUMNS = ", ".join(field.name for field in fields(Report))


class Reports:
    """Store of the tables `reports` and `removed_files`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def file(self, job: Job[Any], *, channel_id: int, message_id: int, hidden: bool, by: int, now: float) -> bool:
        """Report a job's result; False when that changes nothing: it waits for a decision already, was removed, or was
        reported by the same member before. It may be reported anew once it was restored, and to be hidden where an
        earlier report could not.
        """

        async def work(tx: Transaction) -> bool:
            if await has_reported(tx, job.guild_id, job.id, by) or not await _reopen(
                tx, job, channel_id=channel_id, message_id=message_id, hidden=hidden, by=by, now=now
            ):
                return False
            await tx.row(
                """INSERT INTO reporters (guild_id, job_id, member_id, reported_at, hidden)
                   VALUES (:guild_id, :job_id, :by, :now, :hidden)""",
                guild_id=job.guild_id,
                job_id=job.id,
                by=by,
                now=now,
                hidden=hidden,
            )
            return True

        return await self._database.write(work, guild_id=job.guild_id)

    async def of(self, guild_id: int, job_id: int) -> Report | None:
        """The report on this job, if there is one."""
        row = await self._database.row(
            f"SELECT {_COLUMNS} FROM reports WHERE guild_id = :guild_id AND job_id = :job_id",
            guild_id=guild_id,
            job_id=job_id,
        )
        return _report(row) if row else None

    async def awaits_decision(self, guild_id: int, job_id: int) -> bool:
        """Whether the job's result was reported, and no moderator has decided about it yet."""
        report = await self.of(guild_id, job_id)
        return report is not None and report.decision is None

    async def decide(self, job: Job[Any], decision: Decision, *, by: int, now: float) -> bool:
        """Decide on a report; False when that was done before. What is removed is erased with the job's person, and its
        files can't be used in this server again.
        """

        async def work(tx: Transaction) -> bool:
            row = await tx.row(
                """UPDATE reports SET decision = :decision, decided_by = :by, decided_at = :now
                   WHERE guild_id = :guild_id AND job_id = :job_id AND decision IS NULL RETURNING job_id""",
                guild_id=job.guild_id,
                job_id=job.id,
                decision=decision,
                by=by,
                now=now,
            )
            if row is None:
                return False
            await note(
                tx, job.guild_id, decision, now=now, actor_id=by, job_id=job.id, facts={"member_id": job.member_id}
            )
            await case.decided(tx, job.guild_id, "reported", job.id, by)
            if decision == "removed":
                await _ban(tx, job, now)
                await erase_job(tx, job, now)
            return True

        return await self._database.write(work, guild_id=job.guild_id)

    async def removed_among(self, guild_id: int, digests: Sequence[str | None]) -> bool:
        """Whether one of these files was removed on a report in this server."""
        for digest in filter(None, digests):
            row = await self._database.row(
                "SELECT 1 FROM removed_files WHERE guild_id = :guild_id AND digest = :digest",
                guild_id=guild_id,
                digest=digest,
            )
            if row:
                return True
        return False


def _report(row: Row) -> Report:
    return Report(**{**dict(row), "hidden": bool(row["hidden"])})


async def _reopen(tx: Transaction, job: Job[Any], *, by: int, now: float, hidden: bool, **message: object) -> bool:
    """Let the job's result wait for a decision, or only be hidden meanwhile; False when that changes nothing."""
    row = await tx.row(
        """INSERT INTO reports (guild_id, job_id, reported_by, reported_at, channel_id, message_id, hidden)
           VALUES (:guild_id, :job_id, :by, :now, :channel_id, :message_id, :hidden)
           ON CONFLICT (guild_id, job_id) DO UPDATE
           SET reported_by = excluded.reported_by, reported_at = excluded.reported_at,
               channel_id = excluded.channel_id, message_id = excluded.message_id, hidden = excluded.hidden,
               decision = NULL, decided_by = NULL, decided_at = NULL
           WHERE reports.decision = 'restored' RETURNING job_id""",
        guild_id=job.guild_id,
        job_id=job.id,
        by=by,
        now=now,
        hidden=hidden,
        **message,
    )
    if row:
        await case.opened(tx, job.guild_id, "reported", job.id, now)
    elif hidden:
        row = await tx.row(
            """UPDATE reports SET hidden = 1
               WHERE guild_id = :guild_id AND job_id = :job_id AND decision IS NULL AND hidden = 0 RETURNING job_id""",
            guild_id=job.guild_id,
            job_id=job.id,
        )
    return row is not None


async def _ban(tx: Transaction, job: Job[Any], now: float) -> None:
    for digest in filter(None, (job.video_digest, job.audio_digest)):
        await tx.row(
            """INSERT INTO removed_files (guild_id, digest, removed_at) VALUES (:guild_id, :digest, :now)
               ON CONFLICT DO NOTHING""",
            guild_id=job.guild_id,
            digest=digest,
            now=now,
        )
