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
    """`problem` is what the provider's adapter says of it, with a full stop."""

    sentence = "That key didn't work, so nothing was saved: {problem}"


class KeyUnlikely(KeyRejected):
    sentence = (
        "That key didn't work, so nothing was saved: it doesn't look like a key. Copy it again, without spaces or "
        "quotes."
    )


class KeyLost(KeyRejected):
    sentence = "That key didn't work, so nothing was saved: I can't open it any more. Save it again."


class KeyRefused(KeyRejected):
    sentence = "That key didn't work, so nothing was saved: {provider} refused it{quote}."

    def __init__(self, provider: str, detail: str) -> None:
        super().__init__(provider=provider, quote=quote(detail))


class KeyWithoutCredit(KeyRejected):
    sentence = "That key didn't work, so nothing was saved: its {provider} account is out of credit{quote}."

    def __init__(self, provider: str, detail: str) -> None:
        super().__init__(provider=provider, quote=quote(detail))


class KeyWithBadAddress(KeyRejected):
    sentence = "That key didn't work, so nothing was saved: its address can't be used: {problem}."


class KeyTestRefused(KeyRejected):
    sentence = (
        "That key didn't work, so nothing was saved: {provider} didn't understand the call that tests it. Look again "
        "at what you typed; whoever runs the bot finds the answer in its log."
    )


class KeyUntested(KeyRejected):
    sentence = "That key didn't work, so nothing was saved: {provider} couldn't be reached. Try again in a minute."


def quote(detail: str) -> str:
    """What the provider itself said, for the moderator; nothing where it said nothing."""
    said = " ".join(detail.replace("`", "'").split())[:150]
    return f" (it says: `{said}`)" if said else ""


class NoSuchKey(Refusal):
    sentence = "This server has no key for {provider}; there is nothing to remove."
