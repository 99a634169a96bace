"""What a call to the outside that went wrong proves: whether it had an effect, and whether making it again helps.

ProviderError
├─ NotAccepted            no effect; the same call may be made again
│  ├─ RateLimited         no effect, and not before `retry_after`
│  ├─ HeldBack            it was too late to send it
│  ├─ TextInstead         a text came in place of a file
│  └─ Unwritable          the bot's own disk is full
│     └─ DepotAway        the bucket with the bot's files can't be used now
├─ UnknownOutcome         it may have had its effect; never repeated
├─ BadKey                 the key is refused
├─ OutOfCredit            the account is empty
├─ BadAddress             a web address that is none, or may not be used
├─ InputRejected          this provider can't use these files
│  └─ Mistyped            what belongs to a key, as typed, can't be used
├─ ContentRefused         this provider declines what is asked for
├─ CannotHandOver         a file could not be prepared or brought there
│  └─ CannotAttach        Discord didn't take the file
├─ SpeechTooShort         the sound is shorter than the provider takes
├─ Gone                   the provider doesn't know it (any more)
├─ ResultMissing          it is made, and can't be had
└─ ResultUnusable         what is offered as the video can't be taken
"""

from __future__ import annotations

from typing import ClassVar

from bot.errors import MouthpieceError


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


class HeldBack(NotAccepted):
    """Nothing was sent: the job may soon be another process's."""


class TextInstead(NotAccepted):
    """A text came in place of a file: an error page in place of a provider's result, or somebody attached one."""


class Unwritable(NotAccepted):
    """What came can't be written to the bot's own disk, which is full most of the time; nobody else is to blame."""

    code = "unwritable"


class DepotAway(Unwritable):
    """The bucket that holds the bot's files is away, too slow, or refuses; what was to be done may be done later."""


class UnknownOutcome(ProviderError):
    """The request may or may not have had its effect; it must not be repeated."""

    code = "unknown_outcome"


class BadKey(ProviderError):
    code = "bad_key"


class OutOfCredit(ProviderError):
    code = "out_of_credit"


class BadAddress(ProviderError):
    """A web address that is none, or one that may not be used for this; nothing was sent there."""

    code = "bad_address"


class InputRejected(ProviderError):
    code = "input_rejected"


class Mistyped(InputRejected):
    """What a moderator typed beside a key can't be used; `detail` says why, in words of the adapter's own."""


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


class ResultMissing(ProviderError):
    """The provider has made it, and doesn't say where it is, or gives nothing usable there. It may be charged."""

    code = "result_missing"


class ResultUnusable(ProviderError):
    """What the provider offers as the finished video can't be taken."""

    code = "result_lost"


KEY_FAULTS = frozenset({BadKey.code, OutOfCredit.code})  # a key that a provider refuses like this is switched off
