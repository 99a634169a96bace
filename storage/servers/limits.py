"""A server's limits and grants, as its moderators set them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from storage.engine.database import Database, Transaction
from storage.servers.limit_rules import GRANT_COLUMNS, RULE_COLUMNS, Grant, Rule, Subject, Unit, Window
from storage.servers.log_entries import note
from storage.servers.quota import Claim, Pot, Standing, check, grants_of, pots, rules_of, standings, usage_for
from storage.servers.usage import Usage

# What a server begins with: enough to try, too little to empty an account overnight.
DEFAULTS = (
    Rule("server", 0, "jobs", "day", 30),
    Rule("everyone", 0, "active", "now", 1),
    Rule("everyone", 0, "jobs", "day", 3),
)


async def put_rule(tx: Transaction, guild_id: int, rule: Rule) -> None:
    """Set a limit, in place of the same one with another number."""
    await tx.row(
        """INSERT INTO rules (guild_id, subject, subject_id, unit, period, most)
           VALUES (:guild_id, :subject, :subject_id, :unit, :window, :most)
           ON CONFLICT (guild_id, subject, subject_id, unit, period) DO UPDATE SET most = :most""",
        guild_id=guild_id,
        **asdict(rule),
    )


class LimitStore:
    """Store of the tables `rules` and `grants`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, guild_id: int, rule: Rule, *, by: int, now: float) -> None:
        """Set a limit; it holds from the next job on."""

        async def work(tx: Transaction) -> None:
            await put_rule(tx, guild_id, rule)
            if rule.subject == "server":  # its shares are told of anew
                await tx.row(
                    "DELETE FROM alerts WHERE guild_id = :guild_id AND unit = :unit AND period = :window",
                    guild_id=guild_id,
                    unit=rule.unit,
                    window=rule.window,
                )
            await note(tx, guild_id, "rule_set", now=now, actor_id=by, facts=asdict(rule))

        await self._database.write(work, guild_id=guild_id)

    async def remove(
        self, guild_id: int, subject: Subject, subject_id: int, unit: Unit, window: Window, *, by: int, now: float
    ) -> Rule | None:
        """Take a limit away; which it was, None when there was none."""

        async def work(tx: Transaction) -> Rule | None:
            row = await tx.row(
                f"""DELETE FROM rules WHERE guild_id = :guild_id AND subject = :subject AND subject_id = :subject_id
                     AND unit = :unit AND period = :window
                    RETURNING {RULE_COLUMNS}""",
                guild_id=guild_id,
                subject=subject,
                subject_id=subject_id,
                unit=unit,
                window=window,
            )
            if row is None:
                return None
            await note(tx, guild_id, "rule_removed", now=now, actor_id=by, facts=dict(row))
            return Rule(**dict(row))

        return await self._database.write(work, guild_id=guild_id)

    async def rules(self, guild_id: int) -> list[Rule]:
        """All limits of the server."""
        return await rules_of(self._database, guild_id)

    async def give(
        self,
        guild_id: int,
        *,
        subject: Subject,
        subject_id: int,
        unit: Unit,
        amount: int,
        reason: str,
        by: int,
        now: float,
        until_at: float,
    ) -> Grant:
        """Give something on top of the limits."""
        values = {name: value for name, value in locals().items() if name != "self"}

        async def work(tx: Transaction) -> Grant:
            row = await tx.row(
                f"""INSERT INTO grants
                      (guild_id, subject, subject_id, unit, amount, reason, given_by, given_at, until_at)
                    VALUES (:guild_id, :subject, :subject_id, :unit, :amount, :reason, :by, :now, :until_at)
                    RETURNING {GRANT_COLUMNS}""",
                **values,
            )
            assert row is not None
            grant = Grant(**dict(row))
            about = {"subject": subject, "subject_id": subject_id, "unit": unit, "amount": amount, "reason": reason}
            await note(tx, guild_id, "grant_given", now=now, actor_id=by, facts={**about, "until_at": until_at})
            return grant

        return await self._database.write(work, guild_id=guild_id)

    async def end_grant(self, guild_id: int, grant_id: int, *, by: int, now: float) -> bool:
        """End a grant now; False when the server has no such grant that lasts."""

        async def work(tx: Transaction) -> bool:
            row = await tx.row(
                """UPDATE grants SET until_at = :now WHERE guild_id = :guild_id AND id = :id AND until_at > :now
                   RETURNING subject, subject_id, unit, amount, reason""",
                guild_id=guild_id,
                id=grant_id,
                now=now,
            )
            if row:
                await note(tx, guild_id, "grant_ended", now=now, actor_id=by, facts=dict(row))
            return row is not None

        return await self._database.write(work, guild_id=guild_id)

    async def grants(self, guild_id: int, now: float) -> Sequence[Grant]:
        """The server's grants that last."""
        return await grants_of(self._database, guild_id, now)

    async def usage(self, guild_id: int, claim: Claim, now: float) -> list[Usage]:
        """What is used of each limit that binds a member; the claim names the member."""
        assert claim.guild_id == guild_id
        return await usage_for(self._database, claim, now)

    async def check(self, guild_id: int, claim: Claim, now: float, *, usages: Sequence[Usage] | None = None) -> None:
        """`OverLimit` when the claim wouldn't fit now under the limits that bind, of which `usages` are used, None to
        read them now; only storing a job counts it.
        """
        assert claim.guild_id == guild_id
        await check(self._database, claim, now, usages=usages)

    async def standings(self, guild_id: int, claim: Claim, now: float) -> list[Standing]:
        """How a member stands under each limit that binds them."""
        assert claim.guild_id == guild_id
        return await standings(self._database, claim, now)

    async def pots(self, guild_id: int, claim: Claim, now: float) -> list[Pot]:
        """The grants that a member has, and what is left of them."""
        assert claim.guild_id == guild_id
        return await pots(self._database, claim, now)
