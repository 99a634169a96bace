"""What a look at one part of an installation has found, as the operator reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How a part is; the worst of all is the exit code of `doctor`."""

    OK = 0
    WARNING = 1  # it works, and something about it should be known or changed
    ILL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """How the part `name` is, in a sentence; `advice` is what mends it, nothing where all is well."""

    name: str
    level: Level
    what: str
    advice: str = ""


def ok(name: str, what: str) -> Finding:
    """All is well."""
    return Finding(name, Level.OK, what)


def warning(name: str, what: str, advice: str) -> Finding:
    """It works, but."""
    return Finding(name, Level.WARNING, what, advice)


def ill(name: str, what: str, advice: str) -> Finding:
    """It doesn't work."""
    return Finding(name, Level.ILL, what, advice)
