"""An answer's parts, and the answer with one of them changed."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

MISSING = object()


def parts(body: Any) -> Iterator[list[Any]]:
    """The path to every part of it, from the whole one on."""
    yield []
    for key in list(body) if isinstance(body, dict) else range(len(body)) if isinstance(body, list) else ():
        for path in parts(body[key]):
            yield [key, *path]


def replaced(body: Any, path: list[Any], odd: Any) -> Any:
    """The answer with something odd in that place."""
    if not path:
        return {} if odd is MISSING else odd
    changed = deepcopy(body)
    place = changed
    for key in path[:-1]:
        place = place[key]
    if odd is MISSING:
        del place[path[-1]]
    else:
        place[path[-1]] = odd
    return changed
