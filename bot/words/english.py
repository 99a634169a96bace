"""Names and numbers as people write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import ceil

from bot.domain.costs import Currency

MARKDOWN = str.maketrans({character: f"\\{character}" for character in "\\*_~`|>#[]()-"})
QUOTE_CHARS = 200
SIGNS: Mapping[Currency, str] = {"USD": "$", "CNY": "¥"}
ZERO_WIDTH_SPACE = "\u200b"
# Marks that turn the direction of writing: they would mirror what stands behind a quote on its line.
DIRECTIONS = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))


def listed(names: list[str], last: str = "and") -> str:
    """Names as people write them: `a`, `a and b`, `a, b and c`."""
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "nothing"


def counted(count: int, thing: str) -> str:
    """So many things: `1 key`, `2 keys`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def bold(names: Iterable[str]) -> str:
    """Names that stand out, as people write them."""
    return listed([f"**{name}**" for name in names])


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`."""
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def person(member_id: int | None) -> str:
    """Mention somebody; in words where it is forgotten who that was."""
    return f"<@{member_id}>" if member_id else "somebody who was forgotten"


def quoted(text: str, most: int = QUOTE_CHARS) -> str:
    """A person's text as one harmless line: no markdown, no mention, no line breaks."""
    return one_line(text, most).translate(MARKDOWN)


def day(at: float | None) -> str:
    """The day of a moment, as each reader's Discord writes it."""
    return f"<t:{int(at or 0)}:D>"


def dollars(amount: Decimal) -> str:
    """An amount of US dollars: `$0.10`, `$0.0462`."""
    return money(amount, "USD")


def money(amount: Decimal, currency: Currency) -> str:
    """An amount in cents, and in smaller parts only as far as it has any: `$0.10`, `¥0.385`."""
    whole, _, parts = f"{amount:f}".partition(".")
    return f"{SIGNS[currency]}{whole}.{parts.rstrip('0'):0<2}"


def megabytes(size: int) -> str:
    """A number of bytes, rounded up."""
    return f"{ceil(size / 2**20)} MB"


def one_line(text: str, most: int) -> str:
    """A person's text without line breaks and mentions, cut off after so many characters."""
    line = " ".join(text.translate(DIRECTIONS).split())
    line = line if len(line) <= most else line[: most - 1] + "…"
    return line.replace("@", f"@{ZERO_WIDTH_SPACE}").replace("<", f"<{ZERO_WIDTH_SPACE}")
