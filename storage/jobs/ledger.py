"""What is shown of a server's jobs. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic

from storage.engine.database import Database
from storage.jobs.job import Holding, Job, R, State
from storage.jobs.job_row import COLUMNS
from storage.jobs.jobs import Jobs


@dataclass(frozen=True, slots=True)
class Line:
    """Jobs of a month that have member, provider, outcome and cause in common. `micros` are millionths of a US dollar,
    as far as they count; of these, `spent` are known to be spent, `unclear` are an estimate for the `not_known` jobs of
    which it isn't known whether they are charged, and the rest is an estimate. For `unpriced` of the jobs there is not
    even that.
    """

    member_id: int
    provider: str
    state: State
    failure: str | None
    jobs: int
    milliseconds: int
    micros: int
    spent: int = 0
    unpriced: int = 0
    not_known: int = 0
    unclear: int = 0


class Ledger(Generic[R]):
    """Reads the table `jobs` for members and moderators."""

    def __init__(self, database: Database, jobs: Jobs[R]) -> None:
        self._database = database
        self._jobs = jobs

    async def jobs(
        self,
        guild_id: int,
        *,
        member_id: int | None = None,
        states: frozenset[str] | None = None,
        provider: str | None = None,
        unsettled: bool = False,
        most: int = 25,
    ) -> list[Job[R]]:
        """The server's newest jobs of that kind."""
        kinds = [{"member_id": member_id, "provider": provider, "state": state} for state in sorted(states or ("",))]
        found = [_newest(kind, number, unsettled=unsettled) for number, kind in enumerate(kinds)]
        rows = await self._database.rows(
            f"SELECT {COLUMNS} FROM jobs WHERE id IN ({' UNION ALL '.join(found)}) ORDER BY id DESC LIMIT :most",
            guild_id=guild_id,
            most=most,
            **{f"{name}_{number}": value for number, kind in enumerate(kinds) for name, value in kind.items() if value},
        )
        return [self._jobs.read(row) for row in rows]

    async def has_card(self, guild_id: int, job_id: int) -> bool:
        """Whether the server's job was shown, and is not erased by now."""
        row = await self._database.row(
            "SELECT card_id FROM jobs WHERE guild_id = :guild_id AND id = :job_id", guild_id=guild_id, job_id=job_id
        )
        return row is not None and row["card_id"] is not None

    async def keeping(self, guild_id: int, member_id: int, *, now: float, most: int) -> list[Job[R]]:
        """The member's jobs whose whole videos can be fetched, newest first."""
        rows = await self._database.rows(
            f"""SELECT {COLUMNS} FROM jobs
               WHERE guild_id = :guild_id AND member_id = :member_id AND kept_until > :now AND forgotten_at IS NULL
               ORDER BY id DESC LIMIT :most""",
            guild_id=guild_id,
            member_id=member_id,
            now=now,
            most=most,
        )
        return [self._jobs.read(row) for row in rows]

    async def with_files(self, guild_id: int, *, now: float, closed_since: float) -> list[Holding]:
        """The server's jobs whose files are still needed: open ones, those that were closed since then, and those whose
        videos are kept.
        """
        rows = await self._database.rows(
            """SELECT id AS job_id, closed_at, kept_until FROM jobs WHERE id IN (
                 SELECT id FROM jobs WHERE guild_id = :guild_id AND closed_at IS NULL
                 UNION SELECT id FROM jobs
                   WHERE guild_id = :guild_id AND forgotten_at IS NULL AND closed_at >= :closed_since
                 UNION SELECT id FROM jobs
                   WHERE guild_id = :guild_id AND forgotten_at IS NULL AND kept_until > :now)""",
            guild_id=guild_id,
            now=now,
            closed_since=closed_since,
        )
        return [Holding(**dict(row)) for row in rows]

    async def last_voice(self, guild_id: int, member_id: int) -> str | None:
        """The key of the voice in the newest job that the member had a text spoken in, as far as it isn't forgotten."""
        row = await self._database.row(
            """SELECT voice FROM jobs WHERE guild_id = :guild_id AND member_id = :member_id AND voice IS NOT NULL
               ORDER BY id DESC LIMIT 1""",
            guild_id=guild_id,
            member_id=member_id,
        )
        return row["voice"] if row else None

    async def under_way(self, guild_id: int, member_id: int) -> list[Job[R]]:
        """The member's jobs that have not ended yet, oldest first."""
        rows = await self._database.rows(
            f"""SELECT {COLUMNS} FROM jobs WHERE guild_id = :guild_id AND member_id = :member_id AND ended_at IS NULL
               ORDER BY id""",
            guild_id=guild_id,
            member_id=member_id,
        )
        return [self._jobs.read(row) for row in rows]

    async def open_count(self, guild_id: int) -> tuple[int, int]:
        """How many jobs are not closed yet, whichever process has them: of the server, and of all."""
        row = await self._database.row(
            """SELECT count(CASE WHEN guild_id = :guild_id THEN 1 END) AS here, count(*) AS in_all
               FROM jobs WHERE closed_at IS NULL""",
            guild_id=guild_id,
        )
        return (row["here"], row["in_all"]) if row else (0, 0)

    async def reported(self, guild_id: int) -> list[Job[R]]:
        """The jobs whose results were reported and wait for a moderator's decision, the first report first."""
        rows = await self._database.rows(
            f"""SELECT {COLUMNS} FROM jobs JOIN (
                  SELECT job_id, reported_at FROM reports WHERE guild_id = :guild_id AND decision IS NULL
                ) AS undecided ON job_id = id
               WHERE guild_id = :guild_id ORDER BY reported_at""",
            guild_id=guild_id,
        )
        return [self._jobs.read(row) for row in rows]

    async def month(self, guild_id: int, since: float, until: float) -> list[Line]:
        """What was asked for in that time, added up."""
        rows = await self._database.rows(
            """SELECT member_id, provider, state, failure, count(*) AS jobs,
                      sum(CASE WHEN counted_at IS NULL THEN 0 ELSE milliseconds END) AS milliseconds,
                      sum(CASE WHEN counted_at IS NULL THEN 0 ELSE micros END) AS micros,
                      sum(CASE WHEN counted_at IS NULL THEN 0 ELSE coalesce(spent_micros, 0) END) AS spent,
                      sum(CASE WHEN counted_at IS NOT NULL AND spent_micros IS NULL AND micros = 0
                                 AND coalesce(charge, '') <> 'unclear' THEN 1 ELSE 0 END) AS unpriced,
                      sum(CASE WHEN counted_at IS NOT NULL AND charge = 'unclear' THEN 1 ELSE 0 END) AS not_known,
                      sum(CASE WHEN counted_at IS NOT NULL AND charge = 'unclear' THEN micros ELSE 0 END) AS unclear
               FROM jobs WHERE guild_id = :guild_id AND created_at >= :since AND created_at < :until
               GROUP BY member_id, provider, state, failure ORDER BY jobs DESC, member_id, provider""",
            guild_id=guild_id,
            since=since,
            until=until,
        )
        return [Line(**dict(row)) for row in rows]


def _newest(kind: Mapping[str, object], number: int, *, unsettled: bool) -> str:
    """A query for the ids of the newest jobs of one kind, for the index of what it names first: without figures about
    its rows, SQLite can't tell which is the narrowest.
    """
    named = [name for name, value in kind.items() if value]
    terms = [f"{name if name == named[0] else f'CAST({name} AS TEXT)'} = :{name}_{number}" for name in named]
    terms += ["state = 'unknown' AND settled_at IS NULL"] if unsettled else []
    where = " AND ".join(["guild_id = :guild_id", *terms])
    return f"SELECT id FROM (SELECT id FROM jobs WHERE {where} ORDER BY id DESC LIMIT :most) AS newest_{number}"
