"""`python -m tests.crash.doomed`: the bot's own process, which kills itself at the point that DOOM names.

SIGKILL, so that nothing is flushed, closed or said. Its clock runs fast, so that a life is short, and goes on where
that of the life before has ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot import __main__ as program
from bot.app import build
from bot.jobs.open_job import OpenJob
from bot.jobs.steps.submit import Submit
from bot.media.child import Bounds, Task
from bot.media.confinement.kernel import end_with
from bot.media.pool import WorkerPool
from bot.net.client import Http
from bot.net.transport import FRESH
from bot.providers.base import Submission
from storage.engine.database import Transaction
from storage.engine.sqlite_database import SqliteDatabase
from tests.crash.doom import Doom, T
from tests.crash.points import Aim, Point
from tests.crash.processes import of_session
from tests.fast_clock import FastClock

SPEED = 15.0
LOOK_SECONDS = 0.002  # between two looks at what a media child does
KIND, JOB = "X-Campaign-Kind", "X-Campaign-Job"  # what a request tells of itself: `send` or `ask`, and for which job
sending: ContextVar[str] = ContextVar("sending", default="")


class Sudden(Doom):
    """Dies as a process does when the plug is pulled, and writes down before what it was about to do."""

    def __init__(self, aim: Aim, note: Path) -> None:
        super().__init__()
        self._aim = aim
        self._note = note

    async def around(self, kind: str, name: str, effect: Callable[[], Awaitable[T]]) -> T:
        self._reach(kind, "before", name)
        result = await effect()
        self._reach(kind, "after", name)
        return result

    def _reach(self, kind: str, place: str, name: str) -> None:
        if not self._aim.passed(kind, place, name):
            return
        self._note.write_text(name)
        if self._aim.alone:
            os.kill(os.getpid(), signal.SIGKILL)
        os.killpg(0, signal.SIGKILL)

    def take_over(self, patch: pytest.MonkeyPatch) -> None:
        """Besides the points of every `Doom`: those within a commit, and those around and within the work of a media
        child. Requests to providers say of which job they are.
        """
        transact, ask, send, run = SqliteDatabase._transact, Http.send, Submit.send, WorkerPool.run

        async def write(
            database: SqliteDatabase, work: Callable[[Transaction], Awaitable[Any]], guild_id: int | None
        ) -> Any:
            async def written(tx: Transaction) -> Any:
                result = await work(tx)
                self._reach("commit", "within", f"commit of {written.__qualname__.partition('.<locals>')[0]}")
                return result

            written.__qualname__ = work.__qualname__
            return await transact(database, written, guild_id)

        async def marked(http: Http, request: httpx.Request) -> Any:
            request.headers.update({KIND: "send" if request.extensions[FRESH] else "ask", JOB: sending.get()})
            return await ask(http, request)

        async def submit(step: Submit, open_job: OpenJob, call: Submission) -> Any:
            job = open_job.job
            sending.set(f"{job.id}/{job.provider}/{job.position}")
            return await send(step, open_job, call)

        async def work_on(
            pool: WorkerPool,
            task: Task[T],
            bounds: Bounds,
            *arguments: Any,
            reads: Sequence[Path],
            writes: Path | None = None,
        ) -> T:
            def order() -> Awaitable[T]:
                return run(pool, task, bounds, *arguments, reads=reads, writes=writes)

            if writes is None or self._aim.point.kind != "edit":  # where it is None, it is a look
                return await order()
            watching = asyncio.ensure_future(self._watch(task.name, writes))
            try:
                return await self.around("edit", task.name, order)
            finally:
                watching.cancel()

        patch.setattr(SqliteDatabase, "_transact", write)
        patch.setattr(Http, "send", marked)
        patch.setattr(Submit, "send", submit)
        patch.setattr(WorkerPool, "run", work_on)
        super().take_over(patch)

    async def _watch(self, name: str, writes: Path) -> None:
        """Pass a point when a media child works, and when it has begun to write."""
        leader = os.getpid()
        while not any(process.parent not in {leader, os.getppid()} for process in of_session(leader)):
            await asyncio.sleep(LOOK_SECONDS)
        self._reach("edit", "working", name)
        while not any(file.stat().st_size for file in (writes.iterdir() if writes.is_dir() else [writes])):
            await asyncio.sleep(LOOK_SECONDS)
        self._reach("edit", "writing", name)


def main() -> int:
    """Run the bot until it ends, or its end comes."""
    end_with(os.getppid())  # the campaign may be stopped
    doom = json.loads(os.environ["DOOM"])
    patch = pytest.MonkeyPatch()
    aim = Aim(Point(doom["kind"], doom["place"]), doom["nth"], doom["alone"])
    Sudden(aim, Path(doom["note"])).take_over(patch)
    start = doom["began"] + (time.time() - doom["began"]) * SPEED
    patch.setattr(build, "Clock", lambda: FastClock(SPEED, start))
    sys.argv = ["bot", "run"]
    return program.main()


if __name__ == "__main__":
    sys.exit(main())
