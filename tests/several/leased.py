"""`python -m tests.several.leased run`: the bot's own process with a short lease, and without a rule if need be.

LEASE is the lease's length in seconds, and WITHOUT names the rule. With FREEZE, it stops (SIGSTOP) when it is first
about to send what costs something: that is committed, and not a byte has left.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp

from bot import __main__ as program
from bot.domain.flows import HANDED_OVER
from bot.jobs import lease
from bot.jobs.open_job import OpenJob
from bot.jobs.steps import find, submit
from bot.media.confinement.kernel import end_with
from bot.net import transport
from bot.providers.base import Submission

REQUEST_SECONDS = 4.0  # in which a request arrives at last
FROZEN = Path("frozen")  # a file that says so
_send = submit.Submit.send


async def freeze_and_send(step: submit.Submit, open_job: OpenJob, call: Submission) -> Any:
    """Stop the whole process at the seam between the commit and the request, once."""
    if call.stage not in HANDED_OVER and not FROZEN.exists():
        FROZEN.touch()
        os.kill(os.getpid(), signal.SIGSTOP)
    return await _send(step, open_job, call)


def take_out(rule: str) -> None:
    """Let the bot go without one of the rules that keep several processes apart."""
    if rule == "fence":
        transport._FencedConnector.connect = aiohttp.TCPConnector.connect  # type: ignore[method-assign]
    elif rule == "window":
        find.Find._may_arrive = lambda *_: False  # type: ignore[method-assign]
    elif rule:
        raise ValueError(rule)


def main() -> int:
    """Run the bot until it ends."""
    end_with(os.getppid())
    lease.LEASE_SECONDS = float(os.environ["LEASE"])
    vars(find).update(REQUEST_SECONDS=REQUEST_SECONDS, CLOCKS_DIFFER=0.5, LOOKUP_SECONDS=0.2)
    vars(submit).update(LOOKUP_SECONDS=0.2)
    take_out(os.environ.get("WITHOUT", ""))
    if os.environ.get("FREEZE"):
        submit.Submit.send = freeze_and_send  # type: ignore[assignment, method-assign]
    return program.main()


if __name__ == "__main__":
    sys.exit(main())
