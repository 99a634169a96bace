"""Why there is no key to make a video with, or a key is not taken."""

from __future__ import annotations

from bot.errors import Refusal


class NoKey(Refusal):
    sentence = (
        "This server has no provider key yet, so I can't make videos here. "
        "A moderator can add one with `/lipsync-admin key add`."
    )


class NoWorkingKey(Refusal):
    sentence = (
        "This server has no provider key that works, so I can't make videos here. "
        "A moderator can look into it with `/lipsync-admin key list`."
    )


class KeyMissing(Refusal):
    sentence = "This server has no key for {provider}. It has keys for: {available}."


class KeySwitchedOff(Refusal):
    sentence = (
        "This server's key is switched off: {reasons}. Nothing was charged. "
        "A moderator can put it right, and test it with `/lipsync-admin key test`."
    )


class UnknownProvider(Refusal):
    sentence = "I don't know a provider called “{name}”. I know: {available}."


class KeyRejected(Refusal):
    sentence = "That key didn't work, so nothing was saved: {problem}"


class NoSuchKey(Refusal):
    sentence = "This server has no key for {provider}; there is nothing to remove."
