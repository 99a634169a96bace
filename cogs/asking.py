"""From a command to a job: who asks, where, what they must confirm first, and what they are told."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from typing import Any

import discord

from bot.app.client import PERMISSIONS, Mouthpiece
from bot.chat.custom_ids import ATTEST_PREFIX, MEND_PREFIX
from bot.chat.explain import explained
from bot.domain.ask import Ask, Asker, Place
from bot.domain.request import Media
from bot.domain.results import MARGIN
from bot.preflight.offer import Offer
from bot.words import limits
from bot.words.links import home
from bot.words.refusals.asking import AttestationNeeded, ChannelUnfit
from bot.words.refusals.files import FixesNeeded
from storage.jobs.job import Job

Interaction = discord.Interaction[Mouthpiece]


def ask_of(interaction: Interaction, video: Media, **wish: Any) -> Ask:
    """What the person asks for here and now; `wish` as in `Ask`."""
    place, asker = place_of(interaction), asker_of(interaction)
    return Ask(place=place, asker=asker, interaction_id=interaction.id, video=video, **wish)


def media_of(attachment: discord.Attachment) -> Media:
    """An attached file, as Discord describes it."""
    return Media(url=attachment.url, name=attachment.filename, size=attachment.size)


async def start(interaction: Interaction, ask: Ask) -> None:
    """Start the job, or ask what the person must say yes to first."""
    await carry_on(interaction, interaction.client.service.start(ask))


async def carry_on(interaction: Interaction, starting: Awaitable[Job | None]) -> None:
    """Wait for a job that is being started, or ask what its person must say yes to first: what is to be done to the
    files, and what everybody confirms once.
    """
    try:
        job = await starting
    except FixesNeeded as needed:
        text, view = offer_card(needed.offer, rest=needed.offer.rest)
        await interaction.edit_original_response(content=text, view=view)
    except AttestationNeeded as needed:
        confirming = discord.ui.View(timeout=None)
        confirming.add_item(AttestButton(needed.interaction_id))
        await interaction.edit_original_response(content=str(needed), view=confirming)
    else:
        if job is None:
            thanks = "Thank you, that is kept. If your video isn't under way yet, use the command once more."
            await interaction.edit_original_response(content=thanks)  # pressed twice, or after a restart
        else:
            await answer(interaction, job)


def offer_card(offer: Offer, *, rest: bool) -> tuple[str, discord.ui.View]:
    """What can be done about a wish that doesn't fit, in words and buttons. Served by the dynamic item in
    `cogs/offers.py`.
    """
    view = discord.ui.View(timeout=None)
    acts = {"do": offer.label}
    if offer.can_choose_part:
        acts["part"] = "Choose part"
    if offer.has_rest:
        acts["rest"] = "Leave out the rest" if rest else "Keep the rest"
    for act, label in {**acts, "cancel": "Cancel"}.items():
        kept = rest != (act == "rest")
        style = discord.ButtonStyle.success if act == "do" else discord.ButtonStyle.secondary
        custom_id = f"{MEND_PREFIX}{act}:{offer.ask.interaction_id}:{int(kept)}"
        view.add_item(discord.ui.Button(label=label[:80], style=style, custom_id=custom_id))
    view.stop()
    return offer.text(rest=rest), view


async def answer(interaction: Interaction, job: Job) -> None:
    """Tell where the job is shown, and what is left to its member."""
    where = "I'll show it here as soon as Discord lets me." if job.card_id is None else home(job)
    sentence = f"**{job.code}** is on its way: {where}\nI'll ping you there when the video is ready."
    if job.state == "held":
        sentence = (
            f"**{job.code}** waits for this server's moderators: {where}\nNothing is counted or charged until "
            "they say yes; I'll ping you there either way."
        )
    standings, _ = await interaction.client.server_rules.standing(
        job.guild_id, job.member_id, asker_of(interaction).role_ids
    )
    left = limits.remaining(standings)
    await interaction.edit_original_response(
        content=f"{sentence}\n{left}".rstrip(), view=None, allowed_mentions=discord.AllowedMentions.none()
    )


class AttestButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=rf"{ATTEST_PREFIX}(?P<ask>\d{{1,20}})"
):
    """Confirms for whoever presses it, and starts what they asked for, if that is still known."""

    def __init__(self, interaction_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                label="I confirm; make the video",
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
        await interaction.response.defer(ephemeral=True, thinking=True)
        await carry_on(interaction, interaction.client.service.attest(asker_of(interaction), self.interaction_id))


def asker_of(interaction: Interaction) -> Asker:
    """Who used the command."""
    user = interaction.user
    if not isinstance(user, discord.Member):
        raise ChannelUnfit
    return Asker(
        user.id,
        role_ids=frozenset(role.id for role in user.roles),
        account_at=user.created_at.timestamp(),
        joined_at=user.joined_at.timestamp() if user.joined_at else 0.0,
        is_moderator=interaction.permissions.manage_guild,
    )


def place_of(interaction: Interaction) -> Place:
    """Where the command was used, and which permissions the bot lacks there to bring the video back."""
    channel = interaction.channel
    if interaction.guild_id is None or channel is None:
        raise ChannelUnfit
    needed = PERMISSIONS
    within, parent_id = [getattr(channel, "category_id", None)], None
    if isinstance(channel, discord.Thread):
        needed = needed & ~discord.Permissions(send_messages=True, create_public_threads=True)
        within = [channel.parent_id, channel.category_id if channel.parent else None]
        parent_id = None if channel.is_private() else channel.parent_id
    elif not isinstance(channel, discord.TextChannel):
        needed = needed & ~discord.Permissions(send_messages_in_threads=True, create_public_threads=True)
    lacking = needed & ~interaction.app_permissions
    largest = interaction.guild.filesize_limit if interaction.guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
    missing = tuple(name.replace("_", " ").title().replace(" In ", " in ") for name, lacks in lacking if lacks)
    return Place(
        interaction.guild_id,
        channel.id,
        f"<#{channel.id}>",
        missing,
        tuple(filter(None, within)),
        parent_id,
        file_bytes=largest - MARGIN,
    )


def setup(client: Mouthpiece) -> None:
    """Listen for the button."""
    client.add_dynamic_items(AttestButton)
