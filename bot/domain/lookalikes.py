"""What a text looks like to people: without what can't be seen, and with one sign for all that look the same.

`lookalikes.json` holds the signs that are confused with each other, after Unicode's security data (UTS #39,
confusables.txt): each group under the sign that stands for it.
"""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from importlib.resources import files

# Signs that show nothing, beside those of the category Cf (Unicode's Default_Ignorable_Code_Point).
_UNSEEN = {
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0),
    *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000),
}  # fmt: skip
# Marks that stand on or through any letter; those of single scripts are letters of theirs.
_MARKS = {
    *range(0x0300, 0x0370), *range(0x1AB0, 0x1B00), *range(0x1DC0, 0x1E00), *range(0x20D0, 0x2100),
    *range(0xFE20, 0xFE30),
}  # fmt: skip


def plain(text: str) -> str:
    """The text without invisible signs, special forms of letters, and repeated spaces."""
    if text.isascii():  # as most words are, of which there are thousands in some servers' rules
        return " ".join(text.split())
    folded = unicodedata.normalize("NFKC", text)
    return " ".join("".join(sign for sign in folded if not _is_unseen(sign)).split())


def latin(text: str) -> str:
    """The plain text with an ASCII letter or digit for each foreign sign that looks like one, and without marks."""
    return "".join(_single(sign) for sign in _unmarked(plain(text)))


def skeleton(text: str) -> str:
    """What two texts have in common that look alike, in small letters: only good to be compared."""
    small = _unmarked(plain(text).casefold())
    return _unmarked("".join(_groups().get(sign, sign) for sign in small)).casefold()


def _is_unseen(sign: str) -> bool:
    return unicodedata.category(sign) == "Cf" or ord(sign) in _UNSEEN


def _unmarked(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if ord(sign) not in _MARKS)


def _single(sign: str) -> str:
    stands_for = _groups().get(sign, sign)
    return sign if sign.isascii() or not stands_for.isascii() or len(stands_for) > 1 else stands_for


@cache
def _groups() -> dict[str, str]:
    """By each sign, the one that stands for all that look like it."""
    found = json.loads(files("bot.domain").joinpath("lookalikes.json").read_text(encoding="utf-8"))
    return {sign: stands_for for stands_for, signs in found.items() for sign in signs}
