"""What odd answers are made into: values within bounds, so that a field that matters to nobody is no reason to lose a
run, and none is too large for what comes after it.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from bot.net.address import MOST_CHARS

MOST_USD = 10_000  # no call of any provider costs that much
MICRO = Decimal("0.000001")
MOST_DIGITS = 40  # with sign, point and exponent
MOST_RETRY_AFTER = 86_400.0  # seconds


def usd(value: object) -> Decimal | None:
    """Read an amount of US dollars: from 0 to less than 10,000, to the millionth.

    None for everything else, which counts as not said.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    if isinstance(value, str) and len(value) > MOST_DIGITS:
        return None
    try:
        amount = Decimal(str(value))
        if not 0 <= amount < MOST_USD:  # InvalidOperation for what is no number
            return None
        rounded = max(amount.quantize(MICRO), MICRO) if amount else Decimal(0)  # whatever isn't free costs something
    except (InvalidOperation, ValueError):  # the latter for whole numbers too long to be written out
        return None
    return rounded if rounded < MOST_USD else None


def retry_after(value: str, now: float) -> float | None:
    """Read a Retry-After header, a number or a date (RFC 9110 §10.2.3): seconds from `now` on, at most a day.

    None when it is neither.
    """
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError):  # the latter for years that no clock knows
            return None
    return min(max(0.0, seconds), MOST_RETRY_AFTER) if isfinite(seconds) else None


def _or_none(value: object, parse: ValidatorFunctionWrapHandler) -> Any:
    try:
        return parse(value)
    except ValidationError:
        return None


T = TypeVar("T")
Courtesy = Annotated[T | None, WrapValidator(_or_none)]  # a field that is no reason to lose a run when it is odd
Usd = Annotated[Decimal | None, BeforeValidator(usd)]
Word = Annotated[str, BeforeValidator(lambda word: word if isinstance(word, str) else "")]


def text_of(value: object) -> str:
    """An id or an address, which may come as a number; empty where the answer has something else in its place, or what
    is longer than an address can be.
    """
    text = str(value or "").strip() if isinstance(value, str | int) and value is not True else ""
    return text if len(text) <= MOST_CHARS else ""


def cleaned(value: Any, key: str) -> Any:
    """The answer without the key, and without halves of characters, which nothing could store."""
    if isinstance(value, str):
        whole = value.encode("utf-8", "replace").decode()
        return whole.replace(key, "[key]") if key else whole
    if isinstance(value, list):
        return [cleaned(part, key) for part in value]
    if isinstance(value, dict):
        return {cleaned(name, key): cleaned(part, key) for name, part in value.items()}
    return value
