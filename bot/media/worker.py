"""The process that does orders. It has the libraries loaded, and forks for each order: what a stranger's file does to
the fork ends with it, and has no more than the two files.
"""

from __future__ import annotations

import errno
import gc
import json
import os
import pickle
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from importlib import import_module
from math import ceil
from typing import Any, NoReturn

from av import FFmpegError

from bot.media.child import DAMAGED, LONGEST_WORDS, SIZE_BYTES, Bounds, Order, TooMuchWork, Unreadable
from bot.media.confinement.confine import confine
from bot.media.confinement.kernel import end_with

if sys.platform != "win32":
    import resource

OPEN_FILES = 64
MOST_BYTES = 2**16  # of a reply
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}  # the disk's fault, not the file's
OF_A_BAD_FILE = (OSError, ValueError, ArithmeticError, LookupError, MemoryError, AssertionError, RuntimeError)
NICE = 5  # how much it stands back behind the bot's own loop
REPLY_TO = 3  # the first descriptor after the standard ones
FIRST_USED = ("av.subtitles.codeccontext", "av.subtitles.stream")  # PyAV imports them when it opens a file


def serve(parent: int) -> None:
    """Do what the parent, given by its id, orders, until it closes the pipe or ends."""
    end_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever stops the bot at a terminal stops the parent
    if sys.platform != "win32":
        os.nice(NICE)
    for module in FIRST_USED:
        import_module(module)
    gc.freeze()  # so that forks share the memory of what is loaded
    while size := sys.stdin.buffer.read(SIZE_BYTES):
        order: Order = pickle.loads(sys.stdin.buffer.read(int.from_bytes(size)))  # noqa: S301 - the bot's own words
        work = order.task.load()
        reply = _in_fork(order, work) if sys.platform == "linux" else _reply(order, work)
        try:
            sys.stdout.buffer.write(len(reply).to_bytes(SIZE_BYTES) + reply)
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # the parent has gone, and nobody waits for the reply
            os._exit(0)


def _in_fork(order: Order, work: Callable[..., Any]) -> bytes:
    """The reply of a process of its own; nothing where it died without one."""
    here, there = os.pipe()
    worker = os.getpid()
    child = os.fork()
    if not child:
        _be_child(order, work, worker, there)
    os.close(there)
    with os.fdopen(here, "rb") as replies:
        reply = replies.read(MOST_BYTES)
    os.kill(child, signal.SIGKILL)  # it has nothing left to say
    os.waitpid(child, 0)
    return reply


def _be_child(order: Order, work: Callable[..., Any], worker: int, there: int) -> NoReturn:
    try:
        end_with(worker)
        _keep_only(there)
        _set_limits(order.bounds)
        confine(order.reads, order.writes)
        os.write(REPLY_TO, _reply(order, work))
    finally:
        os._exit(0)


def _keep_only(there: int) -> None:
    """Of what the worker has open: orders of others come and go through it."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(there, REPLY_TO)
    for standard in range(REPLY_TO):
        os.dup2(nowhere, standard)
    os.closerange(REPLY_TO + 1, OPEN_FILES)  # the worker has a handful


def _reply(order: Order, work: Callable[..., Any]) -> bytes:
    """What `ChildReply` reads."""
    said: dict[str, Any]
    try:
        said = {"value": work(*order.arguments)}
    except Unreadable as error:
        said = _fault("unreadable", str(error))
    except TooMuchWork as error:
        said = _fault("too much", str(error))
    except (FFmpegError, *OF_A_BAD_FILE) as error:
        said = _fault_of(error)
    except Exception as error:  # noqa: BLE001 - the parent raises it again
        said = _fault("defect", repr(error))
    return json.dumps(said, default=_as_json).encode()


def _as_json(value: Any) -> Any:
    """A dataclass or a set as JSON knows it."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else list(value)


def _fault(kind: str, words: str, number: int = 0) -> dict[str, Any]:
    return {"fault": {"kind": kind, "words": words[:LONGEST_WORDS], "number": number}}


def _fault_of(error: Exception) -> dict[str, Any]:
    number = getattr(error, "errno", None)
    if isinstance(error, MemoryError) or number == errno.ENOMEM:
        return _fault("too much", "it takes too much memory to read")
    if number == errno.EFBIG:
        return _fault("too much", "what comes of it gets too large")
    if number in NO_ROOM:
        return _fault("disk", os.strerror(number), number)
    return _fault("unreadable", DAMAGED)


def _set_limits(bounds: Bounds) -> None:
    """Hard ones too, so that nothing in the process can lift them."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    for limit, wanted in (
        (resource.RLIMIT_CPU, ceil(used.ru_utime + used.ru_stime) + bounds.cpu_seconds),
        (resource.RLIMIT_AS, bounds.memory_bytes),
        (resource.RLIMIT_FSIZE, bounds.file_bytes),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, most = resource.getrlimit(limit)
        value = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(limit, (value, value))
    os.nice(bounds.nice)
