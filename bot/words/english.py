"""Names and numbers as people write them."""

from __future__ import annotations


def listed(names: list[str], last: str = "and") -> str:
    """Names as people write them: `a`, `a and b`, `a, b and c`."""
    return f" {last} ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "nothing"


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`."""
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
