"""Why what was asked for can't be made as it is: nothing to say, nothing that fits, nothing that is known any more."""

from __future__ import annotations

from bot.errors import Refusal


class TextEmpty(Refusal):
    sentence = "There is nothing to say in that text. Type the words that should be spoken."


class NothingToSay(Refusal):
    sentence = "There is nothing to say yet. Type a text or attach a recording; nothing was started or charged."


class TextAndRecording(Refusal):
    sentence = (
        "You gave both a text and a recording, and I can use only one. Nothing was started or charged; "
        "leave one of them out."
    )


class NothingToSpeakIn(Refusal):
    sentence = (
        "That message has no clip and no recording. "
        "Use **Apps ▸ Make it speak** on a message with a video, a gif, a voice message or an audio file."
    )


class NoClipChosen(Refusal):
    sentence = "You attached no clip and chose none. Nothing was started or charged; open the form again."


class NothingFits(Refusal):
    sentence = "That won't work here; nothing was sent or charged.\n{reasons}"


class PartUnclear(Refusal):
    sentence = (
        "I don't understand “{typed}” as a time. Type seconds, like 12 or 12.5, or minutes and seconds, like 1:05."
    )


class OfferGone(Refusal):
    sentence = "I don't know any more what you asked for, and nothing was started. Use the command once more."


class FormGone(Refusal):
    sentence = (
        "That form was open for too long, and I don't know any more what it was for. Nothing was done; open it again."
    )


class AlreadyAsked(Refusal):
    sentence = "You have asked for that already, and it is counted once. `/lipsync jobs` shows it."
