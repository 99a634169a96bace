"""What a child process is given to do on a stranger's file, within which bounds, and how it says that it failed.

It loads this file, what does the work, and nothing of the bot's besides: each child has to load it anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")

MOST_BREAKS = 3  # after which work that was interrupted is not begun again
LONGEST_WORDS = 300  # of an error on its way out of a child
DAMAGED = "it is damaged or cut off"
SIZE_BYTES = 4  # before every order and every reply


class Unreadable(Exception):
    """The file can't be used. The words go on from “I can't use this file: …”."""


class Interrupted(Unreadable):
    """The work broke off, by the file's fault or the machine's: another try may go well. The words go on likewise."""


class TooMuchWork(Exception):
    """What was asked for takes more time, memory or bytes than is allowed. The words go on as in `Unreadable`."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one piece of work may take. `nice` is how much more than its worker it stands back."""

    seconds: float  # by the clock on the wall
    cpu_seconds: int  # of all its threads together
    memory_bytes: int  # of address space, a good part of it libraries
    file_bytes: int  # of each file that it writes
    nice: int = 0


@dataclass(frozen=True, slots=True)
class Task(Generic[T]):
    """A function that only a child imports, and what it returns: the libraries for media take 30 MB that the bot itself
    has no use for.
    """

    module: str
    name: str
    returns: type[T]

    def load(self) -> Callable[..., T]:
        """The function."""
        found: Callable[..., T] = getattr(import_module(self.module), self.name)
        return found


@dataclass(frozen=True, slots=True)
class Order:
    """A task with all that it needs. It reads these files and no others, and writes one file, or into one folder."""

    task: Task[Any]
    arguments: tuple[Any, ...]
    bounds: Bounds
    reads: tuple[Path, ...]
    writes: Path | None
