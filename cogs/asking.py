"""From a command to a job: who asks, where, what they must confirm first, and what they are told."""

from __future__ import annotations

import re
from collections.abc import Awaitable

import discord

from bot.app.client import Mouthpiece
from bot.asking.answers import Answer, NeedsAttestation, NeedsFixes, Started
from bot.chat.custom_ids import ATTEST_PREFIX, MEND_PREFIX
from bot.chat.explain import explained
from bot.domain.ask import Ask
from bot.preflight.offer import Offer
from bot.words import buttons, limits
from bot.words import offer as offer_words
from bot.words.answers import asked
from cogs.interactions import Interaction, asker_of, defer, guild_of


async def start(interaction: Interaction, ask: Ask) -> None:
    """Start the job, or ask what the person must say yes to first."""
    await carry_on(interaction, interaction.client.services.asking.start(ask))


async def carry_on(interaction: Interaction, starting: Awaitable[Answer | None]) -> None:
    """Wait for a job that is being started, and tell where it is, or ask what its person must say yes to first: what is
    to be done to the files, and what everybody confirms once.
    """
    match await starting:
        case Started() as started:
            await answer(interaction, started)
        case NeedsFixes(offer):
            text, view = offer_card(offer, rest=offer.rest)
            await interaction.edit_original_response(content=text, view=view)
        case NeedsAttestation(interaction_id):
            confirming = discord.ui.View(timeout=None)
            confirming.add_item(AttestButton(interaction_id))
            await interaction.edit_original_response(content=asked.ATTESTATION, view=confirming)
        case None:  # pressed twice, or after a restart
            await interaction.edit_original_response(content=asked.CONFIRMED)


def offer_card(offer: Offer, *, rest: bool) -> tuple[str, discord.ui.View]:
    """What can be done about an ask that doesn't fit, in words and buttons. Served by the dynamic item in
    `cogs/offers.py`.
    """
    view = discord.ui.View(timeout=None)
    acts = {"do": offer_words.button(offer)}
    if offer.can_choose_part:
        acts["part"] = buttons.CHOOSE_PART
    if offer.has_rest:
        acts["rest"] = buttons.LEAVE_OUT_REST if rest else buttons.KEEP_REST
    for act, label in {**acts, "cancel": buttons.CANCEL}.items():
        kept = rest != (act == "rest")
        style = discord.ButtonStyle.success if act == "do" else discord.ButtonStyle.secondary
        custom_id = f"{MEND_PREFIX}{act}:{offer.ask.interaction_id}:{int(kept)}"
        view.add_item(discord.ui.Button(label=label[:80], style=style, custom_id=custom_id))
    view.stop()
    return offer_words.card(offer, rest=rest), view


async def answer(interaction: Interaction, started: Started) -> None:
    """Tell where the job is shown, and what is left to its member."""
    await interaction.edit_original_response(
        content=asked.accepted(started.job, limits.remaining(started.standings)),
        view=None,
        allowed_mentions=discord.AllowedMentions.none(),
    )


class AttestButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"{ATTEST_PREFIX}(?P<ask>\d{{1,20}})"
):
    """Confirms for whoever presses it, and starts what they asked for, if that is still known."""

    def __init__(self, interaction_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label=buttons.CONFIRM,
                style=discord.ButtonStyle.success,
                custom_id=f"{ATTEST_PREFIX}{interaction_id}",
            )
        )
        self.interaction_id = interaction_id

    @classmethod
    async def from_custom_id(  # type: ignore[override]
        cls, _interaction: Interaction, _item: discord.ui.Item[discord.ui.View], match: re.Match[str]
    ) -> AttestButton:
        """The button that was pressed."""
        return cls(int(match["ask"]))

    @explained
    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Remember it, and go on."""
        await defer(interaction, "video", ask_id=self.interaction_id)
        asking, guild_id = interaction.client.services.asking, guild_of(interaction)
        await carry_on(interaction, asking.attest(guild_id, asker_of(interaction), self.interaction_id))


def setup(client: Mouthpiece) -> None:
    """Listen for the button."""
    client.add_dynamic_items(AttestButton)
