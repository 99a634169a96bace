"""The taxonomy of errors raised on purpose. What people are refused with stands in `bot/words/refusals/`,
how a job can fail in `bot/words/failures.py`.
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


class Refusal(MouthpieceError):
    """A person asked for something that can't be done; nothing was spent."""


class SettingsError(MouthpieceError):
    """The operator's configuration can't be used; the program prints it and exits with code 2."""

    sentence = "{problem}"


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

    `code` is what a job's row keeps; `bot/words/failures.py` has the sentence for it.
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


class Unwritable(NotAccepted):
    """What came can't be written to the bot's own disk, which is full most of the time; nobody else is to blame."""

    code = "unwritable"


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


class CannotHandOver(ProviderError):
    """A file could not be prepared, or brought where the provider gets it; nothing was sent."""

    code = "cannot_hand_over"


class CannotAttach(CannotHandOver):
    """Discord doesn't take the file where the provider would get it."""

    code = "cannot_attach"


class SpeechTooShort(ProviderError):
    """The sound is shorter than the provider takes; known before it was sent."""

    code = "speech_too_short"


class Gone(ProviderError):
    """The provider doesn't know (any more) what was asked for."""

    code = "gone"


class ResultUnusable(ProviderError):
    """What the provider offers as the finished video can't be taken."""

    code = "result_lost"
