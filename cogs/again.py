"""*Again* and *Change voice* under a finished video, for whoever asked for it."""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.app.client import Mouthpiece
from bot.chat.custom_ids import AGAIN_PREFIX, VOICE_PREFIX
from bot.chat.explain import explained
from bot.chat.forms import Form
from bot.domain.voices import Voice
from bot.words import forms
from bot.words.refusals.keys import NoWorkingKey
from cogs.asking import carry_on
from cogs.interactions import Interaction, asker_of, defer, guild_of, place_of
from cogs.lipsync import LONGEST_TEXT
from cogs.make_it_speak import LONGEST_NAME, MOST_CHOICES, voice_menu


class AgainButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"(?P<act>{AGAIN_PREFIX}|{VOICE_PREFIX})(?P<job>\d{{1,18}})",
):
    """Starts the same once more, or opens the form for other words and another voice."""

    def __init__(self, item: discord.ui.Button[Any], act: str, job_id: int) -> None:
        super().__init__(item)
        self.act, self.job_id = act, job_id

    @classmethod
    async def from_custom_id(  # type: ignore[override]
        cls, _interaction: Interaction, item: discord.ui.Button[Any], match: re.Match[str]
    ) -> AgainButton:
        """The button that was pressed."""
        return cls(item, match["act"], int(match["job"]))

    @explained
    async def callback(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Do what stands on it."""
        guild_id, asker, repeat = guild_of(interaction), asker_of(interaction), interaction.client.services.repeat
        if self.act == VOICE_PREFIX:
            earlier_request = await repeat.earlier_request(guild_id, self.job_id, by=asker.member_id)
            voices = await interaction.client.services.choices.voices_for(guild_id, None, asker.member_id)
            if not voices:
                raise NoWorkingKey
            voices.sort(key=lambda voice: voice.key != earlier_request.voice)
            form = VoiceForm(self.job_id, earlier_request.text, voices[:MOST_CHOICES])
            await interaction.client.services.forms.open(interaction, form)
            return
        await defer(interaction, "video")
        await carry_on(interaction, repeat.start(await place_of(interaction), asker, interaction.id, self.job_id))


class VoiceForm(Form):
    """Asks for other words and another voice for the same clip; `said` is what was said before."""

    kind = "voice"

    def __init__(self, job_id: int, said: str | None, voices: list[Voice]) -> None:
        super().__init__(title=forms.CHANGE_VOICE)
        self._job_id = job_id
        self._text: discord.ui.TextInput[VoiceForm] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph, default=said, max_length=LONGEST_TEXT
        )
        self._voice = voice_menu(voices)
        self._other: discord.ui.TextInput[VoiceForm] = discord.ui.TextInput(required=False, max_length=LONGEST_NAME)
        self.ask("text", forms.SAID, self._text)
        self.ask("voice", forms.VOICE, self._voice)
        self.ask("other", forms.OTHER_VOICE, self._other)

    @property
    def about(self) -> str:
        """The job that is repeated."""
        return str(self._job_id)

    @classmethod
    def reopened(cls, about: str, _client: Mouthpiece) -> VoiceForm:
        """The same, without the voices to choose from."""
        return cls(int(about), None, [])

    async def on_submit(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Start with what was typed and chosen."""
        await defer(interaction, "video")
        voice = self._other.value.strip() or (self._voice.values[0] if self._voice.values else None)
        place, asker = await place_of(interaction), asker_of(interaction)
        repeat = interaction.client.services.repeat
        starting = repeat.start(place, asker, interaction.id, self._job_id, text=self._text.value.strip(), voice=voice)
        await carry_on(interaction, starting)


def setup(client: Mouthpiece) -> None:
    """Listen for the buttons, and take what is sent with the form."""
    client.services.forms.add(VoiceForm)
    client.add_dynamic_items(AgainButton)
