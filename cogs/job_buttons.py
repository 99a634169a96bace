"""Buttons on the bot's messages. They are known by their custom id, so they work after a restart too.

Which server's job a button is about comes from where it was pressed, never from the id in it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import discord

from bot.app.client import Mouthpiece
from bot.chat.custom_ids import (
    APPROVE_PREFIX,
    BLOCK_PREFIX,
    CANCEL_PREFIX,
    CHARGED_PREFIX,
    DELETE_PREFIX,
    DENY_PREFIX,
    FORGET_ID,
    FREE_PREFIX,
    REFUND_PREFIX,
    REMOVE_PREFIX,
    REPORT_PREFIX,
    RESTORE_PREFIX,
)
from bot.chat.explain import explained
from bot.domain.results import Posted
from bot.words import buttons
from bot.words.answers import decisions as words
from bot.words.answers import own_jobs
from bot.words.answers.restarted import Matter
from bot.words.refusals.access import ChannelUnfit, NotAllowed
from bot.words.refusals.jobs import NoSuchJob
from cogs.interactions import Interaction, defer
from storage.people.reports import Decision
from storage.servers.case import CaseKind

Button = discord.ui.DynamicItem[discord.ui.Button[Any]]
Act = Callable[[Interaction, int, int], Awaitable[str]]


def job_button(
    prefix: str,
    act: Act,
    *,
    moderators_only: bool = False,
    decides: CaseKind | None = None,
    matter: Matter = "button",
) -> type[Button]:
    """A kind of button about one job: `act` gets the server and the job's id, and says what the person reads. One that
    `decides` a case is for moderators only.
    """

    class JobButton(Button, template=rf"{prefix}(?P<job>\d{{1,18}})"):
        def __init__(self, item: discord.ui.Button[Any], job_id: int) -> None:
            super().__init__(item)
            self.job_id = job_id

        @classmethod
        async def from_custom_id(  # type: ignore[override]
            cls, _interaction: Interaction, item: discord.ui.Button[Any], match: re.Match[str]
        ) -> JobButton:
            """The button that was pressed."""
            return cls(item, int(match["job"]))

        @explained
        async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
            """Do it if that is possible, and say so either way."""
            await defer(interaction, matter)
            if interaction.guild_id is None:
                raise ChannelUnfit
            if (moderators_only or decides) and not interaction.permissions.manage_guild:
                raise NotAllowed
            if decides:
                await _note_card(interaction, interaction.guild_id, decides, self.job_id)
            try:
                said = await act(interaction, interaction.guild_id, self.job_id)
                await interaction.edit_original_response(content=said, allowed_mentions=discord.AllowedMentions.none())
            finally:  # what was pressed in vain is decided already, and its card is to say so
                if decides:
                    await interaction.client.services.escalation.look(interaction.guild_id)

    return JobButton


async def _note_card(interaction: Interaction, guild_id: int, kind: CaseKind, job_id: int) -> None:
    """Let the card that was pressed be brought up to date with the case: an earlier version may have posted it."""
    message, escalation = interaction.message, interaction.client.services.escalation
    if message and message.flags.components_v2 and not message.flags.ephemeral:
        await escalation.found(guild_id, kind, job_id, message.channel.id, message.id)


async def _cancel(interaction: Interaction, guild_id: int, job_id: int) -> str:
    services = interaction.client.services
    job = await services.asking.cancel(
        guild_id, job_id, member_id=interaction.user.id, is_moderator=interaction.permissions.manage_guild
    )
    return words.cancelled(job, services.providers)


def _pressed_on(interaction: Interaction, guild_id: int) -> Posted:
    """The message that the button is on: it needs nothing that is stored, which may be forgotten."""
    message = interaction.message
    if message is None:
        raise NoSuchJob
    return Posted(guild_id, message.channel.id, message.id)


async def _report(interaction: Interaction, guild_id: int, job_id: int) -> str:
    posted = _pressed_on(interaction, guild_id)
    return await interaction.client.services.reports.report(guild_id, job_id, posted, by=interaction.user.id)


async def _delete(interaction: Interaction, guild_id: int, job_id: int) -> str:
    return await interaction.client.services.reports.delete(
        guild_id,
        job_id,
        _pressed_on(interaction, guild_id),
        by=interaction.user.id,
        is_moderator=interaction.permissions.manage_guild,
    )


async def _approve(interaction: Interaction, guild_id: int, job_id: int) -> str:
    job = await interaction.client.services.decisions.approve(guild_id, job_id, by=interaction.user.id)
    return words.approved(job)


async def _deny(interaction: Interaction, guild_id: int, job_id: int) -> str:
    job = await interaction.client.services.decisions.deny(guild_id, job_id, by=interaction.user.id)
    return words.denied(job)


async def _refund(interaction: Interaction, guild_id: int, job_id: int) -> str:
    job = await interaction.client.services.decisions.refund(guild_id, job_id, by=interaction.user.id)
    return words.given_back(job)


def _settle(*, charged: bool) -> Act:
    async def act(interaction: Interaction, guild_id: int, job_id: int) -> str:
        decisions = interaction.client.services.decisions
        job = await decisions.settle(guild_id, job_id, charged=charged, by=interaction.user.id)
        return words.settled(job, charged=charged)

    return act


def _decide(decision: Decision, *, block: bool = False) -> Act:
    async def act(interaction: Interaction, guild_id: int, job_id: int) -> str:
        reports = interaction.client.services.reports
        return await reports.decide(guild_id, job_id, decision, block=block, by=interaction.user.id)

    return act


class ForgetButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=FORGET_ID):
    """Forgets whoever presses it: there is no id in it that could be anybody else's."""

    def __init__(self) -> None:
        super().__init__(discord.ui.Button(label=buttons.ERASE, style=discord.ButtonStyle.danger, custom_id=FORGET_ID))

    @classmethod
    async def from_custom_id(  # type: ignore[override]
        cls, _interaction: Interaction, _item: discord.ui.Item[discord.ui.View], _match: re.Match[str]
    ) -> ForgetButton:
        """The button that was pressed."""
        return cls()

    @explained
    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Erase, and say what was."""
        await defer(interaction, "button")
        erased, waiting, reported = await interaction.client.services.privacy.forget(interaction.user.id)
        await interaction.edit_original_response(content=own_jobs.erased(erased, waiting, reported))


JOB_BUTTONS = (
    job_button(CANCEL_PREFIX, _cancel),
    job_button(REPORT_PREFIX, _report),
    job_button(DELETE_PREFIX, _delete),
    job_button(APPROVE_PREFIX, _approve, decides="held"),
    job_button(DENY_PREFIX, _deny, decides="held"),
    job_button(RESTORE_PREFIX, _decide("restored"), decides="reported"),
    job_button(REMOVE_PREFIX, _decide("removed"), decides="reported"),
    job_button(BLOCK_PREFIX, _decide("removed", block=True), decides="reported"),
    job_button(REFUND_PREFIX, _refund, moderators_only=True),
    job_button(CHARGED_PREFIX, _settle(charged=True), decides="unknown"),
    job_button(FREE_PREFIX, _settle(charged=False), decides="unknown"),
)


def setup(client: Mouthpiece) -> None:
    """Listen for the buttons."""
    client.add_dynamic_items(*JOB_BUTTONS, ForgetButton)
