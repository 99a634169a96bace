"""`/lipsync-admin quota`: how much everyone may make."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.moderation.server_rules import ServerRules
from bot.words.admin import quota as words
from bot.words.refusals.limits import OneOrAll
from cogs.admin.panel import guild_of_moderator, reply
from cogs.interactions import Interaction, defer, role_ids
from storage.servers.limit_rules import Rule, Subject, Unit, Window

MOST = 1_000_000
UNITS: list[Choice[str]] = [
    Choice(name="videos", value="jobs"),
    Choice(name="seconds of video", value="seconds"),
    Choice(name="US cents", value="cents"),
    Choice(name="videos at once", value="active"),
]
Target = discord.Role | discord.Member
Span = Literal["hour", "day", "week", "month"]


class Quota(app_commands.Group):
    """Limits and grants."""

    def __init__(self, server_rules: ServerRules) -> None:
        super().__init__(name="quota", description="How much everyone may make")
        self._server_rules = server_rules

    @app_commands.command(name="set", description="Set a limit: for everyone, a role, a member or the whole server")
    @app_commands.describe(
        most="How much is allowed; 0 for nothing",
        unit="What is counted",
        per="Per how long; it rolls, so a day is the last 24 hours",
        target="The role or member it is for; leave it out for everyone",
        whole_server="For all members together, instead of each",
    )
    @app_commands.choices(unit=UNITS)
    async def put(
        self,
        interaction: Interaction,
        most: Range[int, 0, MOST],
        unit: Choice[str],
        per: Span = "day",
        target: Target | None = None,
        whole_server: bool = False,
    ) -> None:
        """Set a limit."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "limits")
        rule = Rule(*_subject(target, whole=whole_server), *_counted(unit.value, per), most)
        await self._server_rules.put(guild_id, rule, by=interaction.user.id)
        await reply(interaction, words.rule_set(rule))

    @app_commands.command(description="Remove a limit")
    @app_commands.describe(
        unit="What is counted",
        per="Per how long",
        target="The role or member it is for; leave it out for everyone",
        whole_server="The one for all members together",
    )
    @app_commands.choices(unit=UNITS)
    async def remove(
        self,
        interaction: Interaction,
        unit: Choice[str],
        per: Span = "day",
        target: Target | None = None,
        whole_server: bool = False,
    ) -> None:
        """Take a limit away."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "limits")
        subject, subject_id = _subject(target, whole=whole_server)
        rule = await self._server_rules.remove(
            guild_id, subject, subject_id, *_counted(unit.value, per), by=interaction.user.id
        )
        await reply(interaction, words.rule_removed(rule))

    @app_commands.command(name="list", description="This server's limits and grants")
    async def show(self, interaction: Interaction) -> None:
        """Show every rule, and every grant that lasts."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "view")
        rules, grants = await self._server_rules.rules(guild_id), await self._server_rules.grants(guild_id)
        await reply(interaction, words.everything(rules, grants))

    @app_commands.command(description="Give something on top of the limits, for a time and with a reason")
    @app_commands.describe(
        amount="How much each member gets in all",
        unit="Of what",
        lasting="For how long: like 12h, 3d or 2w",
        reason="What for; everyone who has it reads it",
        target="The role or member who gets it; leave it out for everyone",
    )
    @app_commands.choices(unit=UNITS[:3])
    async def grant(
        self,
        interaction: Interaction,
        amount: Range[int, 1, MOST],
        unit: Choice[str],
        lasting: str,
        reason: Range[str, 1, 100],
        target: Target | None = None,
    ) -> None:
        """Give a grant."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "limits")
        subject, subject_id = _subject(target, whole=False)
        counted: Unit = unit.value  # type: ignore[assignment]
        grant = await self._server_rules.give(
            guild_id,
            subject=subject,
            subject_id=subject_id,
            unit=counted,
            amount=amount,
            lasting=lasting,
            reason=reason,
            by=interaction.user.id,
        )
        await reply(interaction, words.given(grant))

    @app_commands.command(name="end-grant", description="End a grant before its time")
    @app_commands.describe(number="Its number in the list")
    async def end_grant(self, interaction: Interaction, number: Range[int, 1]) -> None:
        """End a grant."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "limits")
        await self._server_rules.end_grant(guild_id, number, by=interaction.user.id)
        await reply(interaction, words.grant_ended(number))

    @app_commands.command(description="What a member may make, by which rule, and what is left")
    @app_commands.describe(member="Whom to look up")
    async def check(self, interaction: Interaction, member: discord.Member) -> None:
        """Show the effective rules of one person."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "view")
        roles = role_ids(member)
        standings, pots = await self._server_rules.standing(guild_id, member.id, roles)
        await reply(interaction, words.standing(member.mention, standings, pots))


def _subject(target: Target | None, *, whole: bool) -> tuple[Subject, int]:
    if whole and target is not None:
        raise OneOrAll
    if whole:
        return "server", 0
    if target is None or (isinstance(target, discord.Role) and target.is_default()):
        return "everyone", 0
    return ("role" if isinstance(target, discord.Role) else "member"), target.id


def _counted(unit: str, per: Span) -> tuple[Unit, Window]:
    """Unit and window; what is under way at once has no time."""
    counted: Unit = unit  # type: ignore[assignment]
    return counted, "now" if unit == "active" else per
