"""Forms. What each was opened for is stored, so whoever sends one after a restart, or to another process, is heard."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import discord

from bot.chat.custom_ids import FORM_PREFIX
from bot.chat.explain import explain
from bot.clock import Clock
from bot.words.forms import Field
from bot.words.refusals.asks import FormGone
from storage.people.unfinished import Unfinished

log = logging.getLogger(__name__)


class Form(discord.ui.Modal, ABC):
    """A form; whatever goes wrong when it is sent is explained to the person who sent it. `kind` is part of its custom
    id, so a released one never changes; nor do the names of its fields.
    """

    kind: ClassVar[str]

    @property
    @abstractmethod
    def about(self) -> str:
        """What it was opened for."""

    @classmethod
    @abstractmethod
    def reopened(cls, about: str, client: Any) -> Form:
        """The same form once more, for what was sent with it. What only stood in it to be read may be left out."""

    def ask(self, name: str, field: Field, component: discord.ui.Item[Any]) -> None:
        """Add what the person fills in or chooses."""
        component.custom_id = name  # type: ignore[attr-defined] # every item that can be filled in has one
        self.add_item(discord.ui.Label(text=field.label, description=field.hint, component=component))

    async def on_error(  # type: ignore[override]
        self, interaction: discord.Interaction[Any], error: Exception
    ) -> None:
        """Answer with the error's own sentence."""
        await explain(interaction, error)


class Forms:
    """Opens forms, and finds out what a form that is sent was opened for."""

    def __init__(self, stored: Unfinished, clock: Clock) -> None:
        self._stored = stored
        self._clock = clock
        self._kinds: dict[str, type[Form]] = {}

    def add(self, *forms: type[Form]) -> None:
        """Take what is sent with these."""
        self._kinds |= {form.kind: form for form in forms}

    async def open(self, interaction: discord.Interaction[Any], form: Form) -> None:
        """Answer with the form."""
        await self._stored.keep(
            "form",
            form.about,
            guild_id=interaction.guild_id or 0,
            member_id=interaction.user.id,
            interaction_id=interaction.id,
            now=self._clock.now(),
        )
        form.custom_id = f"{FORM_PREFIX}{form.kind}:{interaction.id}"
        form.stop()  # discord.py would hear of it as well, but in this process alone
        await interaction.response.send_modal(form)

    async def sent(self, interaction: discord.Interaction[Any]) -> Form:
        """The form with which this was sent; `FormGone` when it is not known any more."""
        sent: Any = interaction.data
        kind, _, opened_with = sent["custom_id"].removeprefix(FORM_PREFIX).partition(":")
        if kind not in self._kinds or not opened_with.isdecimal():
            raise FormGone
        about = await self._stored.find(
            "form",
            guild_id=interaction.guild_id or 0,
            member_id=interaction.user.id,
            interaction_id=int(opened_with),
            now=self._clock.now(),
        )
        if about is None:
            raise FormGone
        return self._kinds[kind].reopened(about, interaction.client)
