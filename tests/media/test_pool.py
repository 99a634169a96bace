"""Work on people's files happens where a bomb, a hang or a crash does no harm."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Any

import anyio
import pytest

from bot.domain.media_facts import MediaFacts
from bot.media.child import Bounds, Interrupted, Task, TooMuchWork, Unreadable
from bot.media.editor import EDIT
from bot.media.pool import MOST_IDLE, WorkerPool
from bot.media.probe import BOUNDS as LOOK
from bot.media.worker import OPEN_FILES

BOUNDS = Bounds(seconds=30.0, cpu_seconds=20, memory_bytes=2 * 2**30, file_bytes=2**20)
SECRET = "not-for-strangers"


def task(name: str, returns: type[Any] = NoneType) -> Task[Any]:
    return Task(__name__, name, returns)


async def test_every_order_has_a_process_of_its_own_and_the_worker_lives_on(pool: WorkerPool) -> None:
    first, second = [await pool.run(task("processes", tuple[int, int]), BOUNDS, reads=[]) for _ in range(2)]
    assert first[0] == second[0] != os.getpid()
    assert first[1] != second[1]


async def test_what_an_order_leaves_in_memory_ends_with_it(pool: WorkerPool) -> None:
    for _ in range(2):
        assert await pool.run(task("count", int), BOUNDS, reads=[]) == 1


async def test_a_child_has_an_empty_environment(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", SECRET)
    found: dict[str, str] = await pool.run(task("environment", dict[str, str]), BOUNDS, reads=[])
    assert set(found) <= {"LC_CTYPE"}  # which Python sets itself
    worker, _ = await pool.run(task("processes", tuple[int, int]), BOUNDS, reads=[])
    assert Path(f"/proc/{worker}/environ").read_bytes() == b""


async def test_a_child_that_crashes_harms_nobody(pool: WorkerPool) -> None:
    with pytest.raises(Interrupted, match="failed"):
        await pool.run(task("crash"), BOUNDS, reads=[])
    assert await pool.run(task("double", int), BOUNDS, 2, reads=[]) == 4


async def test_a_child_that_hangs_is_killed(pool: WorkerPool) -> None:
    with pytest.raises(TooMuchWork, match="too long"):
        await pool.run(task("hang"), replace(BOUNDS, seconds=1.0), reads=[])
    assert await pool.run(task("double", int), BOUNDS, 2, reads=[]) == 4


async def test_a_child_that_computes_for_too_long_is_killed_however_often_it_was_used_before(pool: WorkerPool) -> None:
    with pytest.raises(Interrupted, match="failed"):
        await pool.run(task("spin"), replace(BOUNDS, cpu_seconds=1), 30.0, reads=[])
    for _ in range(3):
        await pool.run(task("spin"), replace(BOUNDS, cpu_seconds=1), 0.6, reads=[])


async def test_a_child_may_not_fill_the_memory(pool: WorkerPool) -> None:
    with pytest.raises(TooMuchWork, match="memory"):
        await pool.run(task("eat", int), BOUNDS, reads=[])


async def test_a_child_may_not_fill_the_disk(pool: WorkerPool, tmp_path: Path) -> None:
    much = tmp_path / "much"
    much.touch()
    with pytest.raises(TooMuchWork, match="too large"):
        await pool.run(task("write_much"), BOUNDS, much, reads=[], writes=much)
    assert much.stat().st_size <= BOUNDS.file_bytes


async def test_a_full_disk_is_not_taken_for_a_bad_file(pool: WorkerPool) -> None:
    with pytest.raises(OSError, match="No space"):
        await pool.run(task("find_the_disk_full"), BOUNDS, reads=[])


async def test_a_defect_of_ours_is_not_taken_for_a_bad_file(pool: WorkerPool) -> None:
    with pytest.raises(RuntimeError, match="TypeError"):
        await pool.run(task("fail"), BOUNDS, reads=[])


async def test_a_reply_is_read_as_data_and_of_the_kind_that_was_asked_for(pool: WorkerPool) -> None:
    with pytest.raises(Unreadable):
        await pool.run(task("lie", int), BOUNDS, reads=[])
    with pytest.raises(Unreadable):
        await pool.run(task("forge", int), BOUNDS, reads=[])
    assert await pool.run(task("double", int), BOUNDS, 2, reads=[]) == 4


@pytest.mark.parametrize("number", ["nan", "inf", "-Infinity"])
async def test_facts_that_are_no_numbers_are_not_taken(number: str, pool: WorkerPool) -> None:
    assert await pool.run(task("facts", MediaFacts), BOUNDS, "1.5", reads=[]) == facts(1.5)
    with pytest.raises(Unreadable):
        await pool.run(task("facts", MediaFacts), BOUNDS, number, reads=[])


async def test_a_process_that_can_not_be_started_is_not_taken_for_a_full_disk(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(Interrupted):
        await pool.run(task("double", int), BOUNDS, 2, reads=[])


async def test_a_reply_without_end_is_cut_off(pool: WorkerPool) -> None:
    with pytest.raises(Unreadable):
        await pool.run(task("talk", str), BOUNDS, reads=[])
    assert await pool.run(task("double", int), BOUNDS, 2, reads=[]) == 4


async def test_a_cancelled_call_leaves_no_process_behind(pool: WorkerPool, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    note.touch()
    async with anyio.create_task_group() as group:
        group.start_soon(partial(pool.run, task("note_and_hang"), BOUNDS, note, writes=note, reads=[]))
        child = os.pidfd_open(await noted(note))
        group.cancel_scope.cancel()
    await anyio.wait_readable(child)
    os.close(child)


async def test_no_worker_stays_when_the_pool_is_closed(pool: WorkerPool) -> None:
    worker, _ = await pool.run(task("processes", tuple[int, int]), BOUNDS, reads=[])
    await pool.close()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


async def test_no_more_workers_stay_than_are_soon_used_again(pool: WorkerPool) -> None:
    workers: set[int] = set()
    async with anyio.create_task_group() as group:

        async def run() -> None:
            worker, _ = await pool.run(task("processes", tuple[int, int]), BOUNDS, reads=[])
            workers.add(worker)

        for _ in range(MOST_IDLE + 2):
            group.start_soon(run)
    assert len(workers) == MOST_IDLE + 2
    assert sum(Path(f"/proc/{worker}").exists() for worker in workers) == MOST_IDLE


async def test_all_work_stands_back_behind_the_bot_wherever_that_stands_and_long_work_behind_the_rest(
    pool: WorkerPool, tmp_path: Path
) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    for nice, found in ((EDIT.nice, min(own + 10, 19)), (LOOK.nice, min(own + 5, 19))):
        note = tmp_path / str(nice)
        note.touch()
        async with anyio.create_task_group() as group:
            group.start_soon(
                partial(pool.run, task("note_and_hang"), replace(BOUNDS, nice=nice), note, writes=note, reads=[])
            )
            assert os.getpriority(os.PRIO_PROCESS, await noted(note)) == found
            group.cancel_scope.cancel()


async def test_the_limits_of_a_child_are_hard_and_it_can_gain_no_privileges(pool: WorkerPool, tmp_path: Path) -> None:
    """As the kernel tells it of the running child."""
    note = tmp_path / "note"
    note.touch()
    async with anyio.create_task_group() as group:
        group.start_soon(partial(pool.run, task("note_and_hang"), BOUNDS, note, writes=note, reads=[]))
        child = Path("/proc", str(await noted(note)))
        limits = {line[:26].strip(): line[26:].split()[:2] for line in (child / "limits").read_text().splitlines()}
        status = (child / "status").read_text()
        group.cancel_scope.cancel()
    assert limits["Max address space"] == [str(BOUNDS.memory_bytes)] * 2
    assert limits["Max file size"] == [str(BOUNDS.file_bytes)] * 2
    assert limits["Max open files"] == [str(OPEN_FILES)] * 2
    assert limits["Max core file size"] == ["0", "0"]
    soft, hard = map(int, limits["Max cpu time"])
    assert soft == hard <= BOUNDS.cpu_seconds + 2
    assert "NoNewPrivs:\t1" in status


async def noted(note: Path) -> int:
    while not note.read_text().endswith("."):
        await anyio.lowlevel.checkpoint()
    return int(note.read_text()[:-1])


WORKER = os.getpid()  # in a child: that of the process that imported this file
calls: list[int] = []


def processes() -> tuple[int, int]:
    return WORKER, os.getpid()


def count() -> int:
    calls.append(1)
    return len(calls)


def environment() -> dict[str, str]:
    return dict(os.environ)


def double(number: int) -> int:
    return 2 * number


def crash() -> None:
    ctypes.string_at(0)


def hang() -> None:
    time.sleep(60.0)


def spin(seconds: float) -> None:
    began = time.process_time()
    while time.process_time() < seconds + began:
        pass


def eat() -> int:
    return len(bytearray(3 * 2**30))


def write_much(file: Path) -> None:
    with file.open("wb", buffering=0) as data:
        while data.write(bytes(2**19)):
            pass


def find_the_disk_full() -> None:
    raise OSError(errno.ENOSPC, "No space")


def fail() -> None:
    raise TypeError("words")


def lie() -> str:
    return "a string"


def facts(seconds: Any) -> MediaFacts:
    return MediaFacts(frozenset({"mp4"}), seconds, 0, 0, has_sound=True)


def forge() -> None:
    """As somebody would who has taken the process over: the parent would run this if it read pickles."""
    os.write(3, b"cos\nsystem\n(S'touch /tmp/forged'\ntR.")
    os._exit(0)


def talk() -> str:
    while True:
        os.write(3, b"x" * 2**16)


def note_and_hang(note: Path) -> None:
    note.write_text(f"{os.getpid()}.")
    time.sleep(60)
