"""Why a finished video can't be fetched, reported or deleted."""

from __future__ import annotations

from bot.errors import Refusal


class VideoThrownAway(Refusal):
    sentence = "The full video of {job} isn't kept any more. Videos are kept for some days only, and not once removed."


class NotYoursToFetch(Refusal):
    sentence = "Only the person who asked for {job} can fetch it."


class PiecesTooLarge(Refusal):
    sentence = (
        "{job} can't be cut into pieces that are small enough for Discord here. It is kept until {until}: a boosted "
        "server, or a member with Nitro, may get larger files from me."
    )


class FetchFailed(Refusal):
    sentence = "Discord didn't take all of {job} just now. It is kept until {until}; press again in a minute."


class AlreadyReported(Refusal):
    sentence = "Someone has already reported this video. {what_now}"


class AlreadyReviewed(AlreadyReported):
    sentence = "The moderators have already decided about this video."


class ReportsUsedUp(Refusal):
    sentence = "You've reported {most} videos here within an hour. You can report the next one <t:{at}:R>."


class UndecidedReport(Refusal):
    sentence = "That video was reported; the moderators decide about it first."


class AlreadyDecided(Refusal):
    sentence = "That report was decided before."


class NotYoursToDelete(Refusal):
    sentence = "Only the person who asked for {job}, or a moderator, can delete it."


class CannotRemove(Refusal):
    sentence = (
        "Discord doesn't let me delete that message, so nothing was done. Delete it by hand, or look at my permissions "
        "there; then press again."
    )


class DiscordAway(Refusal):
    sentence = "Discord doesn't answer just now, so nothing was done. Try again in a minute."
