"""What a child is asked for that says what it has loaded. It loads this file, so nothing else is in it."""

from __future__ import annotations

import sys


def modules() -> list[str]:
    """The names of everything that this process has imported."""
    return sorted(sys.modules)
