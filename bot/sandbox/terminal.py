"""What the demo says of its steps: in place where a person watches, a line each where it is read later."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and afterwards how long it took."""
    began = time.monotonic()
    if sys.stdout.isatty():
        progress(f"  {what} …")
    else:
        print(f"  {what} …")
    try:
        yield
    finally:
        progress("")
    print(f"  {what}: {time.monotonic() - began:.1f} s")


def progress(text: str) -> None:
    """One line that is rewritten in place; nothing where nobody is watching."""
    if sys.stdout.isatty():
        print(f"\r\033[K{text}", end="", flush=True)
