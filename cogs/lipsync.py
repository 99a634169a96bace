"""`/lipsync`: what everyone can ask for."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.client import PERMISSIONS, Mouthpiece
from bot.preflight import Ask, Place
from bot.providers.request import Media
from bot.refusals import ChannelUnfit
from bot.voices import search
from cogs.buttons import ForgetButton
from storage.job import Job
from storage.privacy import Record

Interaction = discord.Interaction[Mouthpiece]

AUTO = "auto"
LONGEST_TEXT = 1000  # what any provider speaks; each provider's own limit is checked by the service


@app_commands.guild_only()
@app_commands.allowed_installs(guilds=True, users=False)
class Lipsync(app_commands.Group):
    """Make the person in a video say something else."""

    def __init__(self, client: Mouthpiece) -> None:
        super().__init__(name="lipsync", description="Make the person in a video say something else")
        self._service = client.service

    @app_commands.command(description="Type a line, pick a voice, and the person in your video says it")
    @app_commands.describe(
        video="A clip of one person, seen from the front (mp4 or mov)",
        text="What should be said",
        voice="Start typing a name or a language",
        speed="How fast: 1 is normal",
        provider="Who makes the video; usually best left out",
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
        await interaction.response.defer(ephemeral=True)
        ask = _ask(interaction, video, provider, text=text, voice=voice, speed=speed)
        await _answer(interaction, await self._service.start(ask))

    @app_commands.command(description="Attach a recording, and the person in your video says it")
    @app_commands.describe(
        video="A clip of one person, seen from the front (mp4 or mov)",
        audio="The recording that should be said (mp3, wav, m4a or aac)",
        volume="How loud the recording is, in percent; not every provider can set it",
        own_volume="How loud the clip's own sound stays, in percent; 0 is usual",
        provider="Who makes the video; usually best left out",
    )
    async def audio(
        self,
        interaction: Interaction,
        video: discord.Attachment,
        audio: discord.Attachment,
        volume: Range[int, 0, 200] | None = None,
        own_volume: Range[int, 0, 200] | None = None,
        provider: str | None = None,
    ) -> None:
        """Speak what an audio file says."""
        await interaction.response.defer(ephemeral=True)
        volumes = {"volume": _share(volume), "own_volume": _share(own_volume)}
        ask = _ask(interaction, video, provider, audio=_media(audio), **volumes)
        await _answer(interaction, await self._service.start(ask))

    @app_commands.command(description="What is kept about you, for how long, and how to have it erased")
    async def privacy(self, interaction: Interaction) -> None:
        """Tell, and offer to erase."""
        await interaction.response.defer(ephemeral=True)
        records = await interaction.client.housekeeping.about(interaction.user.id)
        view = discord.ui.View(timeout=None)
        view.add_item(ForgetButton())
        await interaction.edit_original_response(content=_kept(records, interaction), view=view)

    @text.autocomplete("voice")
    async def _voices(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        voices = await self._service.voices(interaction.guild_id or 0, interaction.namespace.provider)
        return [Choice(name=voice.title[:100], value=voice.key) for voice in search(voices, typed)]

    @text.autocomplete("provider")
    @audio.autocomplete("provider")
    async def _providers(self, interaction: Interaction, typed: str) -> list[Choice[str]]:
        usable = await self._service.usable(interaction.guild_id or 0)
        labels = {AUTO: "Auto: whoever fits", **{provider.name: provider.label for provider in usable}}
        return [
            Choice(name=label, value=name) for name, label in labels.items() if typed.casefold() in label.casefold()
        ][:25]


def setup(client: Mouthpiece) -> None:
    """Add the commands."""
    client.tree.add_command(Lipsync(client))


def _ask(interaction: Interaction, video: discord.Attachment, provider: str | None, **wish: Any) -> Ask:
    return Ask(
        place=_place(interaction),
        member_id=interaction.user.id,
        interaction_id=interaction.id,
        video=_media(video),
        provider=None if provider == AUTO else provider,
        **wish,
    )


async def _answer(interaction: Interaction, job: Job) -> None:
    if job.card_id is None:
        where = "I'll show it here as soon as Discord lets me."
    else:
        where = f"https://discord.com/channels/{job.guild_id}/{job.home_id}/{job.card_id if not job.thread_id else ''}"
    await interaction.edit_original_response(
        content=f"**{job.code}** is on its way: {where.rstrip('/')}\nI'll ping you there when the video is ready."
    )


def _media(attachment: discord.Attachment) -> Media:
    return Media(url=attachment.url, name=attachment.filename, size=attachment.size)


def _kept(records: list[Record], interaction: Interaction) -> str:
    """What a person reads of what is kept about them."""
    here = next((record for record in records if record.guild_id == interaction.guild_id), None)
    elsewhere = sum(record.jobs for record in records) - (here.jobs if here else 0)
    kept = "Nothing is kept about you."
    if records:
        oldest = int(min(record.oldest_at for record in records))
        kept = f"You are in the records of {here.jobs if here else 0} videos of this server"
        kept += f" and {elsewhere} of others; the oldest is from <t:{oldest}:R>."
    days = interaction.client.housekeeping.retention_days
    return (
        f"{kept}\nEach holds your user id, your text or the link to your recording, the link to your clip, where it "
        f"was asked for, and what became of it. After {days} days, or when you press the button, all that leads to you "
        "is taken out; the server's numbers stay. Clips and recordings are sent to the provider that makes the video. "
        "Finished videos are not kept once they are posted; what was posted stays in Discord until it is deleted there."
    )


def _share(percent: int | None) -> float | None:
    return None if percent is None else percent / 100


def _place(interaction: Interaction) -> Place:
    """Where the command was used, and which permissions the bot lacks there to bring the video back."""
    channel = interaction.channel
    if interaction.guild_id is None or channel is None:
        raise ChannelUnfit
    needed = PERMISSIONS
    if isinstance(channel, discord.Thread):
        needed = needed & ~discord.Permissions(send_messages=True, create_public_threads=True)
    elif not isinstance(channel, discord.TextChannel):
        needed = needed & ~discord.Permissions(send_messages_in_threads=True, create_public_threads=True)
    lacking = needed & ~interaction.app_permissions
    missing = tuple(name.replace("_", " ").title().replace(" In ", " in ") for name, lacks in lacking if lacks)
    return Place(interaction.guild_id, channel.id, f"<#{channel.id}>", missing)
