"""The buttons under a posted result."""

from __future__ import annotations

import discord

from bot.chat.custom_ids import AGAIN_PREFIX, DELETE_PREFIX, FULL_PREFIX, REPORT_PREFIX, VOICE_PREFIX
from bot.domain.job import Job


def result_buttons(job: Job, *, smaller: bool) -> discord.ui.View:
    """What people can do with a result, or with a `smaller` copy of it. Served by the dynamic items in cogs/, which
    outlive a restart.
    """
    view = discord.ui.View(timeout=None)
    if smaller:
        view.add_item(discord.ui.Button(label="Get the full video", custom_id=f"{FULL_PREFIX}{job.id}"))
    view.add_item(discord.ui.Button(label="Again", custom_id=f"{AGAIN_PREFIX}{job.id}"))
    if job.request.mode == "text":
        view.add_item(discord.ui.Button(label="Change voice", custom_id=f"{VOICE_PREFIX}{job.id}"))
    view.add_item(discord.ui.Button(label="Report", custom_id=f"{REPORT_PREFIX}{job.id}"))
    view.add_item(discord.ui.Button(label="Delete", custom_id=f"{DELETE_PREFIX}{job.id}"))
    view.stop()
    return view
