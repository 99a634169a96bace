"""Work on people's files happens where a bomb, a hang or a crash does no harm."""

from __future__ import annotations

import errno
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from anyio import CapacityLimiter

from bot.media.child import Bounds, TooMuchWork, Unreadable, in_child

BOUNDS = Bounds(seconds=30.0, cpu_seconds=20, memory_bytes=2 * 2**30, file_bytes=2**20)


async def test_work_is_done_in_another_process_that_lives_on() -> None:
    limiter = CapacityLimiter(1)
    first, second = [await in_child(BOUNDS, limiter, os.getpid) for _ in range(2)]
    assert os.getpid() != first == second


async def test_a_child_that_crashes_harms_nobody() -> None:
    limiter = CapacityLimiter(1)
    with pytest.raises(Unreadable, match="failed"):
        await in_child(BOUNDS, limiter, crash)
    assert await in_child(BOUNDS, limiter, double, 2) == 4


async def test_a_child_that_hangs_is_killed() -> None:
    limiter = CapacityLimiter(1)
    with pytest.raises(TooMuchWork, match="too long"):
        await in_child(replace(BOUNDS, seconds=0.5), limiter, time.sleep, 60.0)
    assert await in_child(BOUNDS, limiter, double, 2) == 4


async def test_a_child_that_computes_for_too_long_is_killed_however_often_it_was_used_before() -> None:
    limiter = CapacityLimiter(1)
    with pytest.raises(Unreadable, match="failed"):
        await in_child(replace(BOUNDS, cpu_seconds=1), limiter, spin, 30.0)
    for _ in range(3):
        await in_child(replace(BOUNDS, cpu_seconds=1), limiter, spin, 0.6)


async def test_a_child_may_not_fill_the_memory() -> None:
    with pytest.raises(TooMuchWork, match="memory"):
        await in_child(BOUNDS, CapacityLimiter(1), eat)


async def test_a_child_may_not_fill_the_disk(tmp_path: Path) -> None:
    with pytest.raises(TooMuchWork, match="too large"):
        await in_child(BOUNDS, CapacityLimiter(1), write_much, tmp_path / "much")
    assert (tmp_path / "much").stat().st_size <= BOUNDS.file_bytes


async def test_a_full_disk_is_not_taken_for_a_bad_file() -> None:
    with pytest.raises(OSError, match="No space"):
        await in_child(BOUNDS, CapacityLimiter(1), find_the_disk_full)


async def test_a_cancelled_call_leaves_no_process_behind(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    async with anyio.create_task_group() as group:
        group.start_soon(in_child, BOUNDS, CapacityLimiter(1), note_and_hang, note)
        while not (note.exists() and note.read_text()):
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


async def test_long_work_stands_back_and_what_comes_after_it_does_not() -> None:
    limiter = CapacityLimiter(1)
    assert await in_child(replace(BOUNDS, nice=10), limiter, niceness) == 10
    assert await in_child(BOUNDS, limiter, niceness) == niceness()


async def test_the_wait_for_a_turn_does_not_count() -> None:
    limiter, bounds = CapacityLimiter(1), replace(BOUNDS, seconds=1.5)
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(in_child, bounds, limiter, time.sleep, 0.7)


def double(number: int) -> int:
    return 2 * number


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def spin(seconds: float) -> None:
    while time.process_time() < seconds + spin.__dict__.setdefault("before", time.process_time()):
        pass
    del spin.__dict__["before"]


def eat() -> int:
    return len(bytearray(3 * 2**30))


def write_much(file: Path) -> None:
    with file.open("wb", buffering=0) as data:
        while data.write(bytes(2**19)):
            pass


def find_the_disk_full() -> None:
    raise OSError(errno.ENOSPC, "No space")


def note_and_hang(note: Path) -> None:
    note.write_text(str(os.getpid()))
    time.sleep(60)


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)
