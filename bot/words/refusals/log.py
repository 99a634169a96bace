"""Why the log channel, or the monthly report, can't be what a moderator wants."""

from __future__ import annotations

from bot.errors import Refusal


class LogNeeded(Refusal):
    sentence = (
        "Approval needs a log channel, where the questions are asked. Choose one with `/lipsync-admin log` first."
    )


class ChannelRefuses(Refusal):
    sentence = "I can't post in {channel}: I need {missing} there. Nothing was changed."


class ChannelUntold(Refusal):
    sentence = (
        "Discord won't tell me right now what I may do in that channel. Nothing was changed; try again in a minute."
    )


class BadMonth(Refusal):
    sentence = "“{month}” is no month. Write it like 2026-11."
