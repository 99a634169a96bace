"""The lock by which a file of SQLite's is one process's alone, and whether somebody has it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from storage.engine.database import StorageError

if sys.platform != "win32":
    import fcntl

# Seconds between attempts. Whoever only looks has the lock for some microseconds, in which a bot may come to start.
PAUSES = (0.02, 0.05, 0.1)


@asynccontextmanager
async def own(path: Path) -> AsyncIterator[None]:
    """Have the file for this process alone; `StorageError` when another process has it."""
    with _lock_file(path) as lock:
        for pause in (*PAUSES, None):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if pause is None:
                    raise StorageError(f"another bot is already running on {path}") from None
            await asyncio.sleep(pause)
        yield


def is_owned(path: Path) -> bool:
    """Whether a process has the file for itself; looking makes nothing. `StorageError` when that can't be known."""
    try:
        with _beside(path).open(encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError as error:
        raise StorageError(f"{path} can't be used: {error}") from None
    return False


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")


def _lock_file(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = _beside(path)
        lock.touch(mode=0o600)
        return lock.open("w", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise StorageError(f"{path} can't be used: {error}") from None
