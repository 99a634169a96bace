"""Whoever takes a child over by a file finds nothing there: no other file, no connection, no process to reach."""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.media.child import Bounds, Task
from bot.media.confinement import confine, landlock, seccomp
from bot.media.confinement.kernel import call
from bot.media.pool import WorkerPool, open_pool

BOUNDS = Bounds(seconds=30.0, cpu_seconds=20, memory_bytes=2 * 2**30, file_bytes=2**20)

needs_landlock = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
needs_seccomp = pytest.mark.skipif(not seccomp.is_offered(), reason="this kernel or machine has no seccomp for us")


async def tried(pool: WorkerPool, what: str, own: Path, other: Path, *, writes: Path | None = None) -> str:
    """What became of it in a child that may read the first file: empty if it worked, else the error's name."""
    task = Task(__name__, "attempt", str)
    return await pool.run(task, BOUNDS, what, own, other, reads=[own], writes=writes)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own").write_text("own")
    return tmp_path / "own"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    (tmp_path / "other").write_text("other")
    return tmp_path / "other"


@needs_landlock
@pytest.mark.parametrize(
    "what",
    ["read another", "write another", "write its own", "make a file", "remove a file", "list a folder", "read passwd",
     "read the parent", "read itself", "make a link"],
)  # fmt: skip
async def test_no_file_but_its_own_can_be_touched(what: str, pool: WorkerPool, own: Path, other: Path) -> None:
    assert await tried(pool, what, own, other) != ""
    assert other.read_text() == "other"
    assert own.read_text() == "own"
    assert sorted(file.name for file in own.parent.iterdir()) == ["other", "own"]


async def test_its_own_files_can_be_used(pool: WorkerPool, own: Path, other: Path) -> None:
    assert await tried(pool, "read its own", own, other) == ""
    assert await tried(pool, "write another", own, other, writes=other) == ""
    assert other.read_text() == "changed"


