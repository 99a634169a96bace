"""The worker processes, as the bot sees them: orders go out, replies come back, and whatever hangs is killed."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from pydantic import TypeAdapter, ValidationError

from bot.media.child import DAMAGED, SIZE_BYTES, Bounds, Interrupted, Order, Task, TooMuchWork, Unreadable
from bot.media.confinement.confine import missing
from bot.media.reply import ChildReply

log = logging.getLogger(__name__)

T = TypeVar("T")

MOST_IDLE = 2  # that are kept for the next order, so that a look costs little
BEGIN = "import sys; parent, *sys.path = sys.argv[1:]; from bot.media.worker import serve; serve(int(parent))"
GONE = (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError)


@asynccontextmanager
async def open_pool() -> AsyncIterator[WorkerPool]:
    """A pool whose workers end with the context."""
    if lacking := missing():
        log.warning("what people attach is decoded without %s: this system does not offer it", " and ".join(lacking))
    pool = WorkerPool()
    try:
        yield pool
    finally:
        await pool.close()


class WorkerPool:
    """Runs orders in processes that have nothing of the bot's: no environment, no connection, no secret in memory."""

    def __init__(self) -> None:
        self._idle: list[Process] = []
        self._all: set[Process] = set()

    async def run(
        self, task: Task[T], bounds: Bounds, *arguments: Any, reads: Sequence[Path], writes: Path | None = None
    ) -> T:
        """What the task returns. It may open what it `reads`, and what it `writes`: a file that is there already, or a
        folder.

        Raises `Unreadable` and `TooMuchWork` as the task does, `Interrupted` where it dies, `TooMuchWork` where it goes
        beyond a bound, `OSError` when the disk is full. A cancelled call kills it.
        """
        order = pickle.dumps(Order(task, arguments, bounds, tuple(reads), writes))
        try:
            with anyio.fail_after(bounds.seconds):
                raw = await self._exchange(order)
            reply = ChildReply.model_validate_json(raw)
            if reply.fault:
                raise reply.fault.as_error()
            return _read(task.returns, reply.value)
        except TimeoutError:
            raise TooMuchWork("it takes too long to read") from None
        except GONE:
            raise Interrupted("reading it failed") from None
        except ValidationError:
            raise Unreadable(DAMAGED) from None

    async def close(self) -> None:
        """End every worker."""
        for worker in [*self._all]:
            await self._end(worker)

    async def _exchange(self, order: bytes) -> bytes:
        worker = await self._take()
        try:
            assert worker.stdin
            assert worker.stdout
            await worker.stdin.send(len(order).to_bytes(SIZE_BYTES) + order)
            replies = BufferedByteReceiveStream(worker.stdout)
            size = int.from_bytes(await replies.receive_exactly(SIZE_BYTES))
            reply = await replies.receive_exactly(size)
        except BaseException:
            await self._end(worker)
            raise
        await self._put_back(worker)
        if not reply:
            raise Interrupted("reading it failed")
        return reply

    async def _take(self) -> Process:
        while self._idle:
            worker = self._idle.pop()
            if worker.returncode is None:
                return worker
            await self._end(worker)
        # Isolated: where modules come from is said, not looked up in an environment, as there is none.
        command = [sys.executable, "-I", "-X", "utf8", "-c", BEGIN, str(os.getpid()), *sys.path]
        try:
            worker = await anyio.open_process(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, env={}
            )
        except OSError as error:
            log.warning("no process can be started to read a file: %s", error)
            raise Interrupted("reading it failed") from None
        self._all.add(worker)
        return worker

    async def _put_back(self, worker: Process) -> None:
        if len(self._idle) < MOST_IDLE:
            self._idle.append(worker)
        else:
            await self._end(worker)

    async def _end(self, worker: Process) -> None:
        self._all.discard(worker)
        with suppress(ProcessLookupError):
            worker.kill()
        with anyio.CancelScope(shield=True):
            await worker.aclose()


def _read(returned: type[T], value: object) -> T:
    """What a task has returned, from the form in which a reply has it; `ValidationError` when it isn't that."""
    found: T = _reader(returned).validate_python(value)  # type: ignore[arg-type] # every type can be hashed
    return found


@cache
def _reader(returned: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(returned)  # takes a millisecond, in which nobody is answered
