"""What is kept about people, over all tables: telling them, and forgetting them (see `storage/people/erasure.py`).
Blocks stay: they are the server's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from storage.engine.database import Database, Transaction
from storage.engine.installation import put_fact
from storage.jobs.job import Job
from storage.people.erasure import NOBODY, delete_slice, erase_job, erase_slice
from storage.people.unanswered import drop_too_old
from storage.servers.limit_rules import LONGEST_WINDOW
from storage.servers.usage import forget_old_hours

ERASED_FACT = "erased_at"  # when a person was erased last who had asked for it: older copies may still hold them

_NAMED_IN = (
    ("keys", "added_by"),
    ("reports", "reported_by"),
    ("reports", "decided_by"),
    ("grants", "given_by"),
    ("blocks", "blocked_by"),
)
# The others go with the rows in `jobs` and `guilds`.
_GUILD_TABLES = ("unanswered", "unfinished", "jobs", "keys")


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept about a person in one server."""

    guild_id: int
    jobs: int
    open_jobs: int
    oldest_at: float


class Privacy:
    """Store of `forget_requests`, and of what concerns people in the other tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def about(self, member_id: int) -> list[Record]:
        """What is kept about the person, server by server."""
        rows = await self._database.rows(
            """SELECT guild_id, count(*) AS jobs, count(*) - count(closed_at) AS open_jobs, min(created_at) AS oldest_at
               FROM jobs WHERE member_id = :member_id AND forgotten_at IS NULL GROUP BY guild_id ORDER BY guild_id""",
            member_id=member_id,
        )
        return [Record(**dict(row)) for row in rows]

    async def forget(self, member_id: int, *, now: float) -> tuple[list[int], int, int]:
        """Forget the person: the ids of the jobs erased at once, how many will be when they are closed, and how many
        when their report is decided.
        """

        async def ask(tx: Transaction) -> None:
            await tx.row(
                """INSERT INTO forget_requests (member_id, asked_at) VALUES (:member_id, :now)
                   ON CONFLICT (member_id) DO UPDATE SET asked_at = :now""",
                member_id=member_id,
                now=now,
            )
            for table, column in _NAMED_IN:
                await tx.row(
                    f"UPDATE {table} SET {column} = :nobody WHERE {column} = :member_id",
                    member_id=member_id,
                    nobody=NOBODY,
                )
            await tx.row("UPDATE guilds SET set_up_by = NULL WHERE set_up_by = :id", id=member_id)
            await tx.row("UPDATE cases SET decided_by = NULL WHERE decided_by = :id", id=member_id)
            for table in ("attestations", "direct_messages", "unanswered", "unfinished"):
                await tx.row(f"DELETE FROM {table} WHERE member_id = :id", id=member_id)

        await self._database.write(ask, guild_id=None)  # what it begins is gone on with by the next sweep
        erased = await self._erase_due(now, 0.0)
        await self._database.write(lambda tx: _tidy(tx, now), guild_id=None)
        (row,) = await self._database.rows(
            """SELECT count(*) AS left_over, count(*) - count(closed_at) AS waiting
               FROM jobs WHERE member_id = :member_id AND forgotten_at IS NULL""",
            member_id=member_id,
        )
        return erased, row["waiting"], row["left_over"] - row["waiting"]

    async def erase(self, job: Job[Any], *, now: float) -> None:
        """Take out of one closed job whatever leads to its person."""

        async def work(tx: Transaction) -> None:
            await erase_job(tx, job, now)

        await self._database.write(work, guild_id=job.guild_id)

    async def sweep(self, *, now: float, older_than: float, left_before: float) -> tuple[list[int], int]:
        """Forget who asked for it and what is older than that moment, and erase servers that left before that one; the
        ids of the jobs, and the number of servers. Keys that no job needs any more go too.
        """

        erased = await self._erase_due(now, older_than)
        await self._database.write(lambda tx: _tidy(tx, now), guild_id=None)
        gone = await self._database.rows("SELECT id FROM guilds WHERE left_at < :left_before", left_before=left_before)
        return erased, sum([await self._erase_guild(guild["id"], left_before) for guild in gone])

    async def _erase_due(self, now: float, older_than: float) -> list[int]:
        """Erase slice by slice what is due, while other writes have their turn; the ids of the jobs."""
        erased, has_more = [], True
        while has_more:
            ids, has_more = await self._database.write(lambda tx: erase_slice(tx, now, older_than), guild_id=None)
            erased += ids
        return erased

    async def _erase_guild(self, guild_id: int, left_before: float) -> bool:
        """Erase every row of a server that left before that moment; False when it has come back. Open jobs of a server
        that is gone can be told to nobody.
        """
        for table in ("jobs", "cases"):  # with what hangs on them; of both there may be very many
            while await self._database.write(
                partial(delete_slice, table=table, guild_id=guild_id, left_before=left_before), guild_id=guild_id
            ):
                pass

        async def work(tx: Transaction) -> bool:
            left = await tx.row(
                "SELECT 1 FROM guilds WHERE id = :guild_id AND left_at < :left_before",
                guild_id=guild_id,
                left_before=left_before,
            )
            if left is None:
                return False
            for table in _GUILD_TABLES:
                await tx.row(f"DELETE FROM {table} WHERE guild_id = :guild_id", guild_id=guild_id)
            await tx.row("DELETE FROM guilds WHERE id = :guild_id", guild_id=guild_id)
            return True

        return await self._database.write(work, guild_id=guild_id)


async def _tidy(tx: Transaction, now: float) -> None:
    """Throw away what nothing asks for any more: keys, sums, grants, and requests with nothing left to do."""
    await tx.row(
        """DELETE FROM keys WHERE retired_at IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM jobs WHERE jobs.guild_id = keys.guild_id AND key_id = keys.id AND closed_at IS NULL)"""
    )
    await forget_old_hours(tx, now)
    await drop_too_old(tx, now)
    await tx.row("DELETE FROM grants WHERE until_at < :uncounted_before", uncounted_before=now - LONGEST_WINDOW)
    done = await tx.rows(
        """DELETE FROM forget_requests WHERE NOT EXISTS (
             SELECT 1 FROM jobs WHERE jobs.member_id = forget_requests.member_id AND created_at <= asked_at
               AND forgotten_at IS NULL)
             AND NOT EXISTS (SELECT 1 FROM reporters WHERE reporters.member_id = forget_requests.member_id
               AND reported_at <= asked_at) RETURNING member_id"""
    )
    if done:
        await put_fact(tx, ERASED_FACT, str(now))
