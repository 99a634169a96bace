"""What odd answers are made into, so that a field that matters to nobody is no reason to lose a run."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, ValidationError, ValidatorFunctionWrapHandler, WrapValidator


def _or_none(value: object, parse: ValidatorFunctionWrapHandler) -> Any:
    try:
        return parse(value)
    except ValidationError:
        return None


T = TypeVar("T")
Courtesy = Annotated[T | None, WrapValidator(_or_none)]  # a field that is no reason to lose a run when it is odd
Word = Annotated[str, BeforeValidator(lambda word: word if isinstance(word, str) else "")]


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
