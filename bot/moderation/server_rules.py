"""What moderators decide about their server: limits, grants, who may use the bot and where, approval, and the log. The
caller has checked that it is a moderator of this server who asks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.clock import Clock
from bot.domain.job import Stores
from bot.words.refusals.access import NotBlocked
from bot.words.refusals.limits import BadDuration, NoSuchGrant, NoSuchRule
from bot.words.refusals.log import LogNeeded
from storage.servers.access import Block, Kind
from storage.servers.guilds import Approval, Policy
from storage.servers.limit_rules import Grant, Rule, Subject, Unit, Window
from storage.servers.quota import Claim, Pot, Standing

LONGEST_GRANT = 365 * 86_400.0
SPANS = {"h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}


@dataclass(frozen=True, slots=True)
class Doorway:
    """Who may use the bot in a server, and where; empty sets mean everyone and everywhere. `notices_channel_id` is the
    channel for moderators' notices, None where Discord has told of none.
    """

    channels: frozenset[int]
    roles: frozenset[int]
    blocks: Sequence[Block]
    policy: Policy
    notices_channel_id: int | None


class ServerRules:
    """Reads and changes a server's rules. Raises a `Refusal`."""

    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._guilds = stores.guilds
        self._limits = stores.limits
        self._access = stores.access
        self._clock = clock

    async def begin(self, guild_id: int, *, by: int) -> None:
        """Let a server that was never seen begin with its first limits; the first who does this sets the bot up."""
        await self._guilds.join(guild_id, self._clock.now(), by=by)

    async def rules(self, guild_id: int) -> list[Rule]:
        """All limits."""
        return await self._limits.rules(guild_id)

    async def put(self, guild_id: int, rule: Rule, *, by: int) -> None:
        """Set a limit."""
        await self.begin(guild_id, by=by)
        await self._limits.put(guild_id, rule, by=by, now=self._clock.now())

    async def remove(
        self, guild_id: int, subject: Subject, subject_id: int, unit: Unit, window: Window, *, by: int
    ) -> Rule:
        """Take a limit away."""
        now = self._clock.now()
        rule = await self._limits.remove(guild_id, subject, subject_id, unit, window, by=by, now=now)
        if rule is None:
            raise NoSuchRule
        return rule

    async def give(
        self,
        guild_id: int,
        *,
        subject: Subject,
        subject_id: int,
        unit: Unit,
        amount: int,
        lasting: str,
        reason: str,
        by: int,
    ) -> Grant:
        """Give something on top of the limits, for a time written like `12h`, `3d` or `2w`."""
        now = self._clock.now()
        return await self._limits.give(
            guild_id,
            subject=subject,
            subject_id=subject_id,
            unit=unit,
            amount=amount,
            reason=reason,
            by=by,
            now=now,
            until_at=now + duration(lasting),
        )

    async def end_grant(self, guild_id: int, grant_id: int, *, by: int) -> None:
        """End a grant now."""
        if not await self._limits.end_grant(guild_id, grant_id, by=by, now=self._clock.now()):
            raise NoSuchGrant(grant=grant_id)

    async def grants(self, guild_id: int) -> Sequence[Grant]:
        """The grants that last."""
        return await self._limits.grants(guild_id, self._clock.now())

    async def standing(
        self, guild_id: int, member_id: int, role_ids: frozenset[int]
    ) -> tuple[list[Standing], list[Pot]]:
        """How a member stands under each rule that binds them, and what they were given on top."""
        claim, now = Claim(guild_id, member_id, role_ids), self._clock.now()
        return await self._limits.standings(guild_id, claim, now), await self._limits.pots(guild_id, claim, now)

    async def doorway(self, guild_id: int) -> Doorway:
        """Who may use the bot, and where."""
        facts = await self._guilds.facts(guild_id)
        return Doorway(
            await self._access.allowed(guild_id, "channel"),
            await self._access.allowed(guild_id, "role"),
            await self._access.blocks(guild_id),
            await self._guilds.policy(guild_id),
            facts.notices_channel_id if facts else None,
        )

    async def allow(self, guild_id: int, kind: Kind, subject_ids: Sequence[int], *, by: int) -> None:
        """Open the bot to these channels or roles only; to all when there are none."""
        await self.begin(guild_id, by=by)
        await self._access.allow(guild_id, kind, subject_ids, by=by, now=self._clock.now())

    async def require_ages(self, guild_id: int, *, account_days: int, member_days: int, by: int) -> None:
        """How old an account, and its membership, must be."""
        await self._guilds.require_ages(
            guild_id, account_days=account_days, member_days=member_days, by=by, now=self._clock.now()
        )

    async def block(self, guild_id: int, member_id: int, reason: str, *, by: int) -> None:
        """Let a member use the bot no more."""
        await self.begin(guild_id, by=by)
        await self._access.block(guild_id, member_id, reason, by=by, now=self._clock.now())

    async def unblock(self, guild_id: int, member_id: int, *, by: int) -> None:
        """Let a member use the bot again."""
        if not await self._access.unblock(guild_id, member_id, by=by, now=self._clock.now()):
            raise NotBlocked(member=f"<@{member_id}>")

    async def log_to(self, guild_id: int, channel_id: int | None, *, by: int) -> None:
        """Choose the channel that tells what happens, None for none."""
        if channel_id is None and (await self._guilds.policy(guild_id)).approval != "off":
            raise LogNeeded
        await self.begin(guild_id, by=by)
        await self._guilds.log_to(guild_id, channel_id, by=by, now=self._clock.now())

    async def require_approval(self, guild_id: int, approval: Approval, cents: int, *, by: int) -> None:
        """Choose which jobs wait for a moderator."""
        if approval != "off" and (await self._guilds.policy(guild_id)).log_channel_id is None:
            raise LogNeeded
        await self._guilds.approve(guild_id, approval, cents, by=by, now=self._clock.now())


def duration(typed: str) -> float:
    """Seconds in what people write like `12h`, `3d` or `2w`; `BadDuration` for anything else, or above a year."""
    found = re.fullmatch(r"\s*(\d{1,4})\s*([hdw])[a-z]*\s*", typed.casefold())
    seconds = int(found[1]) * SPANS[found[2]] if found else 0.0
    if not 0 < seconds <= LONGEST_GRANT:
        raise BadDuration(duration=typed[:50])
    return seconds
