"""How people are told that something went wrong in a command, a button or a form. discord.py itself tells the log only,
and leaves the person with “thinking…”.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

import aiohttp
import discord
from discord import app_commands

from bot.errors import MouthpieceError
from bot.words.failures import WENT_WRONG

Item = TypeVar("Item", bound="discord.ui.Item[Any]")
Interaction = TypeVar("Interaction", bound="discord.Interaction[Any]")

log = logging.getLogger(__name__)

ANSWERED_ELSEWHERE = {10062, 40060}  # Discord's codes for an interaction that is over, or has its answer


async def explain(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Tell the person, privately, what went wrong; what is no fault of theirs goes to the log as well."""
    cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
    if isinstance(cause, discord.HTTPException) and cause.code in ANSWERED_ELSEWHERE:
        log.warning("an interaction came too late or twice: %s", cause)
        return
    if isinstance(cause, MouthpieceError):
        sentence = str(cause)
    else:
        log.error("an interaction failed", exc_info=cause)
        sentence = WENT_WRONG
    try:
        if interaction.response.is_done():
            await interaction.edit_original_response(content=sentence)
        else:
            await interaction.response.send_message(sentence, ephemeral=True)
    except (discord.HTTPException, aiohttp.ClientError, RuntimeError) as lost:  # the last: the bot is being closed
        log.warning("an answer could not be given: %s", lost)


def explained(
    callback: Callable[[Item, Interaction], Awaitable[None]],
) -> Callable[[Item, Interaction], Awaitable[None]]:
    """For a button's callback: whatever it raises is explained to the person who pressed it."""

    @wraps(callback)
    async def explaining(item: Item, interaction: Interaction) -> None:
        try:
            await callback(item, interaction)
        except Exception as error:  # noqa: BLE001 - `explain` logs what is no refusal
            await explain(interaction, error)

    return explaining
