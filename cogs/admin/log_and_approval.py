"""`/lipsync-admin log`, `approval` and `report`."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, Range

from bot.app.client import Mouthpiece
from bot.chat.errors import PostFailed, PostRefused
from bot.chat.posting import post_errors
from bot.words import monthly_report
from bot.words.admin import log as words
from bot.words.english import listed
from bot.words.refusals.log import BadMonth, ChannelRefuses, ChannelUntold
from cogs.admin.panel import guild_of_moderator, reply
from cogs.interactions import Interaction, defer

NEEDED_TO_LOG = discord.Permissions(view_channel=True, send_messages=True)
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


@app_commands.command(description="Choose the channel that tells what happens: one card per event")
@app_commands.describe(channel="Where; leave it out to switch the log off")
async def log(
    interaction: Interaction, channel: app_commands.Transform[AppCommandChannel, TextChannel] | None = None
) -> None:
    """Choose the log channel."""
    guild_id = guild_of_moderator(interaction)
    await defer(interaction, "settings")
    await log_to(interaction, guild_id, channel)


async def lacking_to_log(client: Mouthpiece, guild_id: int, channel_id: int) -> str:
    """The permissions that the bot lacks for a log in this channel, as people read them; nothing if it has them.
    `PostRefused` where it sees no such channel, `PostFailed` when Discord doesn't say.
    """
    assert client.user
    async with post_errors():
        guild = await client.fetch_guild(guild_id, with_counts=False)
        me, channel = await asyncio.gather(guild.fetch_member(client.user.id), guild.fetch_channel(channel_id))
    return _named(NEEDED_TO_LOG & ~channel.permissions_for(me))


async def log_to(interaction: Interaction, guild_id: int, channel: AppCommandChannel | None) -> None:
    """Choose the log channel, if the bot can post there."""
    if channel:
        try:
            missing = await lacking_to_log(interaction.client, guild_id, channel.id)
        except PostRefused:
            missing = _named(discord.Permissions(view_channel=True))
        except PostFailed:
            raise ChannelUntold from None
        if missing:
            raise ChannelRefuses(channel=channel.mention, missing=missing)
    await interaction.client.services.server_rules.log_to(
        guild_id, channel.id if channel else None, by=interaction.user.id
    )
    await reply(interaction, words.log_set(channel.mention if channel else None))


def _named(permissions: discord.Permissions) -> str:
    """The permissions as people read them; nothing for none."""
    names = [f"**{name.replace('_', ' ').title()}**" for name, is_meant in permissions if is_meant]
    return listed(names) if names else ""


@app_commands.command(description="Choose which videos wait for a moderator's yes")
@app_commands.describe(which="Which videos wait", cents="For “above a price”: the price in US cents")
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


@app_commands.command(description="A month's videos, seconds and money, per member and provider, with a CSV file")
@app_commands.describe(month="Like 2026-11; the current month if left out")
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
