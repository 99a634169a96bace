"""The buttons under a posted result."""

from __future__ import annotations

import discord

from bot.chat.custom_ids import AGAIN_PREFIX, DELETE_PREFIX, FULL_PREFIX, REPORT_PREFIX, VOICE_PREFIX
from bot.domain.job import Job
from bot.words import buttons


def result_buttons(job: Job, *, smaller: bool) -> discord.ui.View:
    """What people can do with a result, or with a `smaller` copy of it. Served by the dynamic items in cogs/, which
    outlive a restart.
    """
    view = discord.ui.View(timeout=None)
    if smaller:
        view.add_item(discord.ui.Button(label=buttons.GET_FULL_VIDEO, custom_id=f"{FULL_PREFIX}{job.id}"))
    view.add_item(discord.ui.Button(label=buttons.AGAIN, custom_id=f"{AGAIN_PREFIX}{job.id}"))
    if job.request.mode == "text":
        view.add_item(discord.ui.Button(label=buttons.CHANGE_VOICE, custom_id=f"{VOICE_PREFIX}{job.id}"))
    view.add_item(discord.ui.Button(label=buttons.REPORT, custom_id=f"{REPORT_PREFIX}{job.id}"))
    view.add_item(discord.ui.Button(label=buttons.DELETE, custom_id=f"{DELETE_PREFIX}{job.id}"))
    view.stop()
    return view
