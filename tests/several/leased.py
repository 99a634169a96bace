"""`python -m tests.several.leased run`: the bot's own process, with a lease of LEASE seconds."""

from __future__ import annotations

import os
import sys

from bot import __main__ as program
from bot.jobs import lease
from bot.media.confinement.kernel import end_with

if __name__ == "__main__":
    end_with(os.getppid())
    lease.LEASE_SECONDS = float(os.environ["LEASE"])
    sys.exit(program.main())
