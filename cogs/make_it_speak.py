"""*Apps ▸ Make it speak*: a message's clip says something else, or its recording is said by somebody in a clip."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import discord
from discord import app_commands
from pydantic import BaseModel

from bot.app.client import Mouthpiece
from bot.chat.forms import Form
from bot.chat.posting import post_errors
from bot.domain.request import Media
from bot.domain.voices import Voice
from bot.errors import MouthpieceError
from bot.words import forms
from bot.words.answers.asked import typed_text
from bot.words.refusals.asks import NoClipChosen, NothingToSay, NothingToSpeakIn, TextAndRecording
from bot.words.refusals.keys import NoWorkingKey
from cogs.asking import start
from cogs.found_clips import Clip, attached, newest_clips
from cogs.interactions import Interaction, ask_of, defer, guild_of, media_of
from cogs.lipsync import LONGEST_TEXT

MOST_CHOICES = 25
LONGEST_NAME = 100
SEARCH_PATIENCE = 1.5  # the form must open within three seconds


@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
async def make_it_speak(interaction: Interaction, message: discord.Message) -> None:
    """Open the form that asks for what the message lacks."""
    guild_id, choices = guild_of(interaction), interaction.client.services.choices
    clips, recordings = attached(message, "video"), attached(message, "audio")
    if not clips and not recordings:
        raise NothingToSpeakIn
    if not await choices.usable(guild_id):
        raise NoWorkingKey
    if clips:
        voices = await choices.voices_for(guild_id, None, interaction.user.id)
        form: Form = WordsForm(Spoken(video=media_of(clips[0]), voice=_first(voices)), voices[:MOST_CHOICES])
    else:
        found = await newest_clips(interaction, MOST_CHOICES, patience=SEARCH_PATIENCE)
        clips_here = [clip.media for clip in found]
        form = ClipForm(Speakers(audio=media_of(recordings[0]), clips=clips_here), found)
    await interaction.client.services.forms.open(interaction, form)


class Spoken(BaseModel):
    """The clip in which something is said, and the voice that says it unless another is chosen."""

    video: Media
    voice: str


class WordsForm(Form):
    """Asks what the person in a clip should say, and with which voice. `voices` are those to choose from."""

    kind = "words"

    def __init__(self, spoken: Spoken, voices: list[Voice]) -> None:
        super().__init__(title=forms.MAKE_IT_SPEAK)
        self._spoken = spoken
        self._text: discord.ui.TextInput[WordsForm] = discord.ui.TextInput(
            style=discord.TextStyle.paragraph, required=False, max_length=LONGEST_TEXT
        )
        self._voice = voice_menu(voices)
        self._other_voice: discord.ui.TextInput[WordsForm] = discord.ui.TextInput(
            required=False, max_length=LONGEST_NAME
        )
        self._audio: discord.ui.FileUpload[WordsForm] = discord.ui.FileUpload(required=False, max_values=1)
        self.ask("text", forms.SAID, self._text)
        if spoken.voice:
            self.ask("voice", forms.VOICE, self._voice)
        self.ask("other", forms.OTHER_VOICE, self._other_voice)
        self.ask("recording", forms.RECORDING, self._audio)

    @property
    def about(self) -> str:
        """The clip, and the first voice."""
        return self._spoken.model_dump_json()

    @classmethod
    def reopened(cls, about: str, _client: Mouthpiece) -> WordsForm:
        """The same, without the voices to choose from."""
        return cls(Spoken.model_validate_json(about), [])

    async def on_submit(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Start with what was typed or attached."""
        await defer(interaction, "video")
        text, files = self._text.value.strip(), self._audio.values
        if text and files:
            raise TextAndRecording
        if files:
            await start(interaction, await ask_of(interaction, self._spoken.video, audio=media_of(files[0])))
        elif text:
            chosen = self._voice.values[0] if self._voice.values else self._spoken.voice
            voice = self._other_voice.value.strip() or chosen
            await start(interaction, await ask_of(interaction, self._spoken.video, text=text, voice=voice))
        else:
            raise NothingToSay

    async def on_error(self, interaction: Interaction, error: Exception) -> None:  # type: ignore[override]
        """Answer with the error's own sentence, and give the text back: nobody likes to type it twice."""
        await super().on_error(interaction, error)
        if self._text.value and isinstance(error, MouthpieceError):
            with suppress(MouthpieceError):
                async with post_errors():
                    await interaction.followup.send(typed_text(self._text.value), ephemeral=True)


class Speakers(BaseModel):
    """A recording, and the clips in the channel that could speak it."""

    audio: Media
    clips: list[Media]


class ClipForm(Form):
    """Asks who should say a recording: a clip of the person's own, or one that was `found` in the channel."""

    kind = "clip"

    def __init__(self, speakers: Speakers, found: list[Clip]) -> None:
        super().__init__(title=forms.MAKE_IT_SPEAK)
        self._speakers = speakers
        self._upload: discord.ui.FileUpload[ClipForm] = discord.ui.FileUpload(required=not found, max_values=1)
        self._choice: discord.ui.Select[ClipForm] = discord.ui.Select(
            required=False,
            options=[
                discord.SelectOption(
                    label=clip.media.name[:100],
                    description=forms.found_clip(clip.author, clip.posted_at),
                    value=str(place),
                    default=not place,
                )
                for place, clip in enumerate(found)
            ],
        )
        self.ask("upload", forms.CLIP, self._upload)
        if speakers.clips:
            self.ask("found", forms.FOUND_CLIP, self._choice)

    @property
    def about(self) -> str:
        """The recording, and the clips."""
        return self._speakers.model_dump_json()

    @classmethod
    def reopened(cls, about: str, _client: Mouthpiece) -> ClipForm:
        """The same, without the clips to choose from."""
        return cls(Speakers.model_validate_json(about), [])

    async def on_submit(self, interaction: Interaction) -> None:  # type: ignore[override]
        """Start with the clip that was attached, else with the chosen one."""
        await defer(interaction, "video")
        if self._upload.values:
            video = media_of(self._upload.values[0])
        elif self._choice.values:
            video = self._speakers.clips[int(self._choice.values[0])]
        else:
            raise NoClipChosen
        await start(interaction, await ask_of(interaction, video, audio=self._speakers.audio))


def voice_menu(voices: list[Voice]) -> discord.ui.Select[Any]:
    """The voices to choose from, the first of them chosen."""
    first = _first(voices)
    options = [
        discord.SelectOption(label=voice.title[:100], value=voice.key, default=voice.key == first) for voice in voices
    ]
    return discord.ui.Select(required=False, options=options)


def _first(voices: list[Voice]) -> str:
    return voices[0].key if voices else ""


def setup(client: Mouthpiece) -> None:
    """Add the command, and take what is sent with its forms."""
    client.services.forms.add(WordsForm, ClipForm)
    client.tree.add_command(app_commands.ContextMenu(name=forms.MAKE_IT_SPEAK, callback=make_it_speak))
