"""`python -m tests.app.bare run`: the bot's own process, with nothing installed but what `requirements.lock` names."""

from __future__ import annotations

import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

LOCK = Path(__file__).parent.parent.parent / "requirements.lock"


def locked(lock: Path) -> dict[str, str]:
    """The version of each package that the lock installs somewhere."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", lock.read_text(encoding="utf-8"), re.MULTILINE))


def hide_all_but(kept: set[str]) -> None:
    """Have every module fail to be imported that belongs to other packages than these."""
    for module, packages in packages_distributions().items():
        if module not in sys.modules and not {re.sub(r"[-_.]+", "-", name).lower() for name in packages} & kept:
            sys.modules[module] = None  # type: ignore[assignment]


if __name__ == "__main__":
    hide_all_but(set(locked(LOCK)))
    from bot.__main__ import main

    sys.exit(main())
