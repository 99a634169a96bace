"""What is used of the limits that bind a person, and whether one more job fits.

Usage is counted from job rows inside the transaction that inserts the job, for whole servers from sums by the hour
(`storage/servers/usage_hours.py`): there is nothing to give back. Amounts are whole numbers in the small unit of each
kind (see `storage/servers/limit_rules.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.engine.database import Queries, Rejected
from storage.servers.limit_rules import GRANT_COLUMNS, RULE_COLUMNS, SCALE, WINDOWS, Grant, Rule, Unit, binding
from storage.servers.usage_hours import used_by_server

_COLUMNS: Mapping[Unit, str] = {"jobs": "jobs", "seconds": "milliseconds", "cents": "micros"}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a member asks to be counted; all zero when they only want to know."""

    guild_id: int
    member_id: int
    role_ids: frozenset[int] = frozenset()
    active: int = 0
    jobs: int = 0
    milliseconds: int = 0
    micros: int = 0

    def needs(self, unit: Unit) -> int:
        """How much of it, in small units."""
        return self.active if unit == "active" else int(getattr(self, _COLUMNS[unit]))


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule that binds a member, and what is used of it, in small units. `more_at` is when more is left again (as much
    as was asked for, if anything was): None if that isn't a matter of time.
    """

    rule: Rule
    used: int
    more_at: float | None

    @property
    def left(self) -> int:
        """What is left of it, in small units."""
        return left_of(self.rule, self.used)


@dataclass(frozen=True, slots=True)
class Pot:
    """A grant that a member has, and what is left of it, in small units."""

    grant: Grant
    left: int


class OverLimit(Rejected):
    """The claim doesn't fit; nothing was counted."""

    def __init__(self, standing: Standing, claim: Claim) -> None:
        super().__init__(standing.rule.unit)
        self.standing = standing
        self.claim = claim


async def rules_of(at: Queries, guild_id: int) -> list[Rule]:
    """All limits of the server, the widest first."""
    rows = await at.rows(
        f"""SELECT {RULE_COLUMNS} FROM rules WHERE guild_id = :guild_id
            ORDER BY subject = 'server' DESC, subject = 'everyone' DESC, subject = 'role' DESC, subject_id, unit,
                     period""",
        guild_id=guild_id,
    )
    return [Rule(**dict(row)) for row in rows]


async def rules_for(at: Queries, claim: Claim) -> list[Rule]:
    """The limits that bind the member."""
    return binding(await rules_of(at, claim.guild_id), claim.member_id, claim.role_ids)


async def standings(at: Queries, claim: Claim, now: float, *, rules: Sequence[Rule] | None = None) -> list[Standing]:
    """How the member stands under each limit that binds them. `rules` are those limits, None to read them now."""
    binding = await rules_for(at, claim) if rules is None else rules
    return [await standing(at, rule, claim, now) for rule in binding]


async def grants_of(at: Queries, guild_id: int, now: float) -> list[Grant]:
    """The server's grants that last, the one that ends first before the others."""
    rows = await at.rows(
        f"""SELECT {GRANT_COLUMNS} FROM grants WHERE guild_id = :guild_id AND until_at > :now
            ORDER BY until_at, id""",
        guild_id=guild_id,
        now=now,
    )
    return [Grant(**dict(row)) for row in rows]


async def pots(at: Queries, claim: Claim, now: float) -> list[Pot]:
    """The grants that the member has, the one that ends first before the others."""
    about = {("everyone", 0), ("member", claim.member_id), *(("role", role) for role in claim.role_ids)}
    mine = [grant for grant in await grants_of(at, claim.guild_id, now) if (grant.subject, grant.subject_id) in about]
    used = await _used_of_grants(at, claim) if mine else {}
    return [
        Pot(grant, max(0, grant.amount * SCALE[grant.unit] - used.get((grant.id, grant.unit), 0))) for grant in mine
    ]


