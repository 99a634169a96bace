"""`python -m tests.several.leased run`: the bot's own process with a short lease, and without a rule if need be.

LEASE is the lease's length in seconds, WITHOUT names the rule, and LOOK is how many seconds pass between two looks at
what is nobody's. With FREEZE, it stops (SIGSTOP) once, at the seam
that is named there: `send` and perhaps a provider, when it is about to send what costs something, which is committed,
and of which not a byte has left; or `write` and a number, when it has decided for that many times what to write of a
job, and hasn't begun to. When it wakes, it learns last of all that its lease is over.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from bot import __main__ as program
from bot.domain.flows import HANDED_OVER
from bot.jobs import claiming, lease
from bot.jobs.decision import Decision, Leave, Wait
from bot.jobs.open_job import OpenJob
from bot.jobs.runner import Runner
from bot.jobs.steps import find, submit
from bot.media.confinement.kernel import end_with
from bot.net import transport
from bot.providers.base import Submission
from storage.engine.database import Row
from storage.engine.postgres.database import PostgresTransaction

REQUEST_SECONDS = 4.0  # in which a request arrives at last
LEARNS_LATE = 1.0  # seconds from waking until it asks for its lease
OWNER_CONDITION = "AND owner IS NOT DISTINCT FROM :held_by"
FROZEN = Path("frozen")  # a file that says so, and with which handle
_send, _write, _renew, _rows = submit.Submit.send, Runner._write, lease.Lease._renew, PostgresTransaction.rows


def freeze(handle: str | None) -> None:
    """Stop the whole process, once."""
    if not FROZEN.exists():
        FROZEN.write_text(handle or "")
        os.kill(os.getpid(), signal.SIGSTOP)


def freeze_before_request(provider: str) -> Any:
    """Stop at the seam between the commit and a request to that provider, or to any."""

    async def freeze_and_send(step: submit.Submit, open_job: OpenJob, call: Submission) -> Any:
        if call.stage not in HANDED_OVER and provider in {"", open_job.job.provider}:
            freeze(open_job.job.handle)
        return await _send(step, open_job, call)

    return freeze_and_send


async def renew_late(own: lease.Lease) -> None:
    """Learn that the lease is over when everything else that waited has gone on."""
    if FROZEN.exists():
        await asyncio.sleep(LEARNS_LATE)
    await _renew(own)


def freeze_before_write(nth: int) -> Any:
    """Stop at the seam between what a step decided and its write, when that comes for the nth time."""
    passed = count(1)

    async def freeze_and_write(runner: Runner, open_job: OpenJob, decision: Decision) -> float | None:
        if not isinstance(decision, Wait | Leave) and next(passed) == nth:
            freeze(open_job.job.handle)
        return await _write(runner, open_job, decision)

    return freeze_and_write


async def rows_without_owner(tx: PostgresTransaction, sql: str, **parameters: object) -> Sequence[Row]:
    """Let a job be written by whoever has read it."""
    return await _rows(tx, sql.replace(OWNER_CONDITION, ""), **parameters)


def take_out(rule: str) -> None:
    """Let the bot go without one of the rules that keep several processes apart."""
    if rule == "fence":
        transport._FencedConnector.connect = aiohttp.TCPConnector.connect  # type: ignore[method-assign]
    elif rule == "window":
        find.Find._may_arrive = lambda *_: False  # type: ignore[method-assign]
    elif rule == "owner":
        PostgresTransaction.rows = rows_without_owner  # type: ignore[assignment, method-assign]
    elif rule:
        raise ValueError(rule)


def main() -> int:
    """Run the bot until it ends."""
    end_with(os.getppid())
    lease.LEASE_SECONDS = float(os.environ["LEASE"])
    vars(find).update(REQUEST_SECONDS=REQUEST_SECONDS, CLOCKS_DIFFER=0.5, LOOKUP_SECONDS=0.2)
    vars(submit).update(LOOKUP_SECONDS=0.2)
    claiming.CLAIM_SECONDS = float(os.environ.get("LOOK", claiming.CLAIM_SECONDS))
    take_out(os.environ.get("WITHOUT", ""))
    seam, _, more = os.environ.get("FREEZE", "").partition(" ")
    if seam:
        lease.Lease._renew = renew_late  # type: ignore[assignment, method-assign]
    if seam == "send":
        submit.Submit.send = freeze_before_request(more)  # type: ignore[method-assign]
    elif seam == "write":
        Runner._write = freeze_before_write(int(more))  # type: ignore[method-assign]
    return program.main()


if __name__ == "__main__":
    sys.exit(main())