async def test_a_folder_of_its_own_can_be_filled(pool: WorkerPool, own: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    assert await tried(pool, "make a file", own, folder / "x", writes=folder) == ""
    assert [file.name for file in folder.iterdir()] == ["new"]


@needs_landlock
async def test_a_folder_of_its_own_takes_no_link_that_would_be_followed_later(
    pool: WorkerPool, own: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    assert await tried(pool, "make a link", own, folder / "x", writes=folder) != ""


@needs_seccomp
@pytest.mark.parametrize(
    "what",
    ["open a connection", "listen", "open a local socket", "fork", "start a program", "kill the worker",
     "limit the worker", "outlive the worker", "become readable", "use a ring", "change the mode"],
)  # fmt: skip
async def test_nothing_outside_can_be_reached(what: str, pool: WorkerPool, own: Path, other: Path) -> None:
    assert await tried(pool, what, own, other) == errno.errorcode[errno.ENOSYS]


@pytest.mark.parametrize("what", ["raise a limit", "raise the limit of memory"])
async def test_no_limit_can_be_lifted(what: str, pool: WorkerPool, own: Path, other: Path) -> None:
    assert await tried(pool, what, own, other) in {"ENOSYS", "ValueError"}


async def test_threads_are_allowed_and_as_confined(pool: WorkerPool, own: Path, other: Path) -> None:
    assert await tried(pool, "run a thread", own, other) == ""
    assert await tried(pool, "read passwd in a thread", own, other) != "" or not landlock.version()


async def test_nothing_of_the_worker_is_open_in_a_child(pool: WorkerPool, own: Path, other: Path) -> None:
    """Through its pipes come the orders of others."""
    assert await tried(pool, "read orders", own, other) == ""


async def test_a_system_that_offers_nothing_is_told_once_and_works(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(landlock, "version", lambda: 0)
    monkeypatch.setattr(seccomp, "is_offered", lambda: False)
    with caplog.at_level(logging.WARNING):
        async with open_pool():
            pass
    assert [record.message.count("Landlock") for record in caplog.records] == [1]
    confine.confine([], None)  # gives nothing up


def test_a_system_that_offers_all_has_nothing_to_tell() -> None:
    assert bool(confine.missing()) == (not landlock.version() or not seccomp.is_offered())


def test_the_numbers_of_the_calls_are_those_of_the_kernel() -> None:
    """Where its headers are installed."""
    places = (("/usr/include/x86_64-linux-gnu/asm/unistd_64.h", 0), ("/usr/include/asm-generic/unistd.h", 1))
    listed = {
        **seccomp.ALLOWED,
        "clone": seccomp.CLONE,
        "tgkill": seccomp.TGKILL,
        "seccomp": seccomp.SECCOMP,
    }
    for header, place in places:
        if not Path(header).exists():
            continue
        known = {
            name.removeprefix("3264_"): int(number)
            for name, number in re.findall(r"#define __NR_?(\w+) (\d+)", Path(header).read_text())
        }
        known.setdefault("newfstatat", known.get("fstatat", -1))
        for name, numbers in listed.items():
            assert numbers[place] == known.get(name), name


def test_no_child_outlives_a_bot_that_is_killed(tmp_path: Path) -> None:
    """While it works, and while it does nothing."""
    note = tmp_path / "note"
    note.touch()
    bot = subprocess.Popen(
        [sys.executable, "-c", LIFE, str(note)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3], text=True
    )
    assert bot.stdout
    processes = [os.pidfd_open(int(number)) for number in bot.stdout.readline().split()]
    assert len(processes) == 3
    bot.kill()
    bot.wait()
    bot.stdout.close()
    for process in processes:
        assert ended_within(process, 1.0)
        os.close(process)


def ended_within(process: int, seconds: float) -> bool:
    """Whether it has, by the kernel's word."""
    return bool(select.select([process], [], [], seconds)[0])


# A bot with an edit under way and an idle worker: it prints their ids, and that of the worker which does the edit.
LIFE = """
import sys
from functools import partial
from pathlib import Path
import anyio
from bot.media.pool import open_pool
from bot.media.child import Task
from tests.media.test_pool import BOUNDS, noted, task

async def main():
    note = Path(sys.argv[1])
    async with open_pool() as pool, anyio.create_task_group() as group:
        idle = []
        async def look():
            idle.append((await pool.run(task("processes", tuple[int, int]), BOUNDS, reads=[]))[0])
        async with anyio.create_task_group() as looks:
            looks.start_soon(look)
            looks.start_soon(look)
        group.start_soon(partial(pool.run, task("note_and_hang"), BOUNDS, note, reads=[], writes=note))
        print(*idle, await noted(note), flush=True)
        await anyio.sleep_forever()

anyio.run(main)
"""


def attempt(what: str, own: Path, other: Path) -> str:
    """Runs in the child."""
    try:
        ATTEMPTS[what](own, other)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "OSError")
    except (ValueError, AssertionError) as error:
        return type(error).__name__
    return ""


def open_connection(_: Path, __: Path) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()


def listen(_: Path, __: Path) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()


def fork(_: Path, __: Path) -> None:
    if not os.fork():
        os._exit(0)


def start_program(_: Path, __: Path) -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606 - it is to fail


def in_thread(work: Callable[[], object]) -> None:
    faults: list[Exception] = []

    def run() -> None:
        try:
            work()
        except OSError as error:
            faults.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    for fault in faults:
        raise fault


def prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def limit_worker(_: Path, __: Path) -> None:
    resource.prlimit(WORKER, resource.RLIMIT_CPU, (1, 1))


def read_orders(_: Path, __: Path) -> None:
    assert os.read(0, 1) == b""
    for number in range(4, 64):
        try:
            os.fstat(number)
        except OSError:
            continue
        raise AssertionError(number)


WORKER = os.getpid()  # in a child: that of the process that imported this file
ATTEMPTS: dict[str, Callable[[Path, Path], object]] = {
    "read its own": lambda own, _: own.read_text(),
    "read another": lambda _, other: other.read_text(),
    "write another": lambda _, other: other.write_text("changed"),
    "write its own": lambda own, _: own.write_text("changed"),
    "make a file": lambda _, other: other.with_name("new").write_text("new"),
    "make a link": lambda _, other: other.with_name("link").symlink_to("/etc/passwd"),
    "remove a file": lambda _, other: other.unlink(),
    "list a folder": lambda _, other: list(other.parent.iterdir()),
    "read passwd": lambda _, __: Path("/etc/passwd").read_text(),
    "read the parent": lambda _, __: Path(f"/proc/{WORKER}/environ").read_bytes(),
    "read itself": lambda _, __: Path("/proc/self/maps").read_bytes(),
    "open a connection": open_connection,
    "listen": listen,
    "open a local socket": lambda _, __: socket.socketpair(),
    "fork": fork,
    "start a program": start_program,
    "kill the worker": lambda _, __: os.kill(WORKER, signal.SIGTERM),
    "limit the worker": limit_worker,
    "outlive the worker": lambda _, __: prctl(1, 0),
    "become readable": lambda _, __: prctl(4, 1),
    "use a ring": lambda _, __: call(425, 1, None),
    "change the mode": lambda own, _: own.chmod(0o777),
    "raise a limit": lambda _, __: resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096)),
    "raise the limit of memory": lambda _, __: resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40)),
    "run a thread": lambda _, __: in_thread(lambda: None),
    "read passwd in a thread": lambda _, __: in_thread(lambda: Path("/etc/passwd").read_text()),
    "read orders": read_orders,
}
