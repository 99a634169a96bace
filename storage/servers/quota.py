"""What is used of the limits that bind a person, and whether one more job fits.

Usage is counted (see `storage/servers/usage.py`) inside the transaction that inserts the job: there is nothing to give
back. Amounts are whole numbers in the small unit of each kind (see `storage/servers/limit_rules.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from storage.engine.database import Queries, Rejected
from storage.servers.limit_rules import GRANT_COLUMNS, RULE_COLUMNS, SCALE, WINDOWS, Grant, Rule, Unit, binding
from storage.servers.usage import COLUMNS, Usage, gone_at, usage_of


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

    @property
    def at_once(self) -> Claim:
        """What of it counts of a job that waits to be approved."""
        return replace(self, jobs=0, milliseconds=0, micros=0)

    def needs(self, unit: Unit) -> int:
        """How much of it, in small units."""
        return self.active if unit == "active" else int(getattr(self, COLUMNS[unit]))


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


async def usage_for(at: Queries, claim: Claim, now: float, *, oldest: bool = False) -> list[Usage]:
    """What is used of each limit that binds the member; with the `oldest` that counts, for `standing`."""
    found = await usage_of(at, claim.guild_id, claim.member_id, claim.role_ids, now, oldest=oldest)
    by_rule = {usage.rule: usage for usage in found}
    return [by_rule[rule] for rule in binding(by_rule, claim.member_id, claim.role_ids)]


async def standings(at: Queries, claim: Claim, now: float) -> list[Standing]:
    """How the member stands under each limit that binds them."""
    return [await standing(at, usage, claim, now) for usage in await usage_for(at, claim, now, oldest=True)]


async def standings_with(
    at: Queries, usages: Sequence[Usage], claim: Claim, granted: Collection[Unit], now: float
) -> list[Standing]:
    """How the member stands once the claim is counted. The `usages` were used before, with the oldest that counts, and
    grants carry what is `granted`.
    """
    nothing = Claim(claim.guild_id, claim.member_id, claim.role_ids)
    return [await standing(at, _with(usage, claim, granted, now), nothing, now) for usage in usages]


def _with(usage: Usage, claim: Claim, granted: Collection[Unit], now: float) -> Usage:
    """What is used of a limit once the claim is counted."""
    needed = claim.needs(usage.rule.unit)
    if not needed or (usage.rule.unit in granted and usage.rule.subject != "server"):
        return usage
    return replace(usage, used=usage.used + needed, oldest_at=now if usage.oldest_at is None else usage.oldest_at)


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


async def check(at: Queries, claim: Claim, now: float, *, usages: Sequence[Usage] | None = None) -> dict[Unit, int]:
    """Whether the claim fits under every limit: the grants that it needs for that, by unit; `OverLimit` when it
    doesn't. `usages` are what is used of the limits that bind the member, None to read them now.
    """
    needed: dict[Unit, int] = {}
    given: list[Pot] | None = None  # read only where a limit is used up: there may be thousands
    for usage in await usage_for(at, claim, now) if usages is None else usages:
        unit, personal = usage.rule.unit, usage.rule.subject != "server"
        if (personal and unit in needed) or claim.needs(unit) <= left_of(usage.rule, usage.used):
            continue
        if personal and given is None:
            given = await pots(at, claim, now)
        carries = (pot.grant.id for pot in given or () if pot.grant.unit == unit and claim.needs(unit) <= pot.left)
        found = next(carries, None) if personal else None
        if found is None:
            raise OverLimit(await standing(at, usage, claim, now), claim)
        needed[unit] = found
    return needed


def left_of(rule: Rule, used: int) -> int:
    """What is left of a limit, in small units."""
    return max(0, rule.most * SCALE[rule.unit] - used)


async def standing(at: Queries, usage: Usage, claim: Claim, now: float) -> Standing:
    """How the member stands under one limit."""
    return Standing(usage.rule, usage.used, await _more_at(at, usage, claim, now))


async def _more_at(at: Queries, usage: Usage, claim: Claim, now: float) -> float | None:
    """When enough has left the window for the claim to fit; for one that fits, when the next job leaves it."""
    rule, needed = usage.rule, claim.needs(usage.rule.unit)
    allowed = rule.most * SCALE[rule.unit]
    if rule.unit == "active" or needed > allowed:
        return None
    too_much = usage.used + needed - allowed
    if too_much <= 1 and usage.oldest_at is not None:
        return usage.oldest_at + WINDOWS[rule.window]
    return await gone_at(at, rule, claim.guild_id, claim.member_id, max(too_much, 1), now) if usage.used else None


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
    return {(row["grant_id"], unit): row[unit] for row in rows for unit in COLUMNS}
