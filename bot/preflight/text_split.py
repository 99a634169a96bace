"""How long a text takes to be spoken, and where a long one can be divided."""

from __future__ import annotations

import re
from bisect import bisect_left

import regex

LETTERS_PER_SECOND = {"zh": 4.5, "yue": 4.5, "ja": 7.0, "ko": 6.0}  # spoken at speed 1; a little fast, to be safe
OTHER_LETTERS_PER_SECOND = 14.0
# Where a text is divided: after a sentence, else after a part of one, else between words.
# Arabic, Urdu and Hindi have signs of their own for that; Thai has a space there, and none between words.
_ENDS = (
    r"(?<=[.!?…؟۔।॥])\s+|(?<=[。！？।॥])|\n+|(?<=[\u0E00-\u0E7F])\s+(?=[\u0E00-\u0E7F])",
    r"(?<=[,;:،؛])\s+|(?<=[，、；：])|\s+[–—]\s+",
    r"\s+",
)
_NO_SPACE_AFTER = "。！？，、；："


def pace(language: str, speed: float) -> float:
    """Letters per second."""
    return LETTERS_PER_SECOND.get(language, OTHER_LETTERS_PER_SECOND) * speed


def seconds_of(text: str, language: str, speed: float) -> float:
    """How long it takes to say the text, about."""
    return len(text) / pace(language, speed)


def divided(text: str, most: int, least: int = 0) -> list[str]:
    """The text in as few parts as possible, of at most `most` characters and about as long as each other; divided at
    sentences, unless a part would have less than `least` characters.
    """
    parts: list[str] = []
    for longest in (most, max(1, most // 4)):
        parts = _evenly(_pieces(text.strip(), longest), most)
        if all(len(part) >= least for part in parts):
            break
    return parts


def _pieces(text: str, most: int, level: int = 0) -> list[str]:
    if len(text) <= most:
        return [text] if text else []
    if level == len(_ENDS):
        return _cut(text, most)
    parts = [part.strip() for part in re.split(_ENDS[level], text)]
    return [piece for part in parts for piece in _pieces(part, most, level + 1)]


def _cut(text: str, most: int) -> list[str]:
    """The text cut where there is no better place, but never within what people see as one letter."""
    pieces = [""]
    for letter in regex.findall(r"\X", text):
        if len(pieces[-1]) + len(letter) > most and pieces[-1]:
            pieces.append("")
        pieces[-1] += letter
    return [part for piece in pieces for part in (piece[at : at + most] for at in range(0, len(piece), most))]


def _evenly(pieces: list[str], most: int) -> list[str]:
    """In as few parts as possible, as each is paid for; the longest of them as short as it can be."""
    fewest = len(_packed(pieces, most))
    return _packed(pieces, bisect_left(range(most), True, key=lambda longest: len(_packed(pieces, longest)) <= fewest))


def _packed(pieces: list[str], most: int) -> list[str]:
    packed: list[str] = []
    for piece in pieces:
        together = f"{packed[-1]}{'' if packed[-1][-1] in _NO_SPACE_AFTER else ' '}{piece}" if packed else piece
        if packed and len(together) <= most:
            packed[-1] = together
        else:
            packed.append(piece)
    return packed
