"""How long a text takes to be spoken, and where a long one can be divided."""

from __future__ import annotations

import re

LETTERS_PER_SECOND = {"zh": 4.5, "yue": 4.5, "ja": 7.0, "ko": 6.0}  # spoken at speed 1; a little fast, to be safe
OTHER_LETTERS_PER_SECOND = 14.0
# Where a text is divided: after a sentence, else after a part of one, else between words.
_ENDS = (r"(?<=[.!?…])\s+|(?<=[。！？])|\n+", r"(?<=[,;:])\s+|(?<=[，、；：])|\s+[–—]\s+", r"\s+")
_NO_SPACE_AFTER = "。！？，、；："


def pace(language: str, speed: float) -> float:
    """Letters per second."""
    return LETTERS_PER_SECOND.get(language, OTHER_LETTERS_PER_SECOND) * speed


def seconds_of(text: str, language: str, speed: float) -> float:
    """How long it takes to say the text, about."""
    return len(text) / pace(language, speed)


def divided(text: str, most: int) -> list[str]:
    """The text in parts of at most `most` characters, divided at sentences where that is possible."""
    return _packed(_pieces(text.strip(), most), most)


def _pieces(text: str, most: int, level: int = 0) -> list[str]:
    if len(text) <= most:
        return [text] if text else []
    if level == len(_ENDS):
        return [text[at : at + most] for at in range(0, len(text), most)]
    parts = [part.strip() for part in re.split(_ENDS[level], text)]
    return [piece for part in parts for piece in _pieces(part, most, level + 1)]


def _packed(pieces: list[str], most: int) -> list[str]:
    """As few parts as possible: each is paid for."""
    packed: list[str] = []
    for piece in pieces:
        together = f"{packed[-1]}{'' if packed[-1][-1] in _NO_SPACE_AFTER else ' '}{piece}" if packed else piece
        if packed and len(together) <= most:
            packed[-1] = together
        else:
            packed.append(piece)
    return packed
