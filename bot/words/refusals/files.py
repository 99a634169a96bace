"""Why a clip, a recording or a finished video can't be used, chosen or handed out, in the words a person reads."""

from __future__ import annotations

from bot.errors import Refusal
from bot.preflight.offer import Offer


class NothingFits(Refusal):
    sentence = "That won't work here; nothing was sent or charged.\n{reasons}"


class FixesNeeded(Refusal):
    """Nothing fits as it is, and something can be done about it: `offer` says what, in place of a sentence."""

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self.offer = offer


class UnreadableFile(Refusal):
    sentence = "I can't use “{name}”: {problem}. Nothing was sent or charged."


class DiskFull(Refusal):
    sentence = (
        "The disk of the machine I run on is full or can't be written to, so I can't take files now. "
        "Nothing was started."
    )


class PartUnclear(Refusal):
    sentence = (
        "I don't understand “{typed}” as a time. Type seconds, like 12 or 12.5, or minutes and seconds, like 1:05."
    )


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


class ClipThrownAway(Refusal):
    sentence = "I keep clips for a day, and this one is gone by now. Attach it again with `/lipsync text`."


class OnItsWay(Refusal):
    sentence = "{job} is being made again already; it is counted once."


class NotYoursToRepeat(Refusal):
    sentence = "Only the person who asked for {job} can make it again. You can use Apps ▸ Make it speak on the video."


class FileRemoved(Refusal):
    sentence = "This file was removed here by a moderator and can't be used again. Nothing was started or charged."


class NothingToSpeakIn(Refusal):
    sentence = (
        "That message has no clip and no recording. "
        "Use **Apps ▸ Make it speak** on a message with a video, a gif, a voice message or an audio file."
    )


class NothingToSay(Refusal):
    sentence = "There is nothing to say yet. Type a text or attach a recording; nothing was started or charged."


class TextAndRecording(Refusal):
    sentence = (
        "You gave both a text and a recording, and I can use only one. Nothing was started or charged; "
        "leave one of them out."
    )


class NoClipChosen(Refusal):
    sentence = "You attached no clip and chose none. Nothing was started or charged; open the form again."


class OfferGone(Refusal):
    sentence = "I don't know any more what you asked for, and nothing was started. Use the command once more."
