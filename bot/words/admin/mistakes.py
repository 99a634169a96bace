"""What the operator reads of a setting whose value can't be used. The value itself is never repeated."""

from __future__ import annotations

from collections.abc import Mapping

NOT_SET: Mapping[str, str] = {
    "DISCORD_TOKEN": "is not set; copy it from the developer portal (Bot, Reset Token) into .env",
}
_NO_NUMBER = "is no whole number"
_WORDS: Mapping[str, str] = {  # by the kinds of mistakes that pydantic knows
    "bool_parsing": "is neither 1 nor 0",
    "int_parsing": _NO_NUMBER,
    "int_from_float": _NO_NUMBER,
    "decimal_parsing": "is no number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "string_too_long": "is longer than {max_length} characters",
    "literal_error": "is not {expected}",
    "dict_type": 'is not JSON such as {{"runcomfy": "https://proxy.example"}}',
}
_PATTERNS: Mapping[str, str] = {  # by the setting
    "PRIVACY_URL": "is no address that begins with https://",
    "TERMS_URL": "is no address that begins with https://",
    "DISCORD_API_URL": "is no http:// or https:// address that ends in /api/v10",
    "DISCORD_GATEWAY_URL": "is no address that begins with wss:// or ws://",
    "PROVIDER_URLS": "has an address that doesn't begin with https:// or http://",
}


def mistaken(name: str, kind: str, facts: Mapping[str, object]) -> str | None:
    """What is wrong with the setting of that name; None for a kind of mistake that isn't known here."""
    if kind == "missing":
        return NOT_SET.get(name, "is not set")
    if kind in {"string_pattern_mismatch", "string_type"}:
        return _PATTERNS.get(name)
    words = _WORDS.get(kind)
    return words and words.format(**facts).replace("'", "")
