"""`python -m tests.crash.doomed`: the bot's own process, which kills itself at the DOOM_AT-th point it passes.

SIGKILL, so that nothing is flushed, closed or said. Its clock runs fast, so that a life is short.
"""

from __future__ import annotations

import os
import signal
import sys

import pytest

from bot import __main__ as program
from bot.app import build
from tests.crash.doom import Doom
from tests.world import FastClock

SPEED = 15.0


class Sudden(Doom):
    """Dies as a process does when the plug is pulled."""

    def reach(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    """Run the bot until it ends, or its end comes."""
    patch = pytest.MonkeyPatch()
    Sudden(int(os.environ["DOOM_AT"]) or None).take_over(patch)
    patch.setattr(build, "Clock", lambda: FastClock(SPEED))
    sys.argv = ["bot", "run"]
    return program.main()


if __name__ == "__main__":
    sys.exit(main())
