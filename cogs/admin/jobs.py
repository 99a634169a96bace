"""`/lipsync-admin jobs` and `settle`: this server's jobs, and what can be done about each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.chat.custom_ids import CANCEL_PREFIX, DECISIONS, PANEL_PREFIX, REFUND_PREFIX
from bot.domain.job import Job
from bot.words import buttons, forms, job_details
from bot.words.admin import jobs as words
from cogs.admin.panel import Panel, guild_of_moderator, reply
from cogs.interactions import Interaction, defer
from storage.jobs.job import OUTCOMES

SHOWN = 12
STATES = {
    "waiting for approval": frozenset({"held"}),
    "under way": frozenset({"queued", "submitting", "running"}),
    "finished": frozenset({"succeeded"}),
    "failed": frozenset({"failed"}),
    "cancelled": frozenset({"cancelled"}),
    "unknown": frozenset({"unknown"}),
}
REPORTED = "reported"


@app_commands.command(
    description="Newest videos here; open one to cancel, give back, approve, deny or settle it, or decide a report"
)
@app_commands.describe(member="Only this member's", state="Only those in this state", provider="Only this provider's")
@app_commands.choices(state=[Choice(name=name.capitalize(), value=name) for name in (*STATES, REPORTED)])
async def jobs(
    interaction: Interaction,
    member: discord.User | None = None,
    state: Choice[str] | None = None,
    provider: str | None = None,
) -> None:
    """List jobs, with a menu to open one."""
    guild_id = guild_of_moderator(interaction)
    await defer(interaction, "view")
    ledger, member_id = interaction.client.services.ledger, member.id if member else None
    if state and state.value == REPORTED:
        found = await ledger.reported(guild_id)
    else:
        states = STATES[state.value] if state else None
        found = await ledger.jobs(guild_id, member_id=member_id, states=states, provider=provider)
    await _show(interaction, found, words.NOTHING_FOUND)


@jobs.autocomplete("provider")
async def _providers(interaction: Interaction, typed: str) -> list[Choice[str]]:
    if not interaction.permissions.manage_guild:
        return []
    providers = interaction.client.services.providers.values()
    found = [one for one in providers if typed.casefold() in one.label.casefold()]
    return [Choice(name=one.label, value=one.name) for one in found[:25]]


@app_commands.command(
    description="Settle videos that may have been charged: what to look for in the provider's console"
)
async def settle(interaction: Interaction) -> None:
    """List unknown outcomes, with a menu to open one."""
    guild_id = guild_of_moderator(interaction)
    await defer(interaction, "view")
    found = await interaction.client.services.ledger.jobs(guild_id, unsettled=True)
    await _show(interaction, found, words.NOTHING_TO_SETTLE)


async def _show(interaction: Interaction, found: Sequence[Job], nothing: str) -> None:
    if not found:
        await reply(interaction, nothing)
        return
    providers = interaction.client.services.providers
    menu = _Menu([(job_details.title(job, providers), job.id) for job in found])
    lines = [job_details.line(job, providers) for job in found[:SHOWN]]
    await reply(interaction, "\n".join(lines), Panel(menu))


class _Menu(discord.ui.Select[Panel]):
    """Opens one of the listed jobs."""

    def __init__(self, found: Sequence[tuple[str, int]] = ()) -> None:
        options = [discord.SelectOption(label=title[:100], value=str(job_id)) for title, job_id in found[:25]]
        super().__init__(custom_id=f"{PANEL_PREFIX}jobs", placeholder=forms.OPEN_ONE, options=options)

    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Show the job, and the buttons for what can be done about it now."""
        guild_id = guild_of_moderator(interaction)
        await defer(interaction, "view")
        services = interaction.client.services
        job, report = await services.reports.look_up(guild_id, int(self.values[0]))
        kept = await services.kept_videos.keeps(job)
        view = discord.ui.View(timeout=None)
        for button in _buttons(job, reported=report is not None and report.decision is None):
            view.add_item(button)
        view.stop()  # served by the dynamic items in cogs/job_buttons.py
        await reply(interaction, job_details.everything(job, services.providers, report, kept=kept), view)


def _buttons(job: Job, *, reported: bool) -> list[discord.ui.Button[Any]]:
    offered: list[tuple[str, str, discord.ButtonStyle]] = []
    grey = discord.ButtonStyle.secondary
    if job.state == "held":
        offered += DECISIONS["held"]
    elif job.state not in OUTCOMES:
        offered.append((buttons.CANCEL, CANCEL_PREFIX, grey))
    if job.counted_at and not job.refunded_at:
        offered.append((buttons.GIVE_BACK, REFUND_PREFIX, grey))
    if job.state == "unknown" and not job.settled_at:
        offered += DECISIONS["unknown"]
    if reported:
        offered += DECISIONS["reported"]
    return [
        discord.ui.Button(label=label, style=style, custom_id=f"{prefix}{job.id}") for label, prefix, style in offered
    ]


def panels() -> list[Panel]:
    """One of each kind, which serves all."""
    return [Panel(_Menu())]


COMMANDS: Sequence[app_commands.Command[Any, ..., None]] = (jobs, settle)
