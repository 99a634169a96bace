"""Servers and people as most tests need them: no limits, and nothing to confirm any more."""

from __future__ import annotations

from bot.asking.server import POLICY_VERSION
from storage.engine.database import Database
from storage.servers.access import Access
from storage.servers.guilds import Guilds
from storage.servers.limits import DEFAULTS, LimitStore


async def welcome(database: Database, guild_id: int, *members: int) -> None:
    """A server whose moderators took its first limits away, and members who have confirmed the rules."""
    await Guilds(database).join(guild_id, 0.0)
    for rule in DEFAULTS:
        await LimitStore(database).remove(
            guild_id, rule.subject, rule.subject_id, rule.unit, rule.window, by=1, now=0.0
        )
    for member in members:
        await Access(database).attest(member, POLICY_VERSION, now=0.0)
