"""`/lipsync`: what everyone can ask for."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.app.client import Mouthpiece
from bot.domain.voices import search
from bot.words import forms
from bot.words.answers import own_jobs
from cogs.asking import start
from cogs.interactions import Interaction, ask_of, asker_of, defer, guild_of, media_of
from cogs.job_buttons import ForgetButton
from cogs.jobs import show_own

AUTO = "auto"
LONGEST_TEXT = 1000  # what any provider speaks; each provider's own limit is checked by the service
CLIP = "A clip of one person, seen from the front (mp4, mov, webm, mkv, gif…)"


@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
class Lipsync(app_commands.Group):
    """Make the person in a video say something else."""

    def __init__(self, client: Mouthpiece) -> None:
        super().__init__(name="lipsync", description="Make the person in a video say something else")
        self._choices = client.services.choices

    @app_commands.command(description="Type a line, pick a voice, and the person in your video says it")
    @app_commands.describe(
        video=CLIP,
        text="What should be said",
        voice="Start typing a name or a language",
        speed="How fast: 1 is normal",
        provider="Who makes the video; chosen automatically if left out",
    )
    async def text(
        self,
        interaction: Interaction,
        video: discord.Attachment,
        text: Range[str, 1, LONGEST_TEXT],
        voice: str,
        speed: Range[float, 0.5, 2.0] = 1.0,
        provider: str | None = None,
    ) -> None:
        """Speak a text with a voice."""
        await defer(interaction, "video")
        wish = await ask_of(
            interaction, media_of(video), text=text, voice=voice, speed=speed, provider=_named(provider)
        )
        await start(interaction, wish)

    @app_commands.command(description="Attach a recording, and the person in your video says it")
    @app_commands.describe(
        video=CLIP,
        audio="What should be said: a recording, or a video's sound (mp3, wav, m4a, aac, ogg, flac…)",
        volume="Volume of the recording, in percent; not every provider can set it",
        own_volume="Volume of the clip's own sound, in percent; usually 0",
        shorter="If the recording is shorter than the clip: silence, or the recording again",
        provider="Who makes the video; chosen automatically if left out",
    )
    async def audio(
        self,
        interaction: Interaction,
        video: discord.Attachment,
        audio: discord.Attachment,
        volume: Range[int, 0, 200] | None = None,
        own_volume: Range[int, 0, 200] | None = None,
        shorter: Literal["silence", "again"] | None = None,
        provider: str | None = None,
    ) -> None:
        """Speak what an audio file says."""
        await defer(interaction, "video")
        wish = await ask_of(
            interaction,
            media_of(video),
            audio=media_of(audio),
            volume=_share(volume),
            own_volume=_share(own_volume),
            fill=shorter,
            provider=_named(provider),
        )
        await start(interaction, wish)

    @app_commands.command(description="What is kept about you, and for how long; a button erases it")
    async def privacy(self, interaction: Interaction) -> None:
        """Tell, and offer to erase."""
        await defer(interaction, "view")
        view = discord.ui.View(timeout=None)
        view.add_item(ForgetButton())
        kept = await interaction.client.services.privacy.about(interaction.user.id, interaction.guild_id)
        await interaction.edit_original_response(content=kept, view=view)

    @app_commands.command(description="What you may still make here, by which rule, and when there's more")
    async def usage(self, interaction: Interaction) -> None:
        """Tell how the person stands under each rule that binds them."""
        await defer(interaction, "view")
        guild_id, asker = guild_of(interaction), asker_of(interaction)
        found = await interaction.client.services.server_rules.standing(guild_id, asker.member_id, asker.role_ids)
        under_way = await interaction.client.services.ledger.under_way(guild_id, asker.member_id)
        await interaction.edit_original_response(
            content=own_jobs.usage(*found, under_way, interaction.client.services.providers),
            allowed_mentions=discord.AllowedMentions.none(),
        )

    @app_commands.command(
        description="Your newest videos here, those you can still fetch, and whether to send them by direct message"
    )
    async def jobs(self, interaction: Interaction) -> None:
        """Tell, and offer to hand them out."""
        await defer(interaction, "view")
        await show_own(interaction)

    @text.autocomplete("voice")
    async def _voices(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        guild_id, provider = interaction.guild_id or 0, interaction.namespace.provider
        if typed:
            voices = await self._choices.voices(guild_id, provider)
        else:
            voices = await self._choices.voices_for(guild_id, provider, interaction.user.id)
        return [Choice(name=voice.title[:100], value=voice.key) for voice in search(voices, typed)]

    @text.autocomplete("provider")
    @audio.autocomplete("provider")
    async def _providers(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        usable = await self._choices.usable(interaction.guild_id or 0)
        labels = {AUTO: forms.AUTO, **{provider.name: provider.label for provider in usable}}
        return [
            Choice(name=label, value=name) for name, label in labels.items() if typed.casefold() in label.casefold()
        ][:25]


def setup(client: Mouthpiece) -> None:
    """Add the commands."""
    client.tree.add_command(Lipsync(client))


def _named(provider: str | None) -> str | None:
    return None if provider == AUTO else provider


def _share(percent: int | None) -> float | None:
    return None if percent is None else percent / 100
