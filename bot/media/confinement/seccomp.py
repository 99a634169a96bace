"""seccomp: which system calls a process may make at all. What isn't listed fails as on a kernel that lacks it."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

from bot.media.confinement.kernel import call

# What decoding, encoding and Python need once everything is loaded: nothing that opens a connection, starts a program
# or another process, or reaches one. By name: its number on x86-64 and on ARM64, where some don't exist.
ALLOWED: dict[str, tuple[int, int | None]] = {
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "lseek": (8, 62), "close": (3, 57),
    "pread64": (17, 67), "pwrite64": (18, 68), "sendfile": (40, 71), "ftruncate": (77, 46), "fsync": (74, 82),
    "fallocate": (285, 47), "fstat": (5, 80), "newfstatat": (262, 79), "stat": (4, None), "lstat": (6, None),
    "statx": (332, 291), "getcwd": (79, 17),
    # Which files, Landlock says.
    "open": (2, None), "openat": (257, 56), "unlink": (87, None), "unlinkat": (263, 35),
    "mmap": (9, 222), "munmap": (11, 215), "mprotect": (10, 226), "mremap": (25, 216), "madvise": (28, 233),
    "brk": (12, 214), "futex": (202, 98), "set_robust_list": (273, 99), "rseq": (334, 293),
    "membarrier": (324, 283), "getcpu": (309, 168), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121), "sched_getscheduler": (145, 120), "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126), "gettid": (186, 178), "getpid": (39, 172), "exit": (60, 93),
    "exit_group": (231, 94), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132), "restart_syscall": (219, 128), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "clock_nanosleep": (230, 115), "nanosleep": (35, 101), "gettimeofday": (96, 169),
    "time": (201, None), "times": (100, 153), "getrusage": (98, 165), "getrandom": (318, 278),
    "sysinfo": (99, 179), "uname": (63, 160),
}  # fmt: skip
# These only with a first argument that harms nobody else: to start a thread of this process, to signal to one.
CLONE, TGKILL = (56, 220), (234, 131)
CLONE_THREAD = 0x10000

SECCOMP, SET_MODE_FILTER, GET_ACTION_AVAIL = (317, 277), 1, 2
SPEC_ALLOW = 1 << 2  # some processors would slow every thread down for the sake of secrets that aren't here
RET_KILL, RET_ERRNO, RET_ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # its place in the pairs above, its AUDIT_ARCH

LOAD, EQUALS, HAS_BITS, RETURN = 0x20, 0x15, 0x45, 0x06  # of classic BPF
NUMBER_AT, MACHINE_AT, ARGUMENT_AT = 0, 4, 16  # in what the filter is shown; the low half of the first argument


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def is_offered() -> bool:
    """Whether the kernel takes filters, and the machine is one whose calls are listed here."""
    if sys.platform != "linux" or platform.machine() not in MACHINES:
        return False
    try:
        call(SECCOMP[_place()], GET_ACTION_AVAIL, 0, struct.pack("=I", RET_ERRNO))
    except OSError:
        return False
    return True


def allow_only_listed() -> None:
    """From now on this thread, and those it starts, make no other calls; without a way back.

    Raises `OSError` where the kernel refuses.
    """
    code = b"".join(_program())
    call(SECCOMP[_place()], SET_MODE_FILTER, SPEC_ALLOW, ctypes.byref(_Program(len(code) // 8, code)))


def _place() -> int:
    return MACHINES[platform.machine()][0]


def _program() -> list[bytes]:
    place, machine = MACHINES[platform.machine()]
    numbers = [pair[place] for pair in ALLOWED.values()]
    return [
        _step(LOAD, MACHINE_AT),
        _step(EQUALS, machine, if_true=1),
        _step(RETURN, RET_KILL),  # the calls of another machine have other numbers
        _step(LOAD, NUMBER_AT),
        *(step for number in numbers if number is not None for step in _allowed(number)),
        *_allowed_with(CLONE[place], HAS_BITS, CLONE_THREAD),
        *_allowed_with(TGKILL[place], EQUALS, os.getpid()),
        _step(RETURN, RET_ERRNO | errno.ENOSYS),
    ]


def _allowed(number: int) -> list[bytes]:
    return [_step(EQUALS, number, if_false=1), _step(RETURN, RET_ALLOW)]


def _allowed_with(number: int, test: int, value: int) -> list[bytes]:
    return [
        _step(EQUALS, number, if_false=4),
        _step(LOAD, ARGUMENT_AT),
        _step(test, value, if_false=1),
        _step(RETURN, RET_ALLOW),
        _step(RETURN, RET_ERRNO | errno.ENOSYS),
    ]


def _step(code: int, value: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
