"""Watching how much of a server's own limits is used, to tell its moderators in time."""

from __future__ import annotations

from storage.engine.database import Row, Transaction
from storage.servers.limit_rules import SCALE, WINDOWS, Rule
from storage.servers.log_entries import note
from storage.servers.quota import Claim
from storage.servers.quota import standing as standing_under
from storage.servers.usage import Usage, usage_of

PERCENTS = (50, 80, 100)
SHORTEST_PACE = 300.0  # seconds: a burst shorter than this says nothing about the days to come


async def watch(tx: Transaction, guild_id: int, now: float) -> None:
    """Write a log entry when a limit of the whole server passes 50, 80 or 100 percent: once each per window. The server
    wants a log.
    """
    for usage in await usage_of(tx, guild_id, None, frozenset(), now):
        if usage.rule.unit != "active" and usage.rule.most:
            await _alert(tx, usage, Claim(guild_id, member_id=0), now)


async def _alert(tx: Transaction, usage: Usage, everyone: Claim, now: float) -> None:
    guild_id, rule = everyone.guild_id, usage.rule
    most, window = rule.most * SCALE[rule.unit], WINDOWS[rule.window]
    passed = [percent for percent in PERCENTS if usage.used * 100 >= most * percent]
    told = [await _rings(tx, guild_id, rule, percent, now - window, now) for percent in passed]
    if not passed or not told[-1]:  # the highest share is what counts; the lower ones are told of with it
        return
    standing = await standing_under(tx, usage, everyone, now)
    begun = standing.more_at - window if standing.more_at else now  # when the oldest job that counts was counted
    pace = standing.used / max(now - begun, SHORTEST_PACE)
    used_up_at = now + standing.left / pace
    facts = {
        "percent": passed[-1],
        "unit": rule.unit,
        "window": rule.window,
        "most": rule.most,
        "used": standing.used,
        "used_up_at": used_up_at if standing.left and used_up_at < (standing.more_at or 0.0) else "",
        "more_at": standing.more_at or "",
    }
    await note(tx, guild_id, "budget", now=now, facts=facts)


async def _rings(tx: Transaction, guild_id: int, rule: Rule, percent: int, window_began: float, now: float) -> bool:
    """Whether this share was not told of in this window yet; from now on it was."""
    told: Row | None = await tx.row(
        """INSERT INTO alerts (guild_id, unit, period, percent, at)
           VALUES (:guild_id, :unit, :window, :percent, :now)
           ON CONFLICT (guild_id, unit, period, percent) DO UPDATE SET at = :now WHERE alerts.at <= :window_began
           RETURNING at""",
        guild_id=guild_id,
        unit=rule.unit,
        window=rule.window,
        percent=percent,
        window_began=window_began,
        now=now,
    )
    return told is not None
