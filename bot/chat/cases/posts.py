"""Posts and edits the cards of what moderators have to decide, through the bot's own connection."""

from __future__ import annotations

import discord

from bot.chat.custom_ids import DECISIONS
from bot.chat.posting import all_text, earlier, nonce_of, post_errors
from storage.servers.case import Case, CaseCard


class CasePosts:
    """Raises the `Post…` errors only."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def in_channel(self, case: Case, channel_id: int, text: str, *, looking: bool) -> CaseCard:
        """Post a card with the buttons that decide. With `looking`, an earlier one is looked for first."""
        async with post_errors():
            channel = self._client.get_partial_messageable(channel_id, guild_id=case.guild_id)
            found = await self._earlier(channel, case, text) if looking else None
            if found is None:
                found = (await channel.send(view=_card(text, case), nonce=_nonce(case, channel_id))).id
            return CaseCard(channel_id, found)

    async def directly(self, case: Case, member_id: int, text: str, *, looking: bool) -> CaseCard:
        """Write to a member of the server; refused when they are none any more."""
        async with post_errors():
            await self._client.http.get_member(case.guild_id, member_id)
            channel = await self._client.create_dm(discord.Object(member_id))
            found = await self._earlier(channel, case, text) if looking else None
            if found is None:
                found = (await channel.send(text, nonce=_nonce(case, channel.id), suppress_embeds=True)).id
            return CaseCard(channel.id, found, is_direct=True)

    async def edit(self, case: Case, card: CaseCard, text: str) -> None:
        """Let the card say this, without buttons."""
        guild_id = None if card.is_direct else case.guild_id
        channel = self._client.get_partial_messageable(card.channel_id, guild_id=guild_id)
        message = channel.get_partial_message(card.message_id)
        async with post_errors():
            if card.is_direct:
                await message.edit(content=text)
            else:
                await message.edit(view=_card(text), allowed_mentions=discord.AllowedMentions.none())

    async def _earlier(self, channel: discord.abc.Messageable, case: Case, text: str) -> int | None:
        first_line = text.partition("\n")[0]
        return await earlier(self._client, channel, case.since, lambda message: first_line in all_text(message))


def _card(text: str, case: Case | None = None) -> discord.ui.LayoutView:
    """The text, and what can be decided about the case."""
    view = discord.ui.LayoutView(timeout=None)
    colour = discord.Colour.orange() if case else discord.Colour.light_grey()
    box: discord.ui.Container[discord.ui.LayoutView] = discord.ui.Container(accent_colour=colour)
    box.add_item(discord.ui.TextDisplay(text))
    if case and (decisions := DECISIONS.get(case.kind)):
        row: discord.ui.ActionRow[discord.ui.LayoutView] = discord.ui.ActionRow()
        for label, prefix, style in decisions:
            row.add_item(discord.ui.Button(label=label, style=style, custom_id=f"{prefix}{case.subject_id}"))
        box.add_item(row)
    view.add_item(box)
    view.stop()  # its buttons are served by the dynamic items in cogs/, which outlive a restart
    return view


def _nonce(case: Case, channel_id: int) -> str:
    """The same for every attempt at the same post."""
    return nonce_of("case", case.guild_id, case.kind, case.subject_id, case.since, channel_id)
