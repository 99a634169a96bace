"""`/lipsync-admin log`, `approval` and `report`."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, Range

from bot.chat.errors import PostFailed, PostRefused
from bot.chat.server.permissions import TO_LOG, lacking, names_of
from bot.words import monthly_report
from bot.words.admin import log as words
from bot.words.english import bold
from bot.words.refusals.log import BadMonth, ChannelRefuses, ChannelUntold
from cogs.admin.panel import guild_of_moderator, reply
from cogs.interactions import Interaction, defer

LAST_YEAR = 9000
MODES: dict[str, Literal["off", "first", "above", "always"]] = {
    "off": "off",
    "a member's first video": "first",
    "above a price": "above",
    "every video": "always",
}


class TextChannel(app_commands.Transformer):
    """An option for a text channel, taken as the command brings it."""

    type = discord.AppCommandOptionType.channel
    channel_types = [discord.ChannelType.text, discord.ChannelType.news]  # noqa: RUF012 - as the base class has it

    async def transform(self, _: discord.Interaction, value: AppCommandChannel) -> AppCommandChannel:
        """Take it."""
        return value


@app_commands.command(description="Choose the channel for the log: one card for each event")
@app_commands.describe(channel="The channel; leave it out to switch the log off")
async def log(
    interaction: Interaction, channel: app_commands.Transform[AppCommandChannel, TextChannel] | None = None
) -> None:
    """Choose the log channel."""
    guild_id = guild_of_moderator(interaction)
    await defer(interaction, "settings")
    await log_to(interaction, guild_id, channel)


async def log_to(interaction: Interaction, guild_id: int, channel: AppCommandChannel | None) -> None:
    """Choose the log channel, if the bot can post there."""
    if channel:
        hidden = names_of(discord.Permissions(view_channel=True))
        try:
            missing = (await lacking(interaction.client, guild_id, {channel.id: TO_LOG}))[channel.id]
        except PostRefused:
            missing = None
        except PostFailed:
            raise ChannelUntold from None
        if missing or missing is None:
            raise ChannelRefuses(channel=channel.mention, missing=bold(missing or hidden))
    await interaction.client.services.server_rules.log_to(
        guild_id, channel.id if channel else None, by=interaction.user.id
    )
    await reply(interaction, words.log_set(channel.mention if channel else None))


@app_commands.command(description="Choose which videos need a moderator's approval")
@app_commands.describe(which="Which videos need it", cents="For “above a price”: the price in US cents")
async def approval(
    interaction: Interaction,
    which: Literal["off", "a member's first video", "above a price", "every video"],
    cents: Range[int, 0, 100_000] = 0,
) -> None:
    """Choose what needs approval."""
    guild_id = guild_of_moderator(interaction)
    await defer(interaction, "settings")
    await interaction.client.services.server_rules.require_approval(
        guild_id, MODES[which], cents, by=interaction.user.id
    )
    await reply(interaction, words.approval_set(MODES[which], cents))


@app_commands.command(
    description="A month's videos, seconds, money and failures, per member and provider, with a CSV file"
)
@app_commands.describe(month="Such as 2026-11; the current month if left out")
async def report(interaction: Interaction, month: str | None = None) -> None:
    """Show a month."""
    guild_id = guild_of_moderator(interaction)
    await defer(interaction, "view")
    since, until = _span(month)
    lines = await interaction.client.services.ledger.month(guild_id, since.timestamp(), until.timestamp())
    labels = {name: provider.label for name, provider in interaction.client.services.providers.items()}
    await reply(interaction, monthly_report.table(f"{since:%B %Y} (UTC)", lines, labels))
    if lines:
        data = io.BytesIO(monthly_report.csv_of(lines, labels).encode())
        file = discord.File(data, filename=f"lipsync-{since:%Y-%m}.csv")
        await interaction.edit_original_response(attachments=[file])


def _span(month: str | None) -> tuple[datetime, datetime]:
    """The first moment of a month, and of the one after it."""
    try:
        since = datetime.strptime(month.strip(), "%Y-%m").replace(tzinfo=UTC) if month else datetime.now(UTC)
    except ValueError:
        raise BadMonth(month=(month or "")[:30]) from None
    if since.year > LAST_YEAR:
        raise BadMonth(month=(month or "")[:30])
    since = since.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = since.replace(year=since.year + since.month // 12, month=since.month % 12 + 1)
    return since, following


COMMANDS: Sequence[app_commands.Command[Any, ..., None]] = (log, approval, report)
