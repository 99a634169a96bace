"""Values on their way into statements, which name them `:so`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

_PARAMETER = re.compile(r"'[^']*'|:([a-z_]\w*)")


def storable(parameters: Mapping[str, object]) -> dict[str, object]:
    """Take NUL out of texts: PostgreSQL refuses it there, and what is stored is to be the same everywhere."""
    return {name: value.replace("\0", "") if isinstance(value, str) else value for name, value in parameters.items()}


@lru_cache(maxsize=1000)
def numbered(sql: str) -> tuple[str, Sequence[str]]:
    """The statement with `$1` in the place of its first parameter and so on, and their names in that order."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        name = found[1]
        if name is None:  # what stands in quotes
            return found[0]
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    return _PARAMETER.sub(number, sql), tuple(names)
