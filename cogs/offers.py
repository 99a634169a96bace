"""The private card under an ask that doesn't fit as it is: what can be done about it, with one button that does it."""

from __future__ import annotations

import re

import discord
from pydantic import BaseModel

from bot.app.client import Mouthpiece
from bot.chat.custom_ids import MEND_PREFIX
from bot.chat.explain import explain, explained
from bot.chat.forms import Form
from bot.errors import MouthpieceError
from bot.preflight.offer import Offer
from bot.words import forms
from bot.words.answers import asked
from bot.words.refusals.asks import OfferGone, PartUnclear
from cogs.asking import carry_on, offer_card
from cogs.interactions import Interaction, asker_of, guild_of


class MendButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=rf"{MEND_PREFIX}(?P<act>do|part|rest|cancel):(?P<asked>\d{{1,20}}):(?P<rest>[01])",
):
    """One of the card's buttons; whose card it is was remembered with the ask."""

    def __init__(self, item: discord.ui.Button[discord.ui.View], act: str, asked: int, *, rest: bool) -> None:
        super().__init__(item)
        self.act, self.asked, self.rest = act, asked, rest

    @classmethod
    async def from_custom_id(  # type: ignore[override]
        cls, _interaction: Interaction, item: discord.ui.Button[discord.ui.View], match: re.Match[str]
    ) -> MendButton:
        """The button that was pressed."""
        return cls(item, match["act"], int(match["asked"]), rest=match["rest"] == "1")

    @explained
    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Do what stands on it."""
        service = interaction.client.services.asking
        try:
            if self.act == "part":
                offer = await service.offered(guild_of(interaction), asker_of(interaction), self.asked)
                form = PartForm(PartOf(interaction_id=self.asked, rest=self.rest), offer)
                await interaction.client.services.forms.open(interaction, form)
                return
            if self.act == "do":
                await _begin(interaction, self.asked)
                guild_id, asker = guild_of(interaction), asker_of(interaction)
                await carry_on(interaction, service.mend(guild_id, asker, self.asked, rest=self.rest, part=None))
            elif self.act == "rest":
                await interaction.response.defer()
                await _show(interaction, self.asked, rest=self.rest)
            else:
                await interaction.response.defer()
                await service.drop(guild_of(interaction), asker_of(interaction), self.asked)
                await interaction.edit_original_response(content=asked.DROPPED, view=None)
        except MouthpieceError as refusal:
            await _refuse(interaction, self.asked, refusal, rest=self.rest)


class PartOf(BaseModel):
    """The ask whose clip is too long, and whether the rest of the clip stays."""

    interaction_id: int
    rest: bool


class PartForm(Form):
    """Asks which part of the clip is used; the offer says what there is to choose from."""

    kind = "part"

    def __init__(self, part_of: PartOf, offer: Offer | None = None) -> None:
        super().__init__(title=forms.WHICH_PART)
        self._part_of = part_of
        self._asked, self._rest = part_of.interaction_id, part_of.rest
        seconds = offer.request.clip.seconds if offer and offer.request.clip else 0.0
        self._begin: discord.ui.TextInput[PartForm] = discord.ui.TextInput(
            placeholder="0:00", default="0", max_length=12
        )
        self._length: discord.ui.TextInput[PartForm] = discord.ui.TextInput(default=f"{seconds:g}", max_length=12)
        self.ask("begin", forms.part_begin(offer), self._begin)
        self.ask("length", forms.part_length(offer), self._length)

    @property
    def about(self) -> str:
        """Whose part it is."""
        return self._part_of.model_dump_json()

    @classmethod
    def reopened(cls, about: str, _client: Mouthpiece) -> PartForm:
        """The same, without what can be chosen."""
        return cls(PartOf.model_validate_json(about))

    async def on_submit(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Make the video with that part."""
        await _begin(interaction, self._asked)
        try:
            part = (moment(self._begin.value), moment(self._length.value))
            service = interaction.client.services.asking
            guild_id, asker = guild_of(interaction), asker_of(interaction)
            await carry_on(interaction, service.mend(guild_id, asker, self._asked, rest=self._rest, part=part))
        except MouthpieceError as refusal:
            await _refuse(interaction, self._asked, refusal, rest=self._rest)


async def _begin(interaction: Interaction, asked_with: int) -> None:
    """Acknowledge it in place of the card, so that it is agreed to once."""
    async with interaction.client.services.awaited_answers.turn(interaction, "video", asked_with):
        await interaction.response.edit_message(content=asked.STARTING, view=None)


async def _show(interaction: Interaction, asked: int, *, rest: bool, above: str = "") -> None:
    """The card, as long as what it is about is known."""
    offer = await interaction.client.services.asking.offered(guild_of(interaction), asker_of(interaction), asked)
    text, view = offer_card(offer, rest=rest)
    await interaction.edit_original_response(content=f"{above}{text}"[:2000], view=view)


async def _refuse(interaction: Interaction, asked: int, refusal: MouthpieceError, *, rest: bool) -> None:
    """Say why not, above the card if something else can be chosen on it."""
    try:
        await _show(interaction, asked, rest=rest, above=f"⚠️ {refusal}\n\n")
    except OfferGone:
        if interaction.response.is_done():
            await interaction.edit_original_response(view=None)
        await explain(interaction, refusal)


def moment(typed: str) -> float:
    """Seconds, from `12`, `12.5` or `1:05`; `PartUnclear` for anything else."""
    found = re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,5}(?:[.,]\d{1,3})?)", typed.strip())
    if found is None or (found[1] and float(found[2].replace(",", ".")) >= 60):
        raise PartUnclear(typed=typed[:20])
    return int(found[1] or 0) * 60 + float(found[2].replace(",", "."))


def setup(client: Mouthpiece) -> None:
    """Listen for the buttons."""
    client.add_dynamic_items(MendButton)
    client.services.forms.add(PartForm)
