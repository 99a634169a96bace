"""Why something that a moderator wants isn't done, in the words they read; and why a result's button does nothing.

Nothing was changed.
"""

from __future__ import annotations

from bot.errors import Refusal


class NotWaiting(Refusal):
    sentence = "{job} isn't waiting for approval (any more)."


class DiscordAway(Refusal):
    sentence = "Discord doesn't answer just now, so nothing was done. Try again in a minute."


class CannotRemove(Refusal):
    sentence = (
        "Discord doesn't let me delete that message, so nothing was done. Delete it by hand, or look at my permissions "
        "there; then press again."
    )


class MemberBlocked(Refusal):
    sentence = "{member} is blocked by now. Deny this one, or unblock them first."


class NoSuchJob(Refusal):
    sentence = "I don't know that job here (any more)."


class NothingToRefund(Refusal):
    sentence = "{job} doesn't count against its member's limits, so there is nothing to give back."


class NothingToSettle(Refusal):
    sentence = "{job} has no open question: its outcome is known, or a moderator has settled it."


class AlreadyReported(Refusal):
    sentence = "That video was reported before; the moderators know of it."


class UndecidedReport(Refusal):
    sentence = "That video was reported; the moderators decide about it first."


class NotYoursToDelete(Refusal):
    sentence = "Only the person who asked for {job}, or a moderator, can delete it."


class AlreadyDecided(Refusal):
    sentence = "That report was decided before."


class NoSuchRule(Refusal):
    sentence = "There is no such limit; `/lipsync-admin quota list` shows those there are."


class NoSuchGrant(Refusal):
    sentence = "There is no grant #{grant} that lasts; `/lipsync-admin quota list` shows those there are."


class NotBlocked(Refusal):
    sentence = "{member} isn't blocked."


class LogNeeded(Refusal):
    sentence = (
        "Approval needs a log channel, where the questions are asked. Choose one with `/lipsync-admin log` first."
    )


class ChannelRefuses(Refusal):
    sentence = "I can't post in {channel}: I need {missing} there. Nothing was changed."


class BadMonth(Refusal):
    sentence = "“{month}” is no month. Write it like 2026-11."


class BadDuration(Refusal):
    sentence = "“{duration}” is no duration. Write it like 12h, 3d or 2w, at most a year."


class BadNumber(Refusal):
    sentence = "“{typed}” is no number for “{label}”. Nothing was changed."
