"""Every error raised on purpose, each with the sentence a person reads.

The sentence says what happened and what to do next; what it cost is added by `bot/cards.py`, which knows the job's row.
"""

from __future__ import annotations

from typing import ClassVar


class MouthpieceError(Exception):
    """Base of all errors raised on purpose; `str(error)` is fit for a person's eyes.

    `facts` fill the placeholders of the sentence.
    """

    sentence: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.sentence.format(**facts))


class SettingsError(MouthpieceError):
    """The operator's configuration can't be used; the program prints it and exits with code 2."""

    sentence = "{problem}"


# --- Refusals: the command is not carried out, nothing was spent ------------------------------------------------


class Refusal(MouthpieceError):
    """A person asked for something that can't be done; nothing was spent."""


class TextTooLong(Refusal):
    sentence = "That text has {length} characters; {provider} speaks at most {limit}. Shorten it and try again."


class TextEmpty(Refusal):
    sentence = "There is nothing to say in that text. Type the words that should be spoken."


class NoKey(Refusal):
    sentence = (
        "This server has no provider key yet, so I can't make videos here. "
        "A moderator can add one with `/lipsync-admin key add`."
    )


class KeyMissing(Refusal):
    sentence = "This server has no key for {provider}. It has keys for: {available}."


class UnknownProvider(Refusal):
    sentence = "I don't know a provider called “{name}”. I know: {available}."


class UnknownVoice(Refusal):
    sentence = "{provider} has no voice “{voice}”. Start typing a name in the voice field and pick one from the list."


class SpeedOutOfRange(Refusal):
    sentence = "{provider} speaks at speeds from {slowest:g} to {fastest:g}; you asked for {speed:g}."


class ModeUnsupported(Refusal):
    sentence = "{provider} can't make a video from {mode}."


class FileUnfit(Refusal):
    sentence = "The {kind} “{name}” won't work: {provider} takes {takes}. {problem}"


class PlaceUnfit(Refusal):
    sentence = (
        "I can't work in {channel}: I need {missing} there. A moderator can change it under Edit channel → Permissions."
    )


class ChannelUnfit(Refusal):
    sentence = "I can't answer in this kind of channel. Use me in a text channel or a thread of a server."


class NotAllowed(Refusal):
    sentence = "Only members with the Manage Server permission can do that."


class NotYours(Refusal):
    sentence = "Only the person who started {job}, or a moderator, can cancel it."


class NothingToCancel(Refusal):
    sentence = "There is nothing to cancel: {job} has already ended."


class NotCancellable(Refusal):
    sentence = (
        "{provider} has already started on {job} and can't be stopped any more. You may leave; the video comes here."
    )


class KeyRejected(Refusal):
    sentence = "That key didn't work, so nothing was saved: {problem}"


class NoSuchKey(Refusal):
    sentence = "This server has no key for {provider}; there is nothing to remove."


class ShuttingDown(Refusal):
    sentence = "I'm being restarted. Nothing was started; try again in a minute."


# --- Discord: what became of a post ------------------------------------------------------------------------------


class PostRefused(MouthpieceError):
    """Discord will not take this post here, now or later."""

    sentence = "Discord refused the post: {problem}"


class PostFailed(MouthpieceError):
    """The post may or may not have arrived; the same one may be made again, with the same nonce."""

    sentence = "The post failed: {problem}"


class PostTooLarge(MouthpieceError):
    """The file is larger than Discord takes here."""

    sentence = "The file is too large for this server."


# --- Provider faults: what an answer, or the lack of one, proves ------------------------------------------------


class ProviderError(MouthpieceError):
    """A call to a provider did not give what it should. `detail` is for logs and moderators, never for the public.

    `code` is what a job's row keeps; `bot/failures.py` has the sentence for it.
    """

    code: ClassVar[str] = ""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail[:300]
        Exception.__init__(self, f"{self.code}: {self.detail}" if self.detail else self.code)


class NotAccepted(ProviderError):
    """Proof that the request had no effect; the same call may be made again later."""

    code = "not_accepted"


class RateLimited(NotAccepted):
    """Refused for now. `retry_after` is in seconds, None where the provider doesn't say."""

    code = "rate_limited"

    def __init__(self, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class UnknownOutcome(ProviderError):
    """The request may or may not have had its effect; it must not be repeated."""

    code = "unknown_outcome"


class BadKey(ProviderError):
    code = "bad_key"


class OutOfCredit(ProviderError):
    code = "out_of_credit"


class InputRejected(ProviderError):
    code = "input_rejected"


class ContentRefused(ProviderError):
    code = "content_refused"


class Gone(ProviderError):
    """The provider doesn't know (any more) what was asked for."""

    code = "gone"


class ResultUnusable(ProviderError):
    """What the provider offers as the finished video can't be taken."""

    code = "result_lost"
