"""System calls that Python has no function for, and what a process may ask of the kernel for itself."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38


def call(number: int, *arguments: object) -> int:
    """What the system call returns. Raises `OSError` with its number where the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    given = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    return _checked(libc.syscall(ctypes.c_long(number), *given))


def gain_nothing() -> None:
    """Nothing that this thread starts from now on has more rights than it has; Landlock and filters ask for that."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def end_with(parent: int) -> None:
    """Be killed when the parent, given by its id, ends; also if it has ended already. Does nothing but on Linux.

    To be exact: when the thread ends that started this process.
    """
    if sys.platform != "linux":
        return
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def keep_memory_private() -> None:
    """No other process of this user may read this one's memory and environment, and none is written to disk when it
    crashes. Does nothing but on Linux.
    """
    if sys.platform == "linux":
        _prctl(PR_SET_DUMPABLE, 0)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    zero = ctypes.c_ulong(0)
    _checked(libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