async def check(at: Queries, claim: Claim, now: float, *, rules: Sequence[Rule] | None = None) -> list[int]:
    """Whether the claim fits under every limit: the grants that it needs for that; `OverLimit` when it doesn't. `rules`
    are the limits that bind the member, None to read them now.
    """
    needed: dict[Unit, int] = {}
    given: list[Pot] | None = None  # read only where a limit is used up: there may be thousands
    for rule in await rules_for(at, claim) if rules is None else rules:
        unit, personal = rule.unit, rule.subject != "server"
        if (personal and unit in needed) or claim.needs(unit) <= left_of(rule, await used_of(at, rule, claim, now)):
            continue
        if personal and given is None:
            given = await pots(at, claim, now)
        carries = (pot.grant.id for pot in given or () if pot.grant.unit == unit and claim.needs(unit) <= pot.left)
        found = next(carries, None) if personal else None
        if found is None:
            raise OverLimit(await standing(at, rule, claim, now), claim)
        needed[unit] = found
    return list(needed.values())


async def used_of(at: Queries, rule: Rule, claim: Claim, now: float) -> int:
    """What is used of a limit, in small units."""
    if rule.unit == "active":
        whose = "TRUE" if rule.subject == "server" else "member_id = :member_id"
        row = await at.row(
            f"SELECT count(*) AS used FROM jobs WHERE guild_id = :guild_id AND ended_at IS NULL AND {whose}",
            guild_id=claim.guild_id,
            member_id=claim.member_id,
        )
        return row["used"] if row else 0
    if rule.subject == "server":
        return await used_by_server(at, claim.guild_id, _COLUMNS[rule.unit], now - WINDOWS[rule.window])
    counted, bound = _counted(rule, claim, now)
    row = await at.row(f"SELECT coalesce(sum({_COLUMNS[rule.unit]}), 0) AS used {counted}", **bound)
    return row["used"] if row else 0


def left_of(rule: Rule, used: int) -> int:
    """What is left of a limit, in small units."""
    return max(0, rule.most * SCALE[rule.unit] - used)


async def standing(at: Queries, rule: Rule, claim: Claim, now: float) -> Standing:
    """How the member stands under one rule."""
    used = await used_of(at, rule, claim, now)
    return Standing(rule, used, None if rule.unit == "active" else await _more_at(at, rule, claim, used, now))


async def _more_at(at: Queries, rule: Rule, claim: Claim, used: int, now: float) -> float | None:
    """When enough has left the window for the claim to fit; for one that fits, when the next job leaves it."""
    allowed, needed = rule.most * SCALE[rule.unit], claim.needs(rule.unit)
    if needed > allowed:
        return None
    counted, bound = _counted(rule, claim, now)
    column = _COLUMNS[rule.unit]
    row = await at.row(
        f"""SELECT at FROM (SELECT at, sum({column}) OVER (ORDER BY at, job_id) AS gone {counted}) AS counted
            WHERE gone >= :too_much AND gone > 0 ORDER BY at LIMIT 1""",
        too_much=used + needed - allowed,
        **bound,
    )
    return row["at"] + WINDOWS[rule.window] if row else None


def _counted(rule: Rule, claim: Claim, now: float) -> tuple[str, dict[str, object]]:
    """The jobs that count against a limit, as the end of a query, and its parameters."""
    whose = "TRUE"
    if rule.subject != "server":
        whose = """member_id = :member_id AND counts_for_member AND NOT EXISTS (
            SELECT 1 FROM job_grants JOIN grants ON grants.id = grant_id
            WHERE job_grants.job_id = usage.job_id AND grants.unit = :unit)"""
    bound: dict[str, object] = {"guild_id": claim.guild_id, "since": now - WINDOWS[rule.window]}
    if rule.subject != "server":
        bound |= {"member_id": claim.member_id, "unit": rule.unit}
    return f"FROM usage WHERE guild_id = :guild_id AND at > :since AND {whose}", bound


async def _used_of_grants(at: Queries, claim: Claim) -> dict[tuple[int, Unit], int]:
    """What the member has used of each grant, in small units."""
    rows = await at.rows(
        """SELECT grant_id, sum(jobs) AS jobs, sum(milliseconds) AS seconds, sum(micros) AS cents FROM usage
           JOIN job_grants ON job_grants.job_id = usage.job_id
           WHERE usage.guild_id = :guild_id AND member_id = :member_id AND counts_for_member
           GROUP BY grant_id""",
        guild_id=claim.guild_id,
        member_id=claim.member_id,
    )
    return {(row["grant_id"], unit): row[unit] for row in rows for unit in _COLUMNS}
