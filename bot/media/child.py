"""One function in one child process with bounds, so that a bomb, a hang or a crash in there is an error and no more."""

from __future__ import annotations

import errno
import gc
import os
import resource
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from math import ceil
from typing import Any, TypeVar, TypeVarTuple, Unpack

import anyio
from anyio import BrokenWorkerProcess, CapacityLimiter, to_process

T = TypeVar("T")
Args = TypeVarTuple("Args")

MOST_BREAKS = 3  # after which work that was interrupted is not begun again
OPEN_FILES = 64
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}  # the disk's fault, not the file's
OF_A_BAD_FILE = (OSError, ValueError, ArithmeticError, LookupError, MemoryError, AssertionError, RuntimeError)


class Unreadable(Exception):
    """The file can't be used. The words go on from “I can't use this file: …”."""


class Interrupted(Unreadable):
    """The work broke off, by the file's fault or the machine's: another try may go well. The words go on likewise."""


class TooMuchWork(Exception):
    """What was asked for takes more time, memory or bytes than is allowed. The words go on as in `Unreadable`."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one piece of work may take. `nice` is how much it stands back behind everything else on the machine."""

    seconds: float  # by the clock on the wall
    cpu_seconds: int  # of all its threads together
    memory_bytes: int  # of address space, a good part of it libraries
    file_bytes: int  # of each file that it writes
    nice: int = 0


async def in_child(bounds: Bounds, limiter: CapacityLimiter, work: Callable[[Unpack[Args]], T], *args: *Args) -> T:
    """What `work` returns, in one of the children that live on between calls. `limiter` says how many at once.

    Raises `Unreadable` and `TooMuchWork` as `work` does, `Interrupted` where it dies, `TooMuchWork` where it goes
    beyond a bound, `OSError` when the disk is full. A cancelled call kills the child.
    """
    async with limiter:  # the wait for a turn is not the file's fault
        try:
            with anyio.fail_after(bounds.seconds):
                found = await to_process.run_sync(
                    _bounded, bounds, work, args, cancellable=True, limiter=CapacityLimiter(1)
                )
        except TimeoutError:
            raise TooMuchWork("it takes too long to read") from None
        except BrokenWorkerProcess:
            raise Interrupted("reading it failed") from None
    if isinstance(found, _Fault):
        raise found.as_error()
    return found


@dataclass(frozen=True, slots=True)
class Task:
    """A function that only the child imports: the libraries for media take 30 MB that the bot itself has no use for."""

    module: str
    name: str

    def __call__(self, *args: Any) -> Any:
        """What the function returns."""
        return getattr(import_module(self.module), self.name)(*args)


@dataclass(frozen=True, slots=True)
class _Fault:
    """An error on its way to the parent; those of libraries can't all travel."""

    words: str
    kind: type[Unreadable] | type[TooMuchWork] | None  # nothing for a full disk
    number: int = 0

    def as_error(self) -> Exception:
        return self.kind(self.words) if self.kind else OSError(self.number, self.words)


def _bounded(bounds: Bounds, work: Callable[[Unpack[Args]], T], args: tuple[*Args]) -> T | _Fault:
    """Runs in the child."""
    from av import FFmpegError  # noqa: PLC0415 - see `Task`

    _set_limits(bounds)
    try:
        if not bounds.nice:
            return work(*args)
        # On Linux niceness belongs to a thread and to those it starts, so the child isn't slow for good.
        with ThreadPoolExecutor(1, initializer=_stand_back, initargs=(bounds.nice,)) as thread:
            return thread.submit(work, *args).result()
    except Unreadable as error:
        return _Fault(str(error), Unreadable)
    except TooMuchWork as error:
        return _Fault(str(error), TooMuchWork)
    except (FFmpegError, *OF_A_BAD_FILE) as error:
        return _fault_of(error)
    finally:
        gc.collect()  # a frame and its side data hold on to each other, and in 8K that is 100 MB


def _fault_of(error: Exception) -> _Fault:
    number = getattr(error, "errno", None)
    if isinstance(error, MemoryError) or number == errno.ENOMEM:
        return _Fault("it takes too much memory to read", TooMuchWork)
    if number == errno.EFBIG:
        return _Fault("what comes of it gets too large", TooMuchWork)
    if number in NO_ROOM:
        return _Fault(os.strerror(number), None, number)
    return _Fault("it is damaged or cut off", Unreadable)


def _set_limits(bounds: Bounds) -> None:
    if sys.platform != "linux":
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = ceil(used.ru_utime + used.ru_stime) + bounds.cpu_seconds
    for limit, value in (
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_AS, bounds.memory_bytes),
        (resource.RLIMIT_FSIZE, bounds.file_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, most = resource.getrlimit(limit)
        resource.setrlimit(limit, (value if most == resource.RLIM_INFINITY else min(value, most), most))


def _stand_back(nice: int) -> None:
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
