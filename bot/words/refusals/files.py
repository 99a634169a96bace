"""Why a clip or a recording can't be taken."""

from __future__ import annotations

from bot.errors import Refusal


class UnreadableFile(Refusal):
    sentence = "I can't use “{name}”: {problem}. Nothing was sent or charged."


class NoAttachment(UnreadableFile):
    sentence = "I can't use “{name}”: it is not one of Discord's own files. Nothing was sent or charged."


class NoMedia(UnreadableFile):
    sentence = "I can't use “{name}”: it is not a video or a recording. Nothing was sent or charged."


class FileTooLarge(UnreadableFile):
    sentence = "I can't use “{name}”: it is larger than I can take. Nothing was sent or charged."


class FileNotFetched(UnreadableFile):
    sentence = "I can't use “{name}”: Discord didn't hand it over; try again. Nothing was sent or charged."


class DiskFull(Refusal):
    sentence = (
        "The disk of the machine I run on is full or can't be written to, so I can't take files now. "
        "Nothing was started."
    )


class ServerDiskFull(Refusal):
    sentence = (
        "This server's share of my disk is used up by videos that are being made. Try again when some of them are "
        "done. Nothing was started."
    )


class FilesAway(Refusal):
    sentence = "I can't reach the place where I keep files just now. Nothing was started; try again in a minute."


class ClipThrownAway(Refusal):
    sentence = "I keep clips for a day, and this one is gone by now. Attach it again with `/lipsync text`."


class FileRemoved(Refusal):
    sentence = "This file was removed here by a moderator and can't be used again. Nothing was started or charged."
