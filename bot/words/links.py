"""Addresses of a job in Discord."""

from __future__ import annotations

from bot.domain.job import Job


def home(job: Job) -> str:
    """The address of the thread in which the job is shown; without one, that of its card."""
    channel = f"https://discord.com/channels/{job.guild_id}/{job.home_id}"
    return channel if job.thread_id or job.card_id is None else f"{channel}/{job.card_id}"


def link(job: Job, *, own: bool = False) -> str:
    """The address of the message that ended the job, or of the place where it is shown. A direct message is the
    member's `own`.
    """
    channel_id = job.reply_channel_id or job.home_id
    is_direct = channel_id not in {job.channel_id, job.thread_id, job.parent_id}
    if job.reply_id is None or (is_direct and not own):
        return home(job)
    return f"https://discord.com/channels/{'@me' if is_direct else job.guild_id}/{channel_id}/{job.reply_id}"
