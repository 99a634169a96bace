"""What moderators are answered about the log channel and approval."""

from __future__ import annotations

from bot.words import log_entries

WHICH_CHANNEL = "Which channel tells what happens? Only moderators should be able to read it."
WHICH_VIDEOS = "Which videos wait for a moderator? A price is set with `/lipsync-admin approval`."


def log_set(channel: str | None) -> str:
    """Which channel tells what happens; None for no channel."""
    if channel is None:
        return "The log is off."
    return (
        f"From now on, {channel} tells what happens: videos, limits, keys, blocks and reports. Make sure that only "
        "moderators can read it."
    )


def approval_set(mode: str, cents: int) -> str:
    """Which videos wait for a moderator, and how that goes."""
    return (
        f"{log_entries.approval(mode, cents)} The questions are asked in the log channel, moderators' own videos go "
        "through, and what nobody answers ends by itself after 12 hours."
    )
