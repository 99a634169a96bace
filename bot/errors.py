"""The bases of all errors raised on purpose. Faults of outside calls stand in `bot/net/faults.py`, those of posts in
`bot/chat/errors.py`, what people are refused with in `bot/words/refusals/`.
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
